using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using SQLitePCL;

namespace BillingPortal.Store;

/// <summary>Points Microsoft.Data.Sqlite at the operating system's SQLite library. Why: docs/decisions/0012.</summary>
internal static class SqliteNative
{
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "Must be in place before the first type of Microsoft.Data.Sqlite is loaded, wherever that is.")]
    internal static void Register()
    {
        // The binder refuses an assembly older than the one named; every member but LoadExtension is there, so it may be.
        AssemblyLoadContext.Default.Resolving += static (context, name) =>
            name.Name is "SQLitePCLRaw.core"
                ? context.LoadFromAssemblyPath(Path.Combine(AppContext.BaseDirectory, "SQLitePCLRaw.core.dll"))
                : null;
        Connect();
    }

    [MethodImpl(MethodImplOptions.NoInlining)] // compiled only after the handler above is in place
    private static void Connect()
    {
        NativeLibrary.SetDllImportResolver(
            typeof(SQLite3Provider_e_sqlite3).Assembly,
            static (name, _, _) => name is "e_sqlite3" ? NativeLibrary.Load(SystemLibrary) : 0);
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
    }

    private static string SystemLibrary =>
        OperatingSystem.IsWindows() ? "winsqlite3" : OperatingSystem.IsMacOS() ? "libsqlite3.dylib" : "libsqlite3.so.0";
}
