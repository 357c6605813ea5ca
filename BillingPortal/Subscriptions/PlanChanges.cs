using System.Collections.Immutable;
using BillingPortal.Audit;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Subscriptions;

/// <summary>Carries out what was agreed: the subscription's row, the credit that comes with it and the event that tells of it, in one commit.</summary>
public sealed class PlanChanges(PriceCatalog catalog, PlanStandings standings, DueAllowances due, TimeProvider clock)
{
    /// <summary>Why a change of plan cannot be carried out any more.</summary>
    public const string MovedOn = "PLAN_MOVED_ON";

    /// <summary>The command that carries out <paramref name="terms"/>: the credit that comes with it, and the row.</summary>
    /// <param name="organizationId">Whose plan.</param>
    /// <param name="terms">What was agreed.</param>
    /// <param name="paid">What was paid for it now.</param>
    /// <param name="reference">Under which it happens at most once.</param>
    /// <param name="newSubscriptionId">The id of a new start.</param>
    /// <param name="actor">Who did it, as <c>Caller.Actor</c> has it.</param>
    internal CommitRows Command(string organizationId, PlanTerms terms, Money paid, string reference, string newSubscriptionId, string actor)
    {
        var now = clock.Now();
        return new CommitRows
        {
            OrganizationId = organizationId,
            Reference = reference,
            Source = DueAllowances.Source,
            Actor = actor,
            CreditType = CreditTypes.Credits,
            Due = CreditOf(organizationId, terms, reference, newSubscriptionId, actor, now),
            Riders =
            [
                new EntityRider(async (db, _, ct) =>
                {
                    var row = await db.Set<Subscription>().SingleOrDefaultAsync(row => row.OrganizationId == organizationId, ct);
                    if (row is null)
                    {
                        row = new Subscription { OrganizationId = organizationId };
                        db.Add(row);
                    }

                    var before = StateOf(row);
                    Apply(row, Checked(row, terms, paid, now), newSubscriptionId, now);
                    db.Record(organizationId, actor, now, AuditActs.PlanChanged, row.Id, before, StateOf(row));
                    db.Add(EventOf(row, terms.Kind.Text(), clock.Now()));
                }),
            ],
        };
    }

    /// <summary>Puts a row on the free plan, at once; money carried over stays with it.</summary>
    internal void End(Subscription row, DateTimeOffset now)
    {
        row.Id = Ids.New("sub", now);
        (row.PlanId, row.Interval, row.Seats, row.StartedAt) = (catalog.FreePlan.Id, BillingInterval.Monthly, 1, now);
        (row.PaidUntil, row.CyclePriceCents, row.RenewsAt, row.NextAllowanceAt) = (null, Money.Zero, null, now);
        (row.Status, row.CancelAtPeriodEnd) = (SubscriptionStatus.Active, false);
        (row.PastDueSince, row.FailedAttempts, row.FailureCode) = (null, 0, null);
        CallOff(row);
        row.Revision++;
        row.Version++;
    }

    /// <summary>Notes that a renewal's try failed: past due and tried again, or ended if that was the last try.</summary>
    internal void Fail(Subscription row, string code, DateTimeOffset now)
    {
        if (RenewalRules.RetryAfter(standings.StandingOf(row.OrganizationId, row, now), now) is not { } retryAt)
        {
            End(row, now);
            row.FailureCode = code;
            return;
        }

        row.Status = SubscriptionStatus.PastDue;
        row.PastDueSince ??= now;
        row.FailedAttempts++;
        row.FailureCode = code;
        row.RenewsAt = retryAt;
        row.Version++;
    }

    /// <summary>The event that tells of a cycle that ended and was not renewed: the plan is past due, or over.</summary>
    internal OutboxEvent LapseOf(Subscription row, DateTimeOffset now) => EventOf(row, row.Status is SubscriptionStatus.PastDue ? "past_due" : "end", now);

    /// <summary>What the audit log says of a subscription.</summary>
    internal static object StateOf(Subscription row) => new
    {
        Plan = row.PlanId,
        Interval = row.Interval.Text(),
        row.Seats,
        Status = row.Status.Text(),
        row.PaidUntil,
        row.CancelAtPeriodEnd,
        Pending = row.PendingPlanId,
    };

    /// <summary>The event that tells how a subscription stands now.</summary>
    /// <param name="row">As it is after the change.</param>
    /// <param name="change">What was done: a <see cref="PlanChangeKind"/> in snake case, or past_due.</param>
    /// <param name="now">When.</param>
    internal OutboxEvent EventOf(Subscription row, string change, DateTimeOffset now) => OutboxEvent.Of(
        row.OrganizationId,
        "subscription.changed",
        new
        {
            SubscriptionId = row.Id,
            Change = change,
            row.PlanId,
            PlanName = catalog.FindPlan(row.PlanId)?.Name,
            Interval = row.Interval.Text(),
            row.Seats,
            Status = row.Status.Text(),
            row.PaidUntil,
            row.CancelAtPeriodEnd,
            row.PendingPlanId,
            row.FailureCode,
        },
        now);

