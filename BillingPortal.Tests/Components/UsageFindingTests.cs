using BillingPortal.Components;
using BillingPortal.Ledger;
using BillingPortal.Metering;

namespace BillingPortal.Tests.Components;

public sealed class UsageFindingTests
{
    [Fact]
    public void It_names_what_used_most() =>
        Assert.Equal("Most went to Image → HTML: 62%.", UsageFinding.Of(Whole(100), [Share("Export Code", 38, 0), Share("Image → HTML", 62, 0)]));

    [Fact]
    public void Less_than_half_is_not_most() =>
        Assert.Equal("The largest part went to Voice: 40%.", UsageFinding.Of(Whole(100), [Share("Voice", 40, 0), Share("Chat", 30, 0), Share("Export Code", 30, 0)]));

    [Fact]
    public void One_alone_is_all() => Assert.Equal("All of it went to Voice.", UsageFinding.Of(Whole(40), [Share("Voice", 40, 0), Share("Chat", 0, 0)]));

    [Fact]
    public void Nothing_is_said_to_be_nothing() => Assert.Equal("Nothing was charged in this time.", UsageFinding.Of(Whole(0), []));

    [Theory]
    [InlineData(118, 100, "18% more than in the 7 days before, mostly from ci-prod.")]
    [InlineData(50, 100, "50% less than in the 7 days before, mostly less web.")]
    [InlineData(100, 100, "As much as in the 7 days before.")]
    [InlineData(100, 0, "Nothing was used in the 7 days before.")]
    [InlineData(0, 0, "")]
    public void It_compares_with_the_time_before_and_names_the_cause(long total, long previous, string expected)
    {
        UsageShare[] shares = total > previous ? [Share("ci-prod", 90, 60), Share("web", 28, 40)] : [Share("ci-prod", 45, 40), Share("web", 5, 60)];

        Assert.Equal(expected, UsageFinding.Comparison(Whole(total), Whole(previous), "the 7 days before", shares));
    }

    [Fact]
    public void A_choice_written_into_an_address_is_read_back()
    {
        var choice = new UsageChoice(UsagePeriod.Week, UsageGrouping.Key, "api_credits", AsTable: true, new DateOnly(2026, 6, 3));

        Assert.Equal("/usage?period=7d&by=key&credits=api_credits&view=table&day=2026-06-03", choice.Address());
        Assert.Equal(choice, UsageChoice.Read("7d", "key", "api_credits", "table", "2026-06-03"));
        Assert.Equal("/usage", UsageChoice.Plain.Address());
        Assert.Equal(UsageChoice.Plain, UsageChoice.Read("century", "colour", "gold", "pie", "tomorrow"));
    }

    [Fact]
    public void A_period_of_ones_own_is_carried_by_the_address()
    {
        var choice = UsageChoice.Read("7d", null, null, null, null, "2026-03-01", "2026-03-31", "week");

        Assert.Equal((UsagePeriod.Custom, new DateOnly(2026, 3, 1), new DateOnly(2026, 3, 31), true), (choice.Period, choice.From, choice.To, choice.ByWeek));
        Assert.Equal("/usage?from=2026-03-01&to=2026-03-31&chart=week", choice.Address());
        Assert.Equal("/usage?period=7d&chart=week", choice.Over(UsagePeriod.Week).Address());
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("2026-03-01", "2026-03-01", null)]
    [InlineData("2026-03-01", "2027-04-04", null)]
    [InlineData("2026-03-01", "2027-04-05", "From and To are at most 400 days apart.")]
    [InlineData("2026-03-02", "2026-03-01", "From must not be after To.")]
    [InlineData("yesterday", "2026-03-01", "From is not a day, such as 2026-03-01.")]
    [InlineData("2026-03-01", null, "To is not a day, such as 2026-03-31.")]
    [InlineData("0001-01-01", "2026-03-01", "From is not a day, such as 2026-03-01.")]
    public void What_is_wrong_with_a_period_is_said_and_another_is_shown(string? from, string? to, string? fault)
    {
        Assert.Equal(fault, UsageChoice.RangeFault(from, to));
        Assert.Equal(from is not null && fault is null, UsageChoice.Read(null, null, null, null, null, from, to).Period is UsagePeriod.Custom);
    }

    private static Credits Whole(long credits) => Credits.FromWhole(credits);

    private static UsageShare Share(string label, long credits, long previous) => new(label, Whole(credits), Whole(previous), 1);
}
