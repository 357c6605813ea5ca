using System.Diagnostics;
using BillingPortal.Catalog;
using BillingPortal.Gifting;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;

namespace BillingPortal.Api;

/// <summary>Flows. Source: contract, "001 · Flows".</summary>
internal static class FlowEndpoints
{
    public static IEndpointRouteBuilder MapFlows(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/flows").WithTags("Flows").RequireCaller();
        group.MapGet("/balance", GetBalanceAsync).WithSummary("Today's flows and bonus flows").Produces<FlowBalance>();
        group.MapGet("/transactions", ListAsync).WithSummary("Bonus flows that came and went, newest first").Produces<FlowTransactions>();
        group.MapPost("/gift", GiftAsync).WithSummary("Gives bonus flows to another person").Accepts<GiftRequest>("application/json").Produces<GiftAnswer>();
        group.MapPost("/admin/grant", GrantAsync).WithSummary("Grants bonus flows to a person").Accepts<GrantRequest>("application/json").Produces<GrantAnswer>();
        return routes;
    }

    private static async Task<FlowBalance> GetBalanceAsync(
        HttpContext http, CurrentWallets wallets, PlanStandings standings, TimeProvider clock, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        var wallet = await wallets.GetWalletAsync(caller, CreditTypes.Flows, cancellationToken);
        var standing = await standings.GetAsync(caller.OrganizationId, cancellationToken);
        var now = clock.Now();
        var daily = Credits.Sum(wallet.Buckets.Where(bucket => bucket.Kind is BucketKind.Daily && bucket.IsLiveAt(now)).Select(bucket => bucket.Remaining));

        // A plan that changed during the day leaves that day's allowance as it was granted.
        var limit = Credits.Max(Credits.FromWhole(standing.Plan.DailyFlows), daily);
        return new FlowBalance(
            new DailyFlows(limit - daily, limit, daily), new FlowsAvailable(BonusFlows.AvailableIn(wallet, now)), new FlowsAvailable(wallet.AvailableAt(now)));
    }

    private static async Task<FlowTransactions> ListAsync(HttpContext http, BonusHistory history, CancellationToken cancellationToken)
    {
        var entries = await history.ListAsync(http.Caller(), CreditTypes.Flows, http.QueryInt("limit", 50, 1, 100), cancellationToken);
        return new FlowTransactions([.. entries.Select(FlowTransaction.Of)], entries.Count);
    }

    private static async Task<IResult> GiftAsync(HttpContext http, Gifts gifts, TimeProvider clock, CancellationToken cancellationToken)
    {
        var request = await http.ReadBodyAsync<GiftRequest>(cancellationToken);
        var receipt = http.Receipt<GiftResult.Given>(given => new GiftAnswer(
            given.Gift.AmountMicros, given.BonusLeft, given.Gift.RecipientEmail, given.Gift.TransactionId!));
        var result = await gifts.SendAsync(http.Caller(), new GiftWish(request.RecipientEmail, request.Amount, request.Note), receipt, cancellationToken);
        return result switch
        {
            GiftResult.Given given => receipt.Answer(given),
            GiftResult.Insufficient => throw Refused("INSUFFICIENT_FLOWS", "Insufficient bonus flows"),
            GiftResult.ToSelf => throw Refused("GIFT_TO_SELF", "Cannot gift flows to yourself", "recipientEmail"),
            GiftResult.AmountOutOfRange { IsTooLarge: true } range => throw Refused("GIFT_TOO_LARGE", $"Maximum gift amount is {range.Maximum} flows", "amount"),
            GiftResult.AmountOutOfRange range => throw Refused("GIFT_TOO_SMALL", $"Minimum gift amount is {range.Minimum} flow{(range.Minimum == Credits.FromWhole(1) ? "" : "s")}", "amount"),
            GiftResult.RecipientNotFound => throw Refused("RECIPIENT_NOT_FOUND", "Recipient not found", "recipientEmail"),
            GiftResult.CannotReceive => throw Refused("RECIPIENT_CANNOT_RECEIVE", "Recipient cannot receive this gift", "recipientEmail"),
            GiftResult.Invalid invalid => throw ApiException.Invalid(invalid.Field, invalid.Message),
            GiftResult.DailyLimit limit => throw ApiException.TooMany($"An organization may give {limit.Limit} gifts in 24 hours.", limit.NextAt - clock.GetUtcNow()),
            GiftResult.TooManyUnknown unknown => throw ApiException.TooMany("Too many gifts went to addresses that nobody has.", unknown.NextAt - clock.GetUtcNow()),
            _ => throw new UnreachableException(),
        };
    }

