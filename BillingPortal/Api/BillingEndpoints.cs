using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Purchases;
using BillingPortal.Store;
using BillingPortal.Subscriptions;

namespace BillingPortal.Api;

/// <summary>Wallet and usage. Source: contract, "002 · Wallet, metering, plans, invoices".</summary>
internal static class BillingEndpoints
{
    public static IEndpointRouteBuilder MapBilling(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/billing").WithTags("Billing").RequireCaller();
        group.MapGet("/wallet", GetWalletAsync).WithSummary("What the wallet of credits holds").Produces<Envelope<WalletAnswer>>();
        group.MapGet("/usage", GetUsageAsync).WithSummary("Usage by day and channel").Produces<Envelope<IReadOnlyList<UsageRow>>>();
        group.MapGet("/usage/items", GetItemsAsync).WithSummary("Recorded events, newest first").Produces<ItemPage>();
        group.MapGet("/usage/items.csv", GetItemsCsvAsync).WithSummary("Recorded events as CSV").Produces<string>(contentType: "text/csv");
        return routes;
    }

    private static async Task<Envelope<WalletAnswer>> GetWalletAsync(HttpContext http, CurrentWallets wallets, AutoReloads reloads, TimeProvider clock, CancellationToken cancellationToken)
    {
        var reload = await reloads.GetAsync(http.Caller(), cancellationToken);
        var wallet = await wallets.GetWalletAsync(http.Caller(), CreditTypes.Credits, cancellationToken);
        var now = clock.Now();
        var (balance, held) = (wallet.BalanceAt(now), wallet.HeldAt(now));
        return new(new WalletAnswer(
            CreditValue.DollarsOf(balance),
            reload.IsEnabled,
            reload.Rule?.Threshold.ToDecimal(),
            reload.Rule?.Amount.ToDecimal(),
            balance,
            held,
            balance - held,
            [
                .. wallet.Buckets.Where(bucket => !bucket.Remaining.IsZero).Select(bucket => new BucketAnswer(
                    bucket.Id, bucket.Kind.Text(), bucket.Source, bucket.Amount, bucket.Remaining, bucket.EffectiveAt, bucket.ExpiresAt, bucket.Giftable)),
            ]));
    }

    private static async Task<Envelope<IReadOnlyList<UsageRow>>> GetUsageAsync(
        HttpContext http, UsageReports reports, TimeProvider clock, CancellationToken cancellationToken)
    {
        var last = http.QueryDay("to") ?? DateOnly.FromDateTime(clock.Now().UtcDateTime);
        var first = http.QueryDay("from") ?? last.AddDays(Math.Max(-29, DateOnly.MinValue.DayNumber - last.DayNumber));
        var range = new DayRange(first, last);
        if (range.Days is < 1 or > DayRange.MaximumDays)
        {
            throw ApiException.Invalid("from", $"from must not lie after to, nor more than {DayRange.MaximumDays} days before it.");
        }

        var rows = await reports.GetDaysAsync(http.Caller(), range, null, cancellationToken);
        return new(
        [
            .. rows.GroupBy(row => (row.Day, row.Channel, row.CreditType)).Select(group => (group.Key, Sums: group.Aggregate(default(UsageSums), (sum, row) => sum + row.Sums)))
                .Select(row => new UsageRow(
                    row.Key.Day, row.Key.Channel, row.Sums.Quantity.ToDecimal(), row.Sums.Credits, row.Sums.Items, row.Sums.Included.ToDecimal(), row.Key.CreditType)),
        ]);
    }

    private static async Task<ItemPage> GetItemsAsync(HttpContext http, UsageItems items, CancellationToken cancellationToken)
    {
        var page = await items.ListAsync(
            http.Caller(), ItemQuery(http) with { Cursor = Cursor(http), Limit = http.QueryInt("limit", 50, 1, UsageItems.LargestPage) }, cancellationToken);
        return new ItemPage([.. page.Items.Select(ItemAnswer.Of)], page.NextCursor);
    }

