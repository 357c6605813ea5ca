using System.ComponentModel.DataAnnotations;
using System.Globalization;
using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BillingPortal.Api;

/// <summary>The plan that is held, and changing it. Source: contract, "002 · Wallet, metering, plans, invoices".</summary>
internal static class SubscriptionEndpoints
{
    private const int MaxFormKeyLength = 100;

    public static IEndpointRouteBuilder MapSubscription(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/billing/subscription").WithTags("Billing").RequireCaller();
        group.MapGet("", GetAsync).WithSummary("The plan that is held").Produces<Envelope<SubscriptionAnswer>>();
        group.MapGet("/preview", PreviewAsync).WithSummary("What a change of plan would do and cost").Produces<Envelope<PreviewAnswer>>();
        group.MapPost("", ChangeAsync).WithSummary("Changes the plan, or gives the address to pay at")
            .Accepts<ChangeRequest>("application/json").Produces<Envelope<SubscriptionAnswer>>();
        group.MapDelete("", CancelAsync).WithSummary("Ends the plan at the end of its cycle").Produces<Envelope<SubscriptionAnswer>>();
        routes.MapPost("/billing/plan", SubmitAsync).RequireCaller().RequireGenuineForm().ExcludeFromDescription();
        group.MapPost("/resume", ResumeAsync).WithSummary("Calls off what was to happen at the end of the cycle").Produces<Envelope<SubscriptionAnswer>>();
        return routes;
    }

    private static async Task<Envelope<SubscriptionAnswer>> GetAsync(HttpContext http, PlanBilling plans, CancellationToken cancellationToken) =>
        new(SubscriptionAnswer.Of(await plans.GetAsync(http.Caller(), cancellationToken)));

    private static async Task<Envelope<PreviewAnswer>> PreviewAsync(HttpContext http, PlanBilling plans, CancellationToken cancellationToken)
    {
        var planId = http.QueryText("planId", 100);
        if (planId is null)
        {
            throw ApiException.Invalid("planId", "planId names a plan.");
        }

        var seats = http.QueryText("seats") is not null ? http.QueryInt("seats", 1, 1, PlanBilling.MaxSeats) : (int?)null;
        var request = new PlanRequest(planId, IntervalOf(http.QueryText("interval")), seats);
        var preview = await plans.PreviewAsync(http.Caller(), request, cancellationToken);
        return preview.Quote is { } quote ? new(PreviewAnswer.Of(quote)) : throw Problem(preview.Problem!);
    }

    private static async Task<IResult> ChangeAsync(HttpContext http, PlanBilling plans, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        caller.DemandSession();
        var request = await http.ReadBodyAsync<ChangeRequest>(cancellationToken);
        var wish = new PlanRequest(request.PlanId, IntervalOf(request.Interval), request.Seats);
        var key = http.IdempotencyKey();
        return Answer(await plans.ChangeAsync(caller, wish, key is null ? null : $"api:{key}", cancellationToken));
    }

    private static async Task<IResult> CancelAsync(HttpContext http, PlanBilling plans, CancellationToken cancellationToken) =>
        Answer(await plans.CancelAsync(http.Caller(), cancellationToken));

    private static async Task<IResult> ResumeAsync(HttpContext http, PlanBilling plans, CancellationToken cancellationToken) =>
        Answer(await plans.ResumeAsync(http.Caller(), cancellationToken));

