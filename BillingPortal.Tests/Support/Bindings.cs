using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace BillingPortal.Tests.Support;

/// <summary>What must be in place before the first test touches a library.</summary>
internal static class Bindings
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "Nothing else runs early enough.")]
    internal static void Register()
    {
        // bUnit names AngleSharp.Diffing 1.x; 0.17.0 has every member it calls, but the binder refuses an older file on its own.
        AssemblyLoadContext.Default.Resolving += static (context, name) =>
            name.Name is "AngleSharp.Diffing"
                ? context.LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, "AngleSharp.Diffing.dll"))
                : null;

        // The portal's own binding of SQLite, for tests that open a database before they touch the portal.
        RuntimeHelpers.RunModuleConstructor(typeof(Program).Module.ModuleHandle);
    }
}
