using System.Diagnostics;
using System.Globalization;
using BillingPortal.Ledger;
using BillingPortal.Purchases;
using BillingPortal.Store;

namespace BillingPortal.Api;

/// <summary>Top-up and auto-reload, for signed-in people alone. Source: contract, "002 · Wallet, metering, plans, invoices".</summary>
internal static class WalletEndpoints
{
    public static IEndpointRouteBuilder MapWallet(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/billing/wallet").WithTags("Billing").RequireCaller();
        group.MapPost("/topup", TopUpAsync).WithSummary("Starts a top-up; credits arrive once it is paid")
            .Accepts<TopUpRequest>("application/json").Produces<Envelope<TopUpAnswer>>();
        group.MapGet("/auto-reload", GetAutoReloadAsync).WithSummary("How auto-reload stands").Produces<Envelope<AutoReloadAnswer>>();
        group.MapPut("/auto-reload", SetAutoReloadAsync).WithSummary("Switches auto-reload on or off, and sets its rule")
            .Accepts<AutoReloadRequest>("application/json").Produces<Envelope<AutoReloadAnswer>>();
        group.MapGet("/auto-reload/attempts", ListAttemptsAsync).WithSummary("What auto-reload did, and why it did not, newest first")
            .Produces<AttemptPage>();
        group.MapGet("/auto-reload/rehearsal", RehearseAsync).WithSummary("What a rule would have done with the usage of the last 30 days")
            .Produces<Envelope<RehearsalAnswer>>();
        return routes;
    }

    private static async Task<Envelope<TopUpAnswer>> TopUpAsync(HttpContext http, TopUps topUps, CancellationToken cancellationToken)
    {
        var request = await http.ReadBodyAsync<TopUpRequest>(cancellationToken);
        var key = http.IdempotencyKey();
        var amount = Dollars(request.AmountUsd, "amountUsd");
        return await topUps.StartIntentAsync(http.Caller(), amount, key is null ? null : $"api:{key}", cancellationToken) switch
        {
            TopUpStart.Ready ready => new(new TopUpAnswer(
                ready.ClientSecret, ready.Url, ready.PaymentId, amount.ToDecimal(), Catalog.CreditValue.Of(amount))),
            TopUpStart.AmountOutOfRange => throw ApiException.Invalid(
                "amountUsd", $"amountUsd must be from {TopUps.Smallest.ToDecimal()} to {TopUps.Largest.ToDecimal()}."),
            TopUpStart.KeyReused => throw new ApiException(
                StatusCodes.Status422UnprocessableEntity, "IDEMPOTENCY_KEY_REUSED", "This idempotency key was used for another order. Nothing was ordered."),
            TopUpStart.GatewayDown => throw new ApiException(
                StatusCodes.Status503ServiceUnavailable, "PAYMENT_PROVIDER_UNAVAILABLE",
                "The payment provider does not answer just now. Nothing was charged; try again with the same idempotency key."),
            _ => throw new UnreachableException(),
        };
    }

    private static async Task<Envelope<AutoReloadAnswer>> GetAutoReloadAsync(HttpContext http, AutoReloads reloads, CancellationToken cancellationToken) =>
        new(AutoReloadAnswer.Of(await reloads.GetAsync(http.Caller(), cancellationToken)));

    private static async Task<Envelope<AutoReloadAnswer>> SetAutoReloadAsync(HttpContext http, AutoReloads reloads, CancellationToken cancellationToken)
    {
        var request = await http.ReadBodyAsync<AutoReloadRequest>(cancellationToken);
        return await reloads.SaveAsync(http.Caller(), request.Enabled, RuleOf(request), cancellationToken) switch
        {
            AutoReloadChange.Saved saved => new(AutoReloadAnswer.Of(saved.View)),
            AutoReloadChange.Invalid invalid => throw ApiException.Invalid(invalid.Field, invalid.Message),
            _ => throw new UnreachableException(),
        };
    }

    private static async Task<AttemptPage> ListAttemptsAsync(HttpContext http, AutoReloads reloads, CancellationToken cancellationToken)
    {
        var page = await reloads.ListAttemptsAsync(
            http.Caller(), http.QueryText("cursor"), http.QueryInt("limit", 50, 1, AutoReloads.LargestPage), cancellationToken);
        return new AttemptPage(
            [
                .. page.Attempts.Select(attempt => new AttemptAnswer(
                    attempt.Id, attempt.State.Text(), attempt.Reason, attempt.AmountCents.ToDecimal(), attempt.AvailableMicros, attempt.PaymentId,
                    attempt.StartedAt, attempt.EndedAt)),
            ],
            page.NextBefore);
    }

