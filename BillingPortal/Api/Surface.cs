namespace BillingPortal.Api;

/// <summary>The HTTP surfaces, each with its own shape of answers. Source: contract.</summary>
public enum Surface
{
    /// <summary>The portal's own and credit packs: <c>/api/v1</c>, <c>/api/auth</c>.</summary>
    Portal,

    /// <summary>Wallet, metering, plans, invoices: <c>/api/v1/billing</c>.</summary>
    Billing,

    /// <summary>Flows: <c>/api/flows</c>, <c>/api/posts</c>, <c>/v1/webhooks</c>.</summary>
    Flows,

    /// <summary>Organization credits: <c>/credits</c>.</summary>
    Credits,

    /// <summary>API credits and keys: <c>/v1</c>.</summary>
    ApiCredits,
}

internal static class Surfaces
{
    // The more exact path first.
    private static readonly (PathString Path, Surface Surface)[] Paths =
    [
        ("/api/v1/billing", Surface.Billing),
        ("/api/flows", Surface.Flows),
        ("/api/posts", Surface.Flows),
        ("/api", Surface.Portal),
        ("/v1/webhooks", Surface.Flows),
        ("/v1", Surface.ApiCredits),
        ("/credits", Surface.Credits),
    ];

    /// <summary>The surface a path belongs to; null for pages and everything else.</summary>
    public static Surface? Of(PathString path)
    {
        foreach (var (start, surface) in Paths)
        {
            if (path.StartsWithSegments(start, StringComparison.OrdinalIgnoreCase))
            {
                return surface;
            }
        }

        return null;
    }
}