    /// <summary>The terms as they hold now. What was agreed for an earlier state is looked at anew, and done if what was paid still covers it.</summary>
    /// <exception cref="RiderVetoException">It cannot be done any more.</exception>
    private PlanTerms Checked(Subscription row, PlanTerms terms, Money paid, DateTimeOffset now)
    {
        if (row.Id == (terms.SubscriptionId ?? "") && row.Revision == terms.Revision)
        {
            // Seats were sold for what was left of a cycle; once it has ended there is nothing of it to give.
            var isOver = terms.Kind is PlanChangeKind.AddSeats && row.PaidUntil <= now;
            return isOver ? throw Vetoed() : terms;
        }

        if (terms.Kind is PlanChangeKind.Start or PlanChangeKind.Upgrade)
        {
            var standing = standings.StandingOf(row.OrganizationId, row.Id.Length == 0 ? null : row, now);
            var quote = PlanQuotes.For(standing, terms.WishIn(catalog), now);
            if (quote.Kind is PlanChangeKind.Start or PlanChangeKind.Upgrade && quote.DueNow <= paid)
            {
                return PlanTerms.Of(standing, quote with { CarriedOver = quote.CarriedOver + paid - quote.DueNow });
            }
        }

        throw Vetoed();
    }

    private static RiderVetoException Vetoed() => new(new Refusal.Rule(MovedOn, "The plan was changed meanwhile."));

    private void Apply(Subscription row, PlanTerms terms, string newSubscriptionId, DateTimeOffset now)
    {
        if (terms.Kind is PlanChangeKind.Start or PlanChangeKind.Upgrade)
        {
            (row.Id, row.StartedAt) = (newSubscriptionId, now);
        }

        (row.PlanId, row.Interval, row.Seats) = (terms.PlanId, terms.Interval, terms.Seats);
        (row.CyclePriceCents, row.CarriedOverCents) = (terms.CyclePrice, Money.FromCents(terms.CarriedOverCents));
        switch (terms.Kind)
        {
            case PlanChangeKind.AddSeats when row.PendingPlanId != row.PlanId:
                // The cycle goes on, and with it what was scheduled for its end.
                break;
            case PlanChangeKind.AddSeats:
                CallOff(row);
                break;
            case PlanChangeKind.Renew:
                // What was scheduled while the renewal was being paid is for the next end.
                if ((row.PendingPlanId, row.PendingInterval, row.PendingSeats) == (terms.PlanId, terms.Interval, terms.Seats))
                {
                    CallOff(row);
                }

                GoOn(row, now);
                break;
            default:
                CallOff(row);
                row.CancelAtPeriodEnd = false;
                GoOn(row, now);
                break;
        }

        row.Revision++;
        row.Version++;
    }

    /// <summary>Notes that the cycle that runs is paid.</summary>
    private void GoOn(Subscription row, DateTimeOffset now)
    {
        row.Status = SubscriptionStatus.Active;
        (row.PastDueSince, row.FailedAttempts, row.FailureCode) = (null, 0, null);
        var standing = standings.StandingOf(row.OrganizationId, row, now);
        (row.PaidUntil, row.RenewsAt, row.NextAllowanceAt) = (standing.CycleEnd, standing.CycleEnd, standing.AllowanceCycle.End);
    }

    private static void CallOff(Subscription row) => (row.PendingPlanId, row.PendingInterval, row.PendingSeats) = (null, null, null);

    /// <summary>The grants of the cycle that begins, or what more seats are owed of the one that runs.</summary>
    private ImmutableArray<Grant> CreditOf(
        string organizationId, PlanTerms terms, string reference, string newSubscriptionId, string actor, DateTimeOffset now)
    {
        var wish = terms.WishIn(catalog);
        var isNew = terms.Kind is PlanChangeKind.Start or PlanChangeKind.Upgrade;
        var startedAt = isNew ? now : terms.StartedAt;
        var standing = new PlanStanding
        {
            OrganizationId = organizationId,
            SubscriptionId = isNew ? newSubscriptionId : terms.SubscriptionId,
            Plan = wish.Plan,
            Interval = wish.Interval,
            Seats = terms.Kind is PlanChangeKind.AddSeats ? terms.SeatsBefore : wish.Seats,
            StartedAt = startedAt,
            Cycle = CycleDates.At(startedAt, wish.Interval, now),
            AllowanceCycle = CycleDates.At(startedAt, wish.Plan.AllowanceOf(wish.Interval, wish.Seats).Every, now),
        };
        var allowances = due.For(standing, now)
            .Where(grant => grant.CreditType != CreditTypes.Flows).Select(grant => grant with { Actor = actor }).ToImmutableArray();
        if (terms.Kind is not PlanChangeKind.AddSeats)
        {
            return allowances;
        }

        var (credits, minutes) = PlanQuotes.SeatGrants(wish, wish.Seats - terms.SeatsBefore, standing.AllowanceCycle, now);
        return [.. allowances, .. More(CreditTypes.Credits, credits), .. More(CreditTypes.IncludedMinutes, minutes)];

        IEnumerable<Grant> More(string creditType, Credits amount) => !amount.IsPositive
            ? []
            :
            [
                new Grant
                {
                    OrganizationId = organizationId,
                    CreditType = creditType,
                    Reference = $"{reference}:{creditType}",
                    Source = DueAllowances.Source,
                    Actor = actor,
                    Note = $"{wish.Name}, for the rest of the cycle",
                    Deposit = new Deposit(BucketKind.Plan, amount, standing.AllowanceCycle.End, standing.SubscriptionId),
                },
            ];
    }
}
