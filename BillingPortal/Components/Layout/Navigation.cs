using System.Collections.Immutable;

namespace BillingPortal.Components.Layout;

/// <summary>A page in the navigation.</summary>
internal sealed record NavigationItem(string Href, string Text, string Icon);

/// <summary>Pages that belong together.</summary>
internal sealed record NavigationGroup(string Title, ImmutableArray<NavigationItem> Items);

/// <summary>Where one can go from every page.</summary>
internal static class Navigation
{
    public static ImmutableArray<NavigationGroup> Groups { get; } =
    [
        new("Credits",
        [
            new("wallet", "Wallet", "wallet"),
            new("usage", "Usage", "usage"),
            new("buy", "Buy credits", "buy"),
            new("auto-reload", "Auto-reload", "bolt"),
            new("gifts", "Gifts", "gift"),
        ]),
        new("Billing",
        [
            new("plan", "Plan and seats", "refresh"),
            new("payment-methods", "Payment methods", "lock"),
            new("invoices", "Invoices", "receipt"),
            new("transactions", "Transactions", "list"),
        ]),
        new("Organization", [new("members", "Members and seats", "user"), new("settings", "Settings", "settings")]),
        new("Developers", [new("keys", "API keys", "key"), new("webhook-endpoints", "Webhooks", "code")]),
    ];
}