    private static async Task<IResult> GrantAsync(HttpContext http, BonusGrants grants, CancellationToken cancellationToken)
    {
        // Who may not grant learns nothing of what a grant would need.
        var caller = http.Caller();
        caller.DemandPlatformAdministrator();
        var request = await http.ReadBodyAsync<GrantRequest>(cancellationToken);
        var expiresAt = request.ExpiresAt is null
            ? (DateTimeOffset?)null
            : RequestQuery.TryParseInstant(request.ExpiresAt, out var instant) ? instant : throw ApiException.Invalid("expiresAt", "expiresAt must be a time in ISO 8601.");
        var wish = new GrantWish(request.UserEmail, request.Amount, request.Source ?? "admin", request.Note, expiresAt);
        var receipt = http.Receipt<GrantResult.Granted>(granted => new GrantAnswer(granted.Amount, granted.Bonus, request.UserEmail, granted.TransactionId));
        return await grants.GrantAsync(caller, wish, receipt, cancellationToken) switch
        {
            GrantResult.Granted granted => receipt.Answer(granted),
            GrantResult.UserNotFound => throw ApiException.NotFound("User not found"),
            GrantResult.Invalid invalid => throw ApiException.Invalid(invalid.Field, invalid.Message),
            _ => throw new UnreachableException(),
        };
    }

    private static ApiException Refused(string code, string message, string? field = null) => new(StatusCodes.Status400BadRequest, code, message, field);

    internal sealed record FlowBalance(DailyFlows Daily, FlowsAvailable Bonus, FlowsAvailable Total);

    internal sealed record DailyFlows(Credits Used, Credits Limit, Credits Remaining);

    internal sealed record FlowsAvailable(Credits Available);

    internal sealed record FlowTransactions(IReadOnlyList<FlowTransaction> Transactions, int Count);

    internal sealed record FlowTransaction(string Id, string Type, Credits Amount, Credits BalanceAfter, string Source, string? Note, long CreatedAt)
    {
        public static FlowTransaction Of(BonusEntry entry) => new(
            entry.Transaction.Id,
            TypeOf(entry.Transaction.Type),
            entry.Amount,
            entry.BalanceAfter,
            entry.Transaction.Source,
            entry.Transaction.Note,
            entry.Transaction.RecordedAt.ToUnixTimeMilliseconds());

        // The first four are the contract's; the others are the ledger's own words for what its sources do not know.
        private static string TypeOf(TransactionType type) => type switch
        {
            TransactionType.GiftSent => "gift_sent",
            TransactionType.GiftReceived => "gift_received",
            TransactionType.Grant or TransactionType.Purchase => "earned",
            TransactionType.Charge => "consumed",
            _ => type.Text(),
        };
    }

    internal sealed record GiftRequest(string RecipientEmail, long Amount, string? Note = null);

    internal sealed record GiftAnswer(Credits Transferred, Credits YourBalance, string RecipientEmail, string TransactionId)
    {
        public bool Success { get; } = true;
    }

    internal sealed record GrantRequest(string UserEmail, long Amount, string? Source = null, string? Note = null, string? ExpiresAt = null);

    internal sealed record GrantAnswer(Credits Granted, Credits NewBalance, string UserEmail, string TransactionId)
    {
        public bool Success { get; } = true;
    }
}
