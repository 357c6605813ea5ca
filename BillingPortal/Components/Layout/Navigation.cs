using System.Collections.Immutable;

namespace BillingPortal.Components.Layout;

/// <summary>A page in the navigation.</summary>
public sealed record NavigationItem(string Href, string Text, string Icon);

/// <summary>Pages that belong together.</summary>
public sealed record NavigationGroup(string Title, ImmutableArray<NavigationItem> Items);

/// <summary>Where one can go from every page.</summary>
internal static class Navigation
{
    public static ImmutableArray<NavigationGroup> Groups { get; } =
    [
        new("Credits",
        [
            new("wallet", "Wallet", "wallet"),
            new("usage", "Usage", "usage"),
            new("estimate", "Estimator", "sum"),
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
        new("Organization", [new("members", "Members and seats", "user"), new("audit", "Audit log", "history"), new("settings", "Settings", "settings")]),
        new("Developers", [new("keys", "API keys", "key"), new("webhook-endpoints", "Webhooks", "code")]),
    ];

    /// <summary>What platform administrators have beside them.</summary>
    public static NavigationGroup Admin { get; } = new("Admin",
    [
        new("admin/customers", "Customers", "building"),
        new("admin/grants", "Grants from a file", "table"),
        new("admin/ledger", "Ledger", "check"),
        new("admin/payments", "Payments", "receipt"),
        new("admin/reconciliation", "Reconciliation", "check"),
        new("admin/audit", "Audit log of all", "history"),
    ]);
}
