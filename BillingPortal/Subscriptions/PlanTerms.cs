using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Payments;

namespace BillingPortal.Subscriptions;

/// <summary>What was agreed when a payment for a plan was ordered: kept with the payment as JSON, carried out when it is settled.</summary>
internal sealed record PlanTerms
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    public required PlanChangeKind Kind { get; init; }

    /// <summary>The subscription it was agreed for; null: there was none.</summary>
    public string? SubscriptionId { get; init; }

    /// <summary>The count of what was paid for, when it was agreed.</summary>
    public long Revision { get; init; }

    public required string PlanId { get; init; }

    public BillingInterval Interval { get; init; }

    public int Seats { get; init; } = 1;

    public int SeatsBefore { get; init; }

    /// <summary>The anchor of the cycles it goes on with; not used for a new start.</summary>
    public DateTimeOffset StartedAt { get; init; }

    public long CyclePriceCents { get; init; }

    public long CarriedOverCents { get; init; }

    /// <summary>Which try of a renewal it is, from 0.</summary>
    public int Attempt { get; init; }

    public ImmutableArray<TermsLine> Lines { get; init; } = [];

    [JsonIgnore]
    public Money CyclePrice => Money.FromCents(CyclePriceCents);

    public static PlanTerms Of(PlanStanding standing, PlanQuote quote) => new()
    {
        Kind = quote.Kind,
        SubscriptionId = standing.SubscriptionId,
        Revision = standing.Revision,
        PlanId = quote.Wish.Plan.Id,
        Interval = quote.Wish.Interval,
        Seats = quote.Wish.Seats,
        SeatsBefore = standing.Seats,
        StartedAt = standing.StartedAt,
        CyclePriceCents = quote.CyclePrice.Cents,
        CarriedOverCents = quote.CarriedOver.Cents,
        Attempt = standing.FailedAttempts,
        Lines = [.. quote.Lines.Select(line => new TermsLine(line.Text, line.Amount.Cents))],
    };

    /// <summary>The terms that a payment was ordered under.</summary>
    /// <exception cref="InvalidOperationException">It was not ordered for a plan.</exception>
    public static PlanTerms Of(Payment payment) =>
        (payment.Terms is { } text ? JsonSerializer.Deserialize<PlanTerms>(text, Options) : null)
        ?? throw new InvalidOperationException($"Payment {payment.Id} has no terms of a plan.");

    public string ToJson() => JsonSerializer.Serialize(this, Options);

    /// <exception cref="InvalidOperationException">The catalog no longer has the plan.</exception>
    public PlanWish WishIn(PriceCatalog catalog) => new(
        catalog.FindPlan(PlanId) ?? throw new InvalidOperationException($"The plan '{PlanId}' was paid for and is no longer in the catalog."), Interval, Seats);
}

/// <summary>A line of the invoice to be.</summary>
internal readonly record struct TermsLine(string Text, long Cents);