    /// <summary>What the plan page's forms post; they need no scripts.</summary>
    private static async Task<IResult> SubmitAsync(HttpContext http, PlanBilling plans, CancellationToken cancellationToken)
    {
        var form = await http.Request.ReadFormAsync(cancellationToken);
        try
        {
            if (form["act"] == "resume")
            {
                return After(await plans.ResumeAsync(http.Caller(), cancellationToken), "kept");
            }

            var (planId, key) = (form["plan"].ToString(), form["idempotencyKey"].ToString());
            if (key.Length is 0 or > MaxFormKeyLength || !SnakeCase.TryParse<BillingInterval>(form["interval"], out var interval)
                || !int.TryParse(form["seats"], NumberStyles.None, CultureInfo.InvariantCulture, out var seats))
            {
                return Back("form_incomplete");
            }

            var request = new PlanRequest(planId, interval, seats);
            var result = form["pay"] == "card" && long.TryParse(form["confirmedCents"], NumberStyles.None, CultureInfo.InvariantCulture, out var cents)
                ? await plans.ChangeWithCardAsync(http.Caller(), request, Money.FromCents(cents), $"page:{key}", cancellationToken)
                : await plans.ChangeAsync(http.Caller(), request, $"page:{key}", cancellationToken);
            return result is PlanChangeResult.CostsMore
                ? TypedResults.LocalRedirect($"/plan?plan={Uri.EscapeDataString(planId)}&interval={interval.Text()}&seats={seats}&outcome=costs_more")
                : After(result, result is PlanChangeResult.Done { Standing: var standing } ? OutcomeOf(standing) : "");
        }
        catch (AccessDeniedException)
        {
            return Back("not_allowed");
        }
    }

    private static RedirectHttpResult After(PlanChangeResult result, string done) => result switch
    {
        PlanChangeResult.Done => Back(done),
        PlanChangeResult.Checkout { IsOver: true } over => TypedResults.LocalRedirect(PaymentOrders.PathOf(over.PaymentId)),
        PlanChangeResult.Checkout checkout => TypedResults.Redirect(checkout.Url),
        PlanChangeResult.Paying { PaymentId: var paymentId } => TypedResults.LocalRedirect(PaymentOrders.PathOf(paymentId)),
        PlanChangeResult.SeatsOutOfRange => Back("seats"),
        PlanChangeResult.RenewalUnderWay => Back("renewing"),
        PlanChangeResult.ChangedMeanwhile => Back("meanwhile"),
        PlanChangeResult.KeyReused => Back("form_used"),
        PlanChangeResult.GatewayDown => Back("provider_down"),
        _ => Back("failed"),
    };

    private static string OutcomeOf(PlanStanding standing) => standing switch
    {
        { CancelAtPeriodEnd: true } => "canceled",
        { Pending: not null } => "scheduled",
        _ => "changed",
    };

    private static RedirectHttpResult Back(string outcome) => TypedResults.LocalRedirect($"/plan?outcome={outcome}");

    private static IResult Answer(PlanChangeResult result)
    {
        switch (result)
        {
            case PlanChangeResult.Done done:
                return TypedResults.Ok(new Envelope<SubscriptionAnswer>(SubscriptionAnswer.Of(done.Standing)));
            case PlanChangeResult.Checkout checkout:
                return TypedResults.Ok(new Envelope<CheckoutAnswer>(new CheckoutAnswer(checkout.Url, checkout.PaymentId)));
            default:
                throw Problem(result);
        }
    }

    private static ApiException Problem(PlanChangeResult result) => result switch
    {
        PlanChangeResult.NoSuchPlan => new(StatusCodes.Status400BadRequest, "INVALID_PLAN", "There is no such plan.", "planId"),
        PlanChangeResult.SeatsOutOfRange seats => new(
            StatusCodes.Status400BadRequest, "INVALID_SEATS", $"seats must be from {seats.Least}, as many as there are members, to {PlanBilling.MaxSeats}.", "seats"),
        PlanChangeResult.RenewalUnderWay => new(
            StatusCodes.Status409Conflict, "RENEWAL_UNDER_WAY", "The renewal is being paid just now. Nothing was changed; try again in a minute.")
        { RetryAfterSeconds = 60 },
        PlanChangeResult.ChangedMeanwhile => new(
            StatusCodes.Status409Conflict, "PLAN_CHANGED_MEANWHILE", "The plan was changed at the same moment. Nothing was changed by this call; look at it and try again."),
        PlanChangeResult.KeyReused => new(
            StatusCodes.Status422UnprocessableEntity, "IDEMPOTENCY_KEY_REUSED", "This idempotency key was used for another order. Nothing was ordered."),
        _ => new(
            StatusCodes.Status503ServiceUnavailable, "PAYMENT_PROVIDER_UNAVAILABLE",
            "The payment provider does not answer just now. Nothing was charged; try again with the same idempotency key."),
    };

