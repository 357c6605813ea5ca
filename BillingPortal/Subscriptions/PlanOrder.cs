using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Store;

namespace BillingPortal.Subscriptions;

/// <summary>Writes the order of a change of plan that has to be paid.</summary>
internal static class PlanOrder
{
    /// <param name="caller">Who orders, for its organization.</param>
    /// <param name="buyerName">What the invoice calls it.</param>
    /// <param name="standing">What it was agreed for.</param>
    /// <param name="quote">What was agreed; something is due.</param>
    /// <param name="idempotencyKey">The same again is the same order.</param>
    /// <param name="now">When it is ordered.</param>
    /// <param name="expiresAt">Until when it may be paid.</param>
    public static Payment Of(
        Caller caller, string buyerName, PlanStanding standing, PlanQuote quote, string? idempotencyKey, DateTimeOffset now, DateTimeOffset expiresAt) => new()
        {
            Id = Ids.New("pay", now),
            OrganizationId = caller.OrganizationId,
            UserId = caller.UserId,
            Actor = caller.Actor,
            BuyerName = buyerName,
            Kind = quote.Kind switch
            {
                PlanChangeKind.AddSeats => PaymentKind.Seats,
                PlanChangeKind.Renew => PaymentKind.Renewal,
                _ => PaymentKind.Plan,
            },
            Item = $"{quote.Wish.Plan.Id}:{quote.Wish.Interval.Text()}:{quote.Wish.Seats}",
            Description = quote.Wish.Name,
            AmountCents = quote.DueNow,
            CreditType = CreditTypes.Credits,
            CreditMicros = Credits.Zero,
            Terms = PlanTerms.Of(standing, quote).ToJson(),
            IdempotencyKey = idempotencyKey,
            CreatedAt = now,
            ExpiresAt = expiresAt,
        };
}