    private static async Task<IResult> GetItemsCsvAsync(HttpContext http, UsageItems items, CancellationToken cancellationToken)
    {
        var (caller, query) = (http.Caller(), ItemQuery(http));

        // Asked before the first byte is sent, so that a refusal is answered as one.
        await items.ListAsync(caller, query with { Limit = 1 }, cancellationToken);
        return Csv.Download("usage-items.csv", CsvHeader, items.StreamAsync(caller, query, cancellationToken), CsvRow, cancellationToken);
    }

    private static readonly string[] CsvHeader =
    [
        "time", "id", "event_id", "operation", "channel", "quantity", "included", "credits", "credit_type", "rate", "outcome", "description",
        "key_id", "agent_id", "repo_id", "unit_id", "host", "model", "transaction_id", "balance_after", "recorded_at",
    ];

    private static object?[] CsvRow(UsageItemView item) =>
    [
        item.OccurredAt, item.Id, item.EventId, item.Operation, item.Channel, item.Quantity.ToDecimal(), item.Included.ToDecimal(), item.Credits.ToDecimal(),
        item.CreditType, item.Rate.ToDecimal(), item.Outcome.Text(), item.Description, item.KeyId, item.Properties.AgentId, item.Properties.RepoId,
        item.Properties.UnitId, item.Properties.Host, item.Properties.Model ?? item.Properties.LlmModel, item.TransactionId, item.BalanceAfter.ToDecimal(), item.RecordedAt,
    ];

    private static UsageItemQuery ItemQuery(HttpContext http)
    {
        var channel = http.QueryText("channel");
        if (channel is not null && !Channels.All.Contains(channel))
        {
            throw ApiException.Invalid("channel", $"channel must be one of {string.Join(", ", Channels.All)}.");
        }

        return new UsageItemQuery(http.QueryInstant("from"), http.QueryEnd("to"), channel, http.QueryText("operation"), http.QueryText("keyId"));
    }

    private static string? Cursor(HttpContext http) => http.QueryText("cursor") is not { } cursor
        ? null
        : cursor.StartsWith("itm_", StringComparison.Ordinal) ? cursor : throw ApiException.Invalid("cursor", "cursor must be the nextCursor of an earlier answer.");

    internal sealed record WalletAnswer(
        decimal BalanceUsd,
        bool AutoReloadEnabled,
        decimal? AutoReloadThresholdUsd,
        decimal? AutoReloadAmountUsd,
        Credits BalanceCredits,
        Credits HeldCredits,
        Credits AvailableCredits,
        IReadOnlyList<BucketAnswer> Buckets);

    internal sealed record BucketAnswer(
        string Id, string Kind, string Source, Credits Amount, Credits Remaining, DateTimeOffset EffectiveAt, DateTimeOffset? ExpiresAt, bool Giftable);

    internal sealed record UsageRow(DateOnly Date, string Channel, decimal Quantity, Credits Credits, long Items, decimal Included, string CreditType);

    internal sealed record ItemPage(IReadOnlyList<ItemAnswer> Data, string? NextCursor)
    {
        public bool Success { get; } = true;
    }

    internal sealed record ItemAnswer(
        DateTimeOffset Time,
        string Type,
        string Channel,
        decimal Quantity,
        Credits Credits,
        string Description,
        string? AgentId,
        string Id,
        string EventId,
        decimal Included,
        string CreditType,
        Credits Rate,
        string Outcome,
        string? KeyId,
        string? RepoId,
        string? UnitId,
        string? Host,
        string? Model,
        string? TransactionId,
        Credits BalanceAfter,
        DateTimeOffset RecordedAt)
    {
        public static ItemAnswer Of(UsageItemView item) => new(
            item.OccurredAt, item.Operation, item.Channel, item.Quantity.ToDecimal(), item.Credits, item.Description, item.Properties.AgentId, item.Id,
            item.EventId, item.Included.ToDecimal(), item.CreditType, item.Rate, item.Outcome.Text(), item.KeyId, item.Properties.RepoId, item.Properties.UnitId,
            item.Properties.Host, item.Properties.Model ?? item.Properties.LlmModel, item.TransactionId, item.BalanceAfter, item.RecordedAt);
    }
}
