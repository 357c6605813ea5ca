namespace BillingPortal.Accounts;

/// <summary>Where a browser may be sent after it has signed in: an address of the portal itself, and nothing that a browser could read as another's.</summary>
public static class LocalUrl
{
    /// <summary><paramref name="url"/> if it is a path of this origin, else the home page.</summary>
    public static string OrHome(string? url) => IsLocal(url) ? url! : "/";

    // Browsers read a backslash as a slash and drop tabs and line ends, so "/\evil" and "/\t/evil" are "//evil", another host.
    private static bool IsLocal(string? url) =>
        url is ['/', ..] and not ['/', '/', ..] && !url.Any(character => character == '\\' || char.IsControl(character));
}
