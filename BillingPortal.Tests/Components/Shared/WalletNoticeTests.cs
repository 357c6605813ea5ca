using BillingPortal.Catalog;
using BillingPortal.Components;
using BillingPortal.Components.Shared;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Tests.Support;
using Bunit;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Components.Shared;

public sealed class WalletNoticeTests : BunitContext
{
    private static readonly DateTimeOffset Now = new ManualClock().GetUtcNow();

    [Theory]
    [InlineData(WalletMood.Low, "warn", "Running low.")]
    [InlineData(WalletMood.Empty, "bad", "No credits left.")]
    [InlineData(WalletMood.Owing, "bad", "120 credits are owed.")]
    [InlineData(WalletMood.New, "info", "yours to try with")]
    public void Each_mood_has_its_words(WalletMood mood, string tone, string words)
    {
        var notice = RenderNotice(mood, buysPacks: true).Find(".notice");

        Assert.Contains(tone, notice.ClassList);
        Assert.Contains(words, notice.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wallet_that_is_fine_is_left_alone() => Assert.Empty(RenderNotice(WalletMood.Fine, buysPacks: true).Markup.Trim());

    [Fact]
    public void A_plan_without_packs_is_told_so_beside_the_way_out()
    {
        Assert.Equal("Buy credits", RenderNotice(WalletMood.Low, buysPacks: true).Find("a").TextContent);
        Assert.Contains("Packs come with a paid plan.", RenderNotice(WalletMood.Low, buysPacks: false).Markup, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(WalletMood.Empty, "No credits left.")]
    [InlineData(WalletMood.Owing, "credits are owed.")]
    [InlineData(WalletMood.Low, "The limit of 500 credits a day stops usage. 498 are used.")]
    [InlineData(WalletMood.Fine, "The limit of 500 credits a day stops usage. 498 are used.")]
    public void A_limit_that_stops_usage_is_said_before_that_little_is_left_and_after_that_nothing_is(WalletMood mood, string words)
    {
        Services.AddSingleton<TimeProvider>(new ManualClock()).AddScoped<Viewer>();
        var notices = RenderNotice(mood, buysPacks: true, new ReachedLimit(CreditTypes.Credits, SpendPeriod.Day, Credits.FromWhole(500), Credits.FromWhole(498), Now)).FindAll(".notice");

        Assert.Contains(words, Assert.Single(notices).TextContent, StringComparison.Ordinal);
    }

    private IRenderedComponent<WalletNotice> RenderNotice(WalletMood mood, bool buysPacks, ReachedLimit? limit = null) => Render<WalletNotice>(part => part.Add(p => p.View, new WalletOverview(
        Now,
        new WalletSummary(CreditTypes.Credits, Credits.FromWhole(mood is WalletMood.Owing ? -120 : 0), Credits.Zero, []),
        [],
        null,
        mood,
        [],
        new PlanSummary("Lite", IsFree: !buysPacks, Credits.Zero, Credits.Zero, 0, 1, false, buysPacks, Now),
        new BalanceOutlook([], []),
        [])
    {
        Limit = limit,
    }));
}
