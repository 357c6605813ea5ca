using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Wallets;

namespace BillingPortal.Subscriptions;

/// <summary>Says what a plan owes an organization at an instant, as grants that each post at most once.</summary>
/// <remarks>
/// Nothing runs at midnight or on renewal days for an allowance to be there: the command that first needs it carries it (<see cref="WalletCommand.Due"/>),
/// and reads count it from the instant it falls due. Why: docs/decisions/0031.
/// </remarks>
public sealed class DueAllowances(DailyReset reset, PriceCatalog catalog)
{
    /// <summary>What <c>Source</c> says of allowances.</summary>
    public const string Source = "plan";

    private const int Capacity = 100_000;

    // After a plan's name in the note of its allowance.
    private const string PlanSuffix = " plan,";

    // What is known to be posted, so that a charge need not carry it again. Only saves work: the references decide.
    private readonly ConcurrentDictionary<(string OrganizationId, string CreditType), Posted> posted = new();

    /// <summary>Everything that fell due by <paramref name="now"/> and still counts, posted or not.</summary>
    public ImmutableArray<Grant> For(PlanStanding standing, DateTimeOffset now) =>
        [.. CreditTypes.All.SelectMany(creditType => For(standing, creditType, now))];

    /// <summary>Of what is due in the wallets named, that of which this instance does not know yet that it is posted.</summary>
    public ImmutableArray<Grant> Outstanding(PlanStanding standing, DateTimeOffset now, params ReadOnlySpan<string> creditTypes)
    {
        var due = ImmutableArray<Grant>.Empty;
        foreach (var creditType in creditTypes)
        {
            var known = posted.TryGetValue((standing.OrganizationId, creditType), out var mark)
                && mark.SubscriptionId == standing.SubscriptionId && mark.From <= now && now < mark.Until;
            if (!known)
            {
                due = due.AddRange(For(standing, creditType, now));
            }
        }

        return due;
    }

    /// <summary>Remembers that all of <paramref name="due"/>, as <see cref="Outstanding"/> gave it, is posted.</summary>
    public void Confirm(PlanStanding standing, DateTimeOffset now, ImmutableArray<Grant> due)
    {
        if (due.IsEmpty)
        {
            return;
        }

        if (posted.Count >= Capacity)
        {
            posted.Clear();
        }

        foreach (var wallet in due.GroupBy(grant => grant.CreditType))
        {
            // Until the first of them ends nothing else can fall due in that wallet.
            var until = wallet.Min(grant => grant.Deposit.ExpiresAt ?? DateTimeOffset.MaxValue);
            posted[(standing.OrganizationId, wallet.Key)] = new Posted(standing.SubscriptionId, now, until);
        }
    }

    /// <summary>The name of the plan whose allowance a note tells of, as <see cref="For(PlanStanding, DateTimeOffset)"/> wrote it; null if of none.</summary>
    public static string? PlanNameIn(string? note) =>
        note?.IndexOf(PlanSuffix, StringComparison.Ordinal) is > 0 and var end ? note[..end] : null;

    private IEnumerable<Grant> For(PlanStanding standing, string creditType, DateTimeOffset now)
    {
        var served = standing.IsServedAt(now);
        switch (creditType)
        {
            case CreditTypes.Credits when served:
                if (standing.SubscriptionId is not null && standing.Plan.OneTimeCredits.IsPositive)
                {
                    yield return Once(standing);
                }

                if (Renewing(standing, creditType, standing.Allowance.Credits) is { } credits)
                {
                    yield return credits;
                }

                break;
            case CreditTypes.IncludedMinutes when served:
                if (Renewing(standing, creditType, standing.Allowance.IncludedMinutes) is { } minutes)
                {
                    yield return minutes;
                }

                break;
            case CreditTypes.Flows when (served ? standing.Plan : catalog.FreePlan) is { DailyFlows: > 0 } plan:
                // Whoever owes for a plan is not worse off than who has none.
                yield return Daily(standing, plan.DailyFlows, now);
                break;
        }
    }

    private static Grant? Renewing(PlanStanding standing, string creditType, Credits amount)
    {
        var cycle = standing.AllowanceCycle;
        return standing.SubscriptionId is null || !amount.IsPositive ? null : Grant(
            standing,
            creditType,
            $"allowance:{standing.SubscriptionId}:{cycle.Start.ToUnixTimeMilliseconds()}:{creditType}",
            $"{standing.Plan.Name}{PlanSuffix} {Day(cycle.Start)} to {Day(cycle.End)}",
            cycle.Start,
            new Deposit(BucketKind.Plan, amount, cycle.End, standing.SubscriptionId));
    }

    private static Grant Once(PlanStanding standing) => Grant(
        standing,
        CreditTypes.Credits,
        $"onetime:{standing.OrganizationId}:{standing.Plan.Id}",
        $"{standing.Plan.Name}{PlanSuffix} once",
        standing.StartedAt,
        new Deposit(BucketKind.Plan, standing.Plan.OneTimeCredits, Origin: standing.SubscriptionId));

    private Grant Daily(PlanStanding standing, int flows, DateTimeOffset now)
    {
        var day = reset.At(now);
        return Grant(
            standing,
            CreditTypes.Flows,
            $"daily:{day.Date.ToString("O", CultureInfo.InvariantCulture)}",
            "Daily flows",
            day.Start,
            new Deposit(BucketKind.Daily, Credits.FromWhole(flows), day.End));
    }

    private static Grant Grant(PlanStanding standing, string creditType, string reference, string note, DateTimeOffset effectiveAt, Deposit deposit) => new()
    {
        OrganizationId = standing.OrganizationId,
        CreditType = creditType,
        Reference = reference,
        Source = Source,
        Actor = "system:allowance",
        Note = note,
        EffectiveAt = effectiveAt,
        Deposit = deposit,
    };

    private static string Day(DateTimeOffset instant) => instant.UtcDateTime.ToString("d MMM yyyy", CultureInfo.InvariantCulture);

    // A clock that was set back must not make yesterday's mark speak for today.
    private sealed record Posted(string? SubscriptionId, DateTimeOffset From, DateTimeOffset Until);
}