    private static async Task<Envelope<RehearsalAnswer>> RehearseAsync(HttpContext http, AutoReloadRehearsal rehearsal, CancellationToken cancellationToken)
    {
        var limit = http.QueryText("monthlyLimitUsd");
        var rule = new AutoReloadRule(QueryDollars(http, "thresholdUsd"), QueryDollars(http, "amountUsd"), limit is null ? null : QueryDollars(http, "monthlyLimitUsd"));
        if (AutoReloads.FaultOf(rule) is { } fault)
        {
            throw ApiException.Invalid(fault.Field, fault.Message);
        }

        var played = AutoReloadRehearsal.Play(rule, await rehearsal.SetAsync(http.Caller(), cancellationToken));
        return new(new RehearsalAnswer(
            played.Reloads.Count, played.Charged.ToDecimal(), played.Lowest,
            [.. played.Reloads.Select(reload => new RehearsedAnswer(reload.At, reload.Amount.ToDecimal()))], played.Days));
    }

    private static Money QueryDollars(HttpContext http, string name) =>
        decimal.TryParse(http.QueryText(name), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var dollars)
            ? Dollars(dollars, name)
            : throw ApiException.Invalid(name, $"{name} must be an amount in dollars.");

    // Both or neither: half a rule would leave the other half to guesswork.
    private static AutoReloadRule? RuleOf(AutoReloadRequest request) => request switch
    {
        { ThresholdUsd: null, AmountUsd: null, MonthlyLimitUsd: null } => null,
        { ThresholdUsd: null } => throw ApiException.Invalid("thresholdUsd", "thresholdUsd is missing."),
        { AmountUsd: null } => throw ApiException.Invalid("amountUsd", "amountUsd is missing."),
        { ThresholdUsd: { } threshold, AmountUsd: { } amount } => new(
            Dollars(threshold, "thresholdUsd"), Dollars(amount, "amountUsd"), request.MonthlyLimitUsd is { } limit ? Dollars(limit, "monthlyLimitUsd") : null),
    };

    private static Money Dollars(decimal dollars, string field) =>
        Money.TryFromDecimal(dollars, out var money) ? money : throw ApiException.Invalid(field, $"{field} must be an amount in dollars with at most two decimals.");

    internal sealed record TopUpRequest(decimal AmountUsd);

    internal sealed record TopUpAnswer(string? ClientSecret, string Url, string PaymentId, decimal AmountUsd, Credits Credits);

    internal sealed record AutoReloadRequest(bool Enabled, decimal? ThresholdUsd = null, decimal? AmountUsd = null, decimal? MonthlyLimitUsd = null);

    internal sealed record AutoReloadAnswer(
        bool Enabled, decimal? ThresholdUsd, decimal? AmountUsd, decimal? MonthlyLimitUsd, decimal ChargedThisMonthUsd, string? Problem, DateTimeOffset? NotBefore,
        string? OpenPaymentId, CardAnswer? Card)
    {
        public static AutoReloadAnswer Of(AutoReloadView view) => new(
            view.IsEnabled, view.Rule?.Threshold.ToDecimal(), view.Rule?.Amount.ToDecimal(), view.Rule?.MonthlyLimit?.ToDecimal(), view.ChargedThisMonth.ToDecimal(),
            view.Problem, view.NotBefore, view.OpenPaymentId,
            view.Card is { } card ? new CardAnswer(card.Brand, card.Last4, card.ExpiryMonth, card.ExpiryYear) : null);
    }

    internal sealed record CardAnswer(string Brand, string Last4, int ExpiryMonth, int ExpiryYear);

    internal sealed record RehearsalAnswer(
        int Reloads, decimal ChargedUsd, Credits LowestCredits, IReadOnlyList<RehearsedAnswer> Attempts, IReadOnlyList<Credits> AvailableByDay);

    internal sealed record RehearsedAnswer(DateTimeOffset At, decimal AmountUsd);

    internal sealed record AttemptPage(IReadOnlyList<AttemptAnswer> Data, string? NextCursor)
    {
        public bool Success { get; } = true;
    }

    internal sealed record AttemptAnswer(
        string Id, string State, string? Reason, decimal AmountUsd, Credits AvailableCredits, string? PaymentId, DateTimeOffset StartedAt, DateTimeOffset? EndedAt);
}
