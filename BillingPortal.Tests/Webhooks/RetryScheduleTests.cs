using System.Net;
using BillingPortal.Webhooks;

namespace BillingPortal.Tests.Webhooks;

public sealed class RetryScheduleTests
{
    [Fact]
    public void Tries_go_from_seconds_to_hours_and_about_twenty_five_fill_three_days()
    {
        var delays = Enumerable.Range(1, 40).Select(attempt => RetrySchedule.DelayAfter(attempt, null, 0.5)).ToList();

        Assert.Equal(TimeSpan.FromSeconds(5), delays[0]);
        Assert.Equal(TimeSpan.FromSeconds(15), delays[1]);
        Assert.Equal(TimeSpan.FromHours(4), delays[39]);
        Assert.Equal(delays.Order(), delays);
        var elapsed = TimeSpan.Zero;
        Assert.InRange(delays.TakeWhile(delay => (elapsed += delay) < TimeSpan.FromDays(3)).Count(), 20, 30);
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(1, 6)]
    public void Luck_spreads_them_by_a_fifth(double luck, double seconds) =>
        Assert.Equal(seconds, RetrySchedule.DelayAfter(1, null, luck).TotalSeconds, 6);

    [Theory]
    [InlineData(60, 60)]
    [InlineData(1, 5)]
    [InlineData(-60, 5)]
    [InlineData(1_000_000, 86_400)]
    public void A_wish_for_time_is_honoured_up_to_a_day(int wish, int seconds) =>
        Assert.Equal(seconds, RetrySchedule.DelayAfter(1, TimeSpan.FromSeconds(wish), 0.5).TotalSeconds, 6);

    [Theory]
    [InlineData("93.184.215.14")]
    [InlineData("8.8.8.8")]
    [InlineData("172.32.0.1")]
    [InlineData("100.128.0.1")]
    [InlineData("2606:2800:21f:cb07:6820:80da:af6b:8b2c")]
    [InlineData("::ffff:8.8.8.8")]
    public void Addresses_of_the_internet_are_let_through(string address) => Assert.True(PublicNetwork.Contains(IPAddress.Parse(address)));
}
