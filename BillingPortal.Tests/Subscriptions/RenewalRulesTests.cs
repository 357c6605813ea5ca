using BillingPortal.Ledger;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace BillingPortal.Tests.Subscriptions;

public sealed class RenewalRulesTests
{
    private static readonly DateTimeOffset Start = new(2027, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Nothing_is_due_before_the_cycle_ends_and_the_whole_price_is_from_that_instant()
    {
        var standing = PlanQuoteTests.On("pro", start: Start);
        var end = new DateTimeOffset(2027, 2, 28, 12, 0, 0, TimeSpan.Zero);

        Assert.IsType<RenewalStep.Nothing>(RenewalRules.Next(standing, end.AddMilliseconds(-1)));
        var due = Assert.IsType<RenewalStep.Collect>(RenewalRules.Next(PlanQuoteTests.Reading(standing, end), end));

        Assert.Equal(Money.FromDollars(159), due.Quote.DueNow);
        Assert.Equal($"renewal:sub_1:{end.ToUnixTimeMilliseconds()}", due.Key);
        Assert.Equal(new DateTimeOffset(2027, 3, 31, 12, 0, 0, TimeSpan.Zero), due.Quote.NextPaymentAt);
    }

    [Fact]
    public void A_canceled_plan_ends_and_another_that_was_chosen_is_collected_instead()
    {
        var standing = PlanQuoteTests.On("pro", start: Start);

        Assert.IsType<RenewalStep.End>(RenewalRules.Next(standing with { CancelAtPeriodEnd = true }, standing.CycleEnd));
        var other = Assert.IsType<RenewalStep.Collect>(RenewalRules.Next(standing with { Pending = PlanQuoteTests.Wish("lite") }, standing.CycleEnd));

        Assert.Equal(Money.FromDollars(10), other.Quote.DueNow);
        Assert.Equal("lite", other.Quote.Wish.Plan.Id);
    }

    [Fact]
    public void Tries_come_on_days_one_three_five_and_seven_and_each_has_a_key_of_its_own()
    {
        var standing = PlanQuoteTests.On("pro", start: Start);
        var now = standing.CycleEnd;
        var keys = new HashSet<string>();
        var days = new List<double>();
        while (true)
        {
            standing = PlanQuoteTests.Reading(standing, now);
            keys.Add(Assert.IsType<RenewalStep.Collect>(RenewalRules.Next(standing, now)).Key);
            days.Add((now - standing.PaidUntil!.Value).TotalDays);
            if (RenewalRules.RetryAfter(standing, now) is not { } retry)
            {
                break;
            }

            standing = standing with
            {
                Status = SubscriptionStatus.PastDue,
                PastDueSince = standing.PastDueSince ?? now,
                FailedAttempts = standing.FailedAttempts + 1,
                RenewsAt = retry,
            };
            Assert.IsType<RenewalStep.Nothing>(RenewalRules.Next(standing, retry.AddMilliseconds(-1)));
            now = retry;
        }

        Assert.Equal([0d, 1d, 3d, 5d, 7d], days);
        Assert.Equal(5, keys.Count);
    }

    [Fact]
    public void A_try_that_comes_late_counts_for_all_the_days_that_passed()
    {
        var owing = PlanQuoteTests.On("pro", start: Start) with { Status = SubscriptionStatus.PastDue, PastDueSince = Start.AddMonths(1), FailedAttempts = 1 };

        Assert.Equal(Start.AddMonths(1).AddDays(5), RenewalRules.RetryAfter(owing, Start.AddMonths(1).AddDays(4)));
        Assert.Null(RenewalRules.RetryAfter(owing, Start.AddMonths(1).AddDays(30)));
    }

    [Fact]
    public void Months_in_which_nobody_was_served_are_never_charged() =>
        Laws.Hold(Anchors(), Numbers.Between(0, 10L * 366 * 86_400), Numbers.Between(0, 1), (anchor, later, kind) =>
        {
            var standing = PlanQuoteTests.On("pro", (BillingInterval)kind, start: anchor);
            var now = standing.CycleEnd.AddSeconds(later);
            standing = PlanQuoteTests.Reading(standing, now);

            var due = Assert.IsType<RenewalStep.Collect>(RenewalRules.Next(standing, now)).Quote;

            var running = standing.Cycle;
            Assert.True(running.Contains(now));
            Assert.Equal(running.End, due.NextPaymentAt);
            Assert.True(due.DueNow <= standing.CyclePrice);
            var part = Proration.Unused(standing.CyclePrice, running, now);
            var isPrompt = now - running.Start <= PlanQuotes.Lateness;
            var expected = isPrompt ? standing.CyclePrice : part;
            Assert.Equal(expected < PlanQuotes.SmallestCharge ? Money.Zero : expected, due.DueNow);
        });

    [Fact]
    public void Renewals_in_time_follow_the_anchor_for_ten_years_and_no_key_comes_twice() =>
        Laws.Hold(
            Anchors(),
            anchor =>
            {
                var standing = PlanQuoteTests.On("lite", start: anchor);
                var keys = new HashSet<string>();
                for (var number = 1; number <= 120; number++)
                {
                    var now = standing.RenewsAt!.Value;
                    Assert.Equal(CycleDates.Nth(anchor, BillingInterval.Monthly, number), now);
                    standing = PlanQuoteTests.Reading(standing, now);
                    var due = Assert.IsType<RenewalStep.Collect>(RenewalRules.Next(standing, now));
                    Assert.True(keys.Add(due.Key));
                    Assert.Equal(Money.FromDollars(10), due.Quote.DueNow);
                    standing = standing with { PaidUntil = due.Quote.NextPaymentAt, RenewsAt = due.Quote.NextPaymentAt };
                }
            },
            cases: 200);

    /// <summary>Starts on the 28th to the 31st of any month of any year, leap days among them.</summary>
    private static Arbitrary<DateTimeOffset> Anchors() => Arb.From(
        from year in Gen.Choose(2024, 2034)
        from month in Gen.Choose(1, 12)
        from day in Gen.Choose(28, 31)
        from second in Gen.Choose(0, 86_399)
        select new DateTimeOffset(year, month, Math.Min(day, DateTime.DaysInMonth(year, month)), 0, 0, 0, TimeSpan.Zero).AddSeconds(second));
}
