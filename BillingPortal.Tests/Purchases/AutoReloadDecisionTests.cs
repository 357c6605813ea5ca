using BillingPortal.Ledger;
using BillingPortal.Purchases;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Purchases;

/// <summary>The rule of auto-reload, against what is said of it in plain arithmetic of cents.</summary>
public sealed class AutoReloadDecisionTests
{
    private static readonly DateTimeOffset Noon = new(2026, 6, 16, 12, 0, 0, TimeSpan.Zero);
    private static readonly AutoReloadBounds Bounds = new(TimeSpan.FromMinutes(10), 5);
    private static readonly AutoReloadRule Rule = new(Money.FromDollars(20), Money.FromDollars(10), Money.FromDollars(50));
    private static readonly AutoReloadSituation Calm = new(Credits.FromWhole(1999), true, false, 0, false, null, null, null, Money.Zero, 0, Noon);

    [Fact]
    public void The_amount_is_the_smallest_multiple_that_reaches_the_threshold_or_the_largest_that_fits_for_any_rule()
    {
        var any = Numbers.RowOf(
            ("threshold", Numbers.Between(1, 1_000_000)), ("amount", Numbers.Between(500, 1_000_000)), ("limit", Numbers.Between(0, 3_000_000)),
            ("charged", Numbers.Between(0, 3_000_000)), ("available", Numbers.Between(-2_000_000_000_000, 1_000_000_000_000)));
        Laws.Hold(any, row =>
        {
            var (threshold, amount, limit, charged, available) = (row[0], row[1], row[2], row[3], row[4]);
            var rule = new AutoReloadRule(Money.FromCents(threshold), Money.FromCents(amount), Money.FromCents(limit));
            var situation = Calm with { Available = Credits.FromMicros(available), ChargedThisMonth = Money.FromCents(charged) };

            var decision = AutoReloadDecisions.Decide(rule, situation, Bounds);

            // One cent is one credit is a million micro-credits.
            var missing = ((decimal)threshold * 1_000_000) - available;
            var room = Math.Min(limit - charged, 1_000_000);
            switch (decision)
            {
                case AutoReloadDecision.Idle:
                    Assert.True(missing <= 0);
                    break;
                case AutoReloadDecision.Reload { Amount.Cents: var cents }:
                    Assert.True(missing > 0);
                    Assert.Equal(0, cents % amount);
                    Assert.InRange(cents, amount, room);
                    Assert.True((cents - amount) * 1_000_000m < missing, "One less would have been enough.");
                    Assert.True(cents * 1_000_000m >= missing || cents + amount > room, "One more would have fitted.");
                    break;
                default:
                    Assert.Equal(new AutoReloadDecision.Skip(AutoReloadSkip.MonthlyLimit, new DateTimeOffset(2026, 7, 1, 0, 0, 0, TimeSpan.Zero)), decision);
                    Assert.True(missing > 0 && amount > room);
                    break;
            }
        });
    }

    [Fact]
    public void Below_means_strictly_below()
    {
        Assert.IsType<AutoReloadDecision.Idle>(Decide(Calm with { Available = Credits.FromWhole(2000) }));
        Assert.IsType<AutoReloadDecision.Reload>(Decide(Calm with { Available = Credits.FromMicros(1_999_999_999) }));
    }

    [Fact]
    public void Whatever_stands_in_the_way_is_said_and_until_when()
    {
        var wait = Noon.AddMinutes(30);
        Assert.Equal(Skip(AutoReloadSkip.AttemptOpen), Decide(Calm with { HasOpenAttempt = true, HasCard = false }));
        Assert.Equal(Skip(AutoReloadSkip.NoCard), Decide(Calm with { HasCard = false }));
        Assert.Equal(Skip(AutoReloadSkip.AuthenticationRequired), Decide(Calm with { NeedsOwner = true, Failures = 1 }));
        Assert.Equal(Skip(AutoReloadSkip.Declined, wait), Decide(Calm with { Failures = 1, NotBefore = wait, LastFailedAt = Noon.AddMinutes(-30) }));
        Assert.Equal(Skip(AutoReloadSkip.Cooldown, Noon.AddMinutes(1)), Decide(Calm with { LastAttemptAt = Noon.AddMinutes(-9) }));
        Assert.Equal(Skip(AutoReloadSkip.DailyLimit, Noon.AddHours(12)), Decide(Calm with { ChargesToday = 5 }));
        Assert.IsType<AutoReloadDecision.Reload>(Decide(Calm with { LastAttemptAt = Noon.AddMinutes(-10), ChargesToday = 4 }));
    }

