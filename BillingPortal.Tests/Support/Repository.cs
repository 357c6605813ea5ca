using System.Reflection;

namespace BillingPortal.Tests.Support;

/// <summary>Where the sources lie that this test program was built from.</summary>
internal static class Repository
{
    public static string Root { get; } =
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key is "RepositoryRoot").Value!;

    public static string Path(string relative) => System.IO.Path.GetFullPath(relative, Root);
}