    private static BillingInterval? IntervalOf(string? text) => text switch
    {
        null or "" => null,
        _ when SnakeCase.TryParse<BillingInterval>(text, out var interval) => interval,
        _ => throw ApiException.Invalid("interval", "interval is monthly or yearly."),
    };

    internal sealed record ChangeRequest(
        [property: StringLength(100)] string PlanId, [property: StringLength(20)] string? Interval = null, [property: Range(1, PlanBilling.MaxSeats)] int? Seats = null);

    internal sealed record CheckoutAnswer(string Url, string PaymentId);

    internal sealed record SubscriptionAnswer(
        BillingAccountEndpoints.PlanAnswer Plan,
        string Status,
        string Interval,
        int Seats,
        DateTimeOffset CurrentPeriodStart,
        DateTimeOffset CurrentPeriodEnd,
        bool CancelAtPeriodEnd,
        string? PendingPlanId,
        string? PendingInterval,
        int? PendingSeats,
        DateTimeOffset? PaidUntil,
        decimal CarriedOverUsd,
        DateTimeOffset? PastDueSince,
        DateTimeOffset? NextPaymentAttemptAt,
        string? FailureCode)
    {
        public static SubscriptionAnswer Of(PlanStanding standing) => new(
            BillingAccountEndpoints.PlanAnswer.Of(standing.Plan),
            standing.Status.Text(),
            standing.Interval.Text(),
            standing.Seats,
            standing.CycleStart,
            standing.CycleEnd,
            standing.CancelAtPeriodEnd,
            standing.CancelAtPeriodEnd ? null : standing.Pending?.Plan.Id,
            standing.Pending?.Interval.Text(),
            standing.Pending?.Seats,
            standing.PaidUntil,
            standing.CarriedOver.ToDecimal(),
            standing.PastDueSince,
            standing.Status is SubscriptionStatus.PastDue ? standing.RenewsAt : null,
            standing.FailureCode);
    }

    internal sealed record LineAnswer(string Description, decimal AmountUsd);

    internal sealed record NextInvoiceAnswer(DateTimeOffset Date, decimal AmountUsd);

    /// <param name="Change">Such as upgrade, downgrade, add_seats, cancel; nothing if it is what is held.</param>
    /// <param name="PlanId">The plan asked for.</param>
    /// <param name="Interval">How often it renews.</param>
    /// <param name="Seats">How many.</param>
    /// <param name="Timing">now or at_cycle_end.</param>
    /// <param name="EffectiveAt">When the change is made.</param>
    /// <param name="DueTodayUsd">To be paid first.</param>
    /// <param name="Lines">What is due today, line by line.</param>
    /// <param name="NextInvoice">The price after that.</param>
    /// <param name="CreditsGained">Plan credits granted at once; what is left of the old ones stays until its own end.</param>
    /// <param name="CarriedOverUsd">Money left over for the next prices.</param>
    internal sealed record PreviewAnswer(
        string Change,
        string PlanId,
        string Interval,
        int Seats,
        string Timing,
        DateTimeOffset EffectiveAt,
        decimal DueTodayUsd,
        IReadOnlyList<LineAnswer> Lines,
        NextInvoiceAnswer? NextInvoice,
        Credits CreditsGained,
        decimal CarriedOverUsd)
    {
        public static PreviewAnswer Of(PlanQuote quote) => new(
            quote.Kind.Text(),
            quote.Wish.Plan.Id,
            quote.Wish.Interval.Text(),
            quote.Wish.Seats,
            quote.Kind is PlanChangeKind.Cancel or PlanChangeKind.Downgrade ? "at_cycle_end" : "now",
            quote.EffectiveAt,
            quote.DueNow.ToDecimal(),
            [.. quote.Lines.Select(line => new LineAnswer(line.Text, line.Amount.ToDecimal()))],
            quote.NextPaymentAt is { } at ? new NextInvoiceAnswer(at, quote.NextPayment.ToDecimal()) : null,
            quote.CreditsGained,
            quote.CarriedOver.ToDecimal());
    }
}