    [Fact]
    public void After_three_failures_no_card_is_asked_and_a_day_later_it_stops()
    {
        var failed = Calm with { Failures = 3, LastFailedAt = Noon, NotBefore = Noon };

        Assert.Equal(Skip(AutoReloadSkip.Declined), Decide(failed with { Now = Noon.AddHours(23) }));
        Assert.IsType<AutoReloadDecision.Stop>(Decide(failed with { Now = Noon.AddHours(24) }));
        Assert.IsType<AutoReloadDecision.Stop>(Decide(failed with { Now = Noon.AddHours(24), Available = Credits.FromWhole(5000) }));
        Assert.Equal([1d, 6d, 24d], Enumerable.Range(1, 3).Select(failures => AutoReloadBounds.WaitAfter(failures).TotalHours));
    }

    [Fact]
    public void A_rehearsal_of_thirty_days_keeps_every_bound_for_any_usage()
    {
        var any = Numbers.RowOf(
            ("threshold", Numbers.Between(1, 100_000)), ("amount", Numbers.Between(500, 100_000)), ("limit", Numbers.Between(500, 1_000_000)),
            ("opening", Numbers.Between(0, 50_000_000_000)), ("day", Numbers.Between(0, 200_000_000_000)));
        Laws.Hold(
            any,
            row =>
            {
                var rule = new AutoReloadRule(Money.FromCents(row[0]), Money.FromCents(row[1]), Money.FromCents(row[2]));
                var days = Enumerable.Range(0, 30).Select(day => Credits.FromMicros(row[4] * (day % 3))).ToList();

                var played = AutoReloadRehearsal.Play(rule, Bounds, Credits.FromMicros(row[3]), days, Noon);

                Assert.Equal(
                    Credits.FromMicros(row[3]) - Credits.Sum(days) + Credits.FromWhole(played.Charged.Cents), played.Days[^1]);
                Assert.All(played.Reloads.GroupBy(reload => reload.At.Date), day => Assert.InRange(day.Count(), 1, 5));
                Assert.All(
                    played.Reloads.GroupBy(reload => (reload.At.Year, reload.At.Month)), month => Assert.True(month.Sum(reload => reload.Amount.Cents) <= row[2]));
                Assert.All(played.Reloads, reload => Assert.Equal(0, reload.Amount.Cents % row[1]));
            },
            cases: 300);
    }

    private static AutoReloadDecision Decide(AutoReloadSituation situation) => AutoReloadDecisions.Decide(Rule, situation, Bounds);

    private static AutoReloadDecision.Skip Skip(AutoReloadSkip reason, DateTimeOffset? until = null) => new(reason, until);

    [Theory]
    [InlineData(0, 20, 50, 200)]
    [InlineData(1594, 50, 160, 750)]
    [InlineData(30, 5, 10, 50)]
    [InlineData(1_000_000, 10_000, 10_000, 450_000)]
    public void A_proposed_rule_leaves_three_days_to_spare_and_is_one_that_can_be_saved(long daily, long threshold, long amount, long limit)
    {
        var proposed = AutoReloadRehearsal.Propose(new RehearsalStage(Credits.Zero, [.. Enumerable.Repeat(Credits.FromWhole(daily), 30)], Noon, Bounds));

        Assert.Equal(new AutoReloadRule(Money.FromDollars(threshold), Money.FromDollars(amount), Money.FromDollars(limit)), proposed);
        Assert.Null(AutoReloads.FaultOf(proposed));
    }
}
