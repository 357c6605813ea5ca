using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;

namespace BillingPortal.Tests.Support;

/// <summary>Lets bUnit, which names AngleSharp.Diffing 1.x, bind to 0.17.0: it has every member called, but the binder refuses an older file.</summary>
internal static class BunitBinding
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "Must be in place before the first bUnit type is loaded.")]
    internal static void Register() => AssemblyLoadContext.Default.Resolving += static (context, name) =>
        name.Name is "AngleSharp.Diffing"
            ? context.LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, "AngleSharp.Diffing.dll"))
            : null;
}
