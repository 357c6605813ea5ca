using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Subscriptions;

public sealed class PlanQuoteTests
{
    private static readonly PriceCatalog Catalog = Catalogs.Shipped;
    private static readonly DateTimeOffset Start = new(2027, 4, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_first_plan_costs_its_price_and_grants_its_allowance()
    {
        var quote = PlanQuotes.For(Free(), Wish("pro"), Start);

        Assert.Equal(PlanChangeKind.Start, quote.Kind);
        Assert.Equal(Money.FromDollars(159), quote.DueNow);
        Assert.Equal(Credits.FromWhole(40_000), quote.CreditsGained);
        Assert.Equal(Start.AddMonths(1), quote.NextPaymentAt);
        Assert.Equal(Money.FromDollars(159), quote.NextPayment);
    }

    [Fact]
    public void An_upgrade_half_way_is_credited_half_of_the_old_price_and_begins_a_new_cycle()
    {
        var quote = PlanQuotes.For(On("lite"), Wish("pro"), Start.AddDays(15));

        Assert.Equal(PlanChangeKind.Upgrade, quote.Kind);
        Assert.Equal(Money.FromDollars(154), quote.DueNow);
        Assert.Equal([15_900L, -500L], quote.Lines.Select(line => line.Amount.Cents));
        Assert.Equal(Start.AddDays(15).AddMonths(1), quote.NextPaymentAt);
        Assert.Equal(Money.FromDollars(159), quote.NextPayment);
    }

    [Fact]
    public void Seats_cost_and_grant_the_part_of_the_cycle_that_is_left()
    {
        var quote = PlanQuotes.For(On("team", seats: 3), Wish("team", seats: 5), Start.AddDays(15));

        Assert.Equal(PlanChangeKind.AddSeats, quote.Kind);
        Assert.Equal(Money.FromDollars(209), quote.DueNow);
        Assert.Equal(Credits.FromWhole(60_000), quote.CreditsGained);
        Assert.Equal(Credits.FromWhole(1_000), quote.MinutesGained);
        Assert.Equal(Money.FromDollars(5 * 209), quote.CyclePrice);
        Assert.Equal(Money.FromDollars(5 * 209), quote.NextPayment);
        Assert.Equal(Start.AddMonths(1), quote.NextPaymentAt);
    }

    [Theory]
    [InlineData("pro", BillingInterval.Monthly, 1, "lite", BillingInterval.Monthly, 1)]
    [InlineData("pro", BillingInterval.Yearly, 1, "pro", BillingInterval.Monthly, 1)]
    [InlineData("pro", BillingInterval.Yearly, 1, "lite", BillingInterval.Yearly, 1)]
    [InlineData("team", BillingInterval.Monthly, 5, "team", BillingInterval.Monthly, 2)]
    [InlineData("pro", BillingInterval.Yearly, 1, "scale", BillingInterval.Monthly, 1)]
    public void Less_waits_for_the_end_of_the_cycle_and_costs_nothing_now(
        string plan, BillingInterval interval, int seats, string next, BillingInterval nextInterval, int nextSeats)
    {
        var standing = On(plan, interval, seats);

        var quote = PlanQuotes.For(standing, Wish(next, nextInterval, nextSeats), Start.AddDays(10));

        Assert.Equal(PlanChangeKind.Downgrade, quote.Kind);
        Assert.Equal(Money.Zero, quote.DueNow);
        Assert.Equal(standing.CycleEnd, quote.EffectiveAt);
        Assert.Equal(Wish(next, nextInterval, nextSeats).Price, quote.NextPayment);
    }

    [Fact]
    public void A_year_is_left_for_a_dearer_month_at_once_when_the_rest_of_the_year_is_worth_less()
    {
        var quote = PlanQuotes.For(On("lite", BillingInterval.Yearly), Wish("pro"), Start.AddDays(73));

        Assert.Equal(PlanChangeKind.Upgrade, quote.Kind);
        Assert.Equal(Money.FromDollars(159) - On("lite", BillingInterval.Yearly).UnusedAt(Start.AddDays(73)), quote.DueNow);
    }

    [Fact]
    public void Free_ends_a_plan_with_its_cycle_and_at_once_if_the_renewal_is_owed()
    {
        var canceled = PlanQuotes.For(On("pro"), Wish("free"), Start.AddDays(3));
        var ended = PlanQuotes.For(On("pro") with { Status = SubscriptionStatus.PastDue }, Wish("free"), Start.AddMonths(1));

        Assert.Equal((PlanChangeKind.Cancel, Start.AddMonths(1)), (canceled.Kind, canceled.EffectiveAt));
        Assert.Equal((PlanChangeKind.End, Start.AddMonths(1)), (ended.Kind, ended.EffectiveAt));
    }

    [Fact]
    public void What_is_held_already_changes_nothing_but_calls_off_what_was_scheduled()
    {
        Assert.Equal(PlanChangeKind.Nothing, PlanQuotes.For(On("pro"), Wish("pro"), Start).Kind);
        Assert.Equal(PlanChangeKind.Keep, PlanQuotes.For(On("pro") with { CancelAtPeriodEnd = true }, Wish("pro"), Start).Kind);
        Assert.Equal(PlanChangeKind.Keep, PlanQuotes.For(On("pro") with { Pending = Wish("lite") }, Wish("pro"), Start).Kind);
        Assert.Equal(PlanChangeKind.Nothing, PlanQuotes.For(On("pro") with { Pending = Wish("lite") }, Wish("lite"), Start).Kind);
    }

    [Fact]
    public void A_plan_that_was_given_has_no_unused_part_to_credit()
    {
        var given = On("lite") with { PaidUntil = null, CyclePrice = Money.Zero };

        Assert.Equal(Money.FromDollars(159), PlanQuotes.For(given, Wish("pro"), Start.AddDays(10)).DueNow);
    }

    [Fact]
    public void An_unpaid_renewal_is_paid_whole_and_another_plan_starts_anew()
    {
        var owing = On("pro") with { Status = SubscriptionStatus.PastDue, PastDueSince = Start.AddMonths(1), FailedAttempts = 2 };
        var now = Start.AddMonths(1).AddDays(4);

        var renewed = PlanQuotes.For(owing with { Cycle = new Cycle(Start.AddMonths(1), Start.AddMonths(2)) }, Wish("pro"), now);
        var other = PlanQuotes.For(owing, Wish("lite"), now);

        Assert.Equal((PlanChangeKind.Renew, Money.FromDollars(159), Start.AddMonths(2)), (renewed.Kind, renewed.DueNow, renewed.NextPaymentAt!.Value));
        Assert.Equal((PlanChangeKind.Start, Money.FromDollars(10)), (other.Kind, other.DueNow));
    }

    [Fact]
    public void Money_carried_over_pays_first_and_never_goes_below_zero() =>
        Laws.Hold(Numbers.Between(0, 1_000_000), Numbers.Between(0, 31L * 86_400), Numbers.Between(0, 6 * 7 * 2 * 2 - 1), (carried, second, choice) =>
        {
            var plans = Catalog.Plans.Where(plan => !plan.IsFree).ToArray();
            var held = plans[choice % 6];
            var wished = Catalog.Plans[(int)(choice / 6 % 7)];
            var (heldInterval, wishedInterval) = ((BillingInterval)(choice / 42 % 2), (BillingInterval)(choice / 84 % 2));
            var now = Start.AddSeconds(second);
            var standing = Reading(On(held.Id, heldInterval, held.PerSeat ? 3 : 1), now) with { CarriedOver = Money.FromCents(carried) };
            var wish = new PlanWish(wished, wishedInterval, wished.PerSeat ? 5 : 1);

            var quote = PlanQuotes.For(standing, wish, now);

            Assert.True(quote.CarriedOver >= Money.Zero);
            Assert.True(quote.DueNow == Money.Zero || quote.DueNow >= PlanQuotes.SmallestCharge);
            Assert.True(quote.DueNow == Money.Zero || quote.CarriedOver == Money.Zero);
            Assert.Equal(quote.DueNow, quote.Lines.Aggregate(Money.Zero, (sum, line) => sum + line.Amount));
            Assert.True(quote.IsNow || quote.DueNow == Money.Zero);
            if (quote.Kind is PlanChangeKind.Upgrade)
            {
                // Nothing is invented: what is paid and brought along is the price and what is left, but for less than a charge that is waived.
                var value = quote.DueNow + standing.UnusedAt(now) + standing.CarriedOver - wish.Price - quote.CarriedOver;
                Assert.InRange(value.Cents, 1 - PlanQuotes.SmallestCharge.Cents, 0);
            }
        });

    internal static PlanWish Wish(string plan, BillingInterval interval = BillingInterval.Monthly, int seats = 1) => new(Catalog.FindPlan(plan)!, interval, seats);

    /// <summary>An organization whose first cycle on a plan, paid, began at <see cref="Start"/>.</summary>
    internal static PlanStanding On(string plan, BillingInterval interval = BillingInterval.Monthly, int seats = 1, DateTimeOffset? start = null)
    {
        var wish = Wish(plan, interval, seats);
        var startedAt = start ?? Start;
        var cycle = CycleDates.At(startedAt, interval, startedAt);
        return new PlanStanding
        {
            OrganizationId = "org_1",
            SubscriptionId = "sub_1",
            Plan = wish.Plan,
            Interval = interval,
            Seats = seats,
            StartedAt = startedAt,
            Cycle = cycle,
            AllowanceCycle = CycleDates.At(startedAt, wish.Plan.AllowanceOf(interval, seats).Every, startedAt),
            PaidUntil = cycle.End,
            CyclePrice = wish.Price,
            RenewsAt = cycle.End,
        };
    }

    /// <summary>The same, read at another instant.</summary>
    internal static PlanStanding Reading(PlanStanding standing, DateTimeOffset now) => standing with
    {
        Cycle = CycleDates.At(standing.StartedAt, standing.Interval, now),
        AllowanceCycle = CycleDates.At(standing.StartedAt, standing.Allowance.Every, now),
    };

    private static PlanStanding Free() => On("free") with { PaidUntil = null, RenewsAt = null, CyclePrice = Money.Zero };
}
