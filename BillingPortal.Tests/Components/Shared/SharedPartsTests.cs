using BillingPortal.Access;
using BillingPortal.Components;
using BillingPortal.Components.Shared;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Components.Shared;

public sealed class SharedPartsTests : BunitContext
{
    private readonly ManualClock clock = new();

    public SharedPartsTests()
    {
        Services.AddSingleton<TimeProvider>(clock);
        Services.AddScoped<Viewer>();
    }

    [Fact]
    public void An_amount_keeps_its_full_precision_one_step_away()
    {
        var amount = Render<Amount>(part => part.Add(p => p.Value, Credits.FromMicros(1_500_125_000)));

        Assert.Equal("1,500", amount.Find("span").TextContent);
        Assert.Equal("1,500.125", amount.Find("span").GetAttribute("title"));
    }

    [Fact]
    public void A_time_is_rewritten_when_the_viewers_zone_becomes_known()
    {
        var time = Render<Time>(part => part.Add(p => p.At, clock.GetUtcNow()));
        Assert.Equal("Today 12:00", time.Find("time").TextContent);

        Services.GetRequiredService<Viewer>().SetZone("Asia/Tokyo");

        time.WaitForAssertion(() => Assert.Equal("Today 21:00", time.Find("time").TextContent));
        Assert.Equal("2026-06-16T12:00:00.000Z", time.Find("time").GetAttribute("datetime"));
    }

    [Fact]
    public void A_timeline_says_in_words_how_far_each_step_has_come()
    {
        var timeline = Render<Timeline>(part => part.Add(p => p.Steps,
        [
            new("Order placed", TimelineState.Done, clock.GetUtcNow()),
            new("Payment accepted", TimelineState.Current),
            new("Credits added", TimelineState.Waiting),
        ]));

        Assert.Equal(
            ["Order placed: done", "Payment accepted: in progress", "Credits added: not yet"],
            timeline.FindAll("li > div").Select(step => step.TextContent.Trim()));
        Assert.Equal("Payment accepted: in progress", timeline.Find("[aria-current=step] > div").TextContent.Trim());
    }

    [Fact]
    public void A_section_that_fails_shows_a_request_id_and_can_be_tried_again()
    {
        var fails = true;
        var section = Render<SectionBoundary>(part => part.Add(p => p.Name, "Balances").AddChildContent(builder =>
        {
            builder.OpenComponent<Unreliable>(0);
            builder.AddAttribute(1, nameof(Unreliable.Fails), () => fails);
            builder.CloseComponent();
        }));
        Assert.Contains("Balances could not be shown", section.Find("[role=alert]").TextContent, StringComparison.Ordinal);
        Assert.Matches("^[0-9a-f]{32}$", section.Find("[data-copy]").GetAttribute("data-copy")!);

        fails = false;
        section.Find("button.primary").Click();

        Assert.Equal("fine", section.Find("p").TextContent);
    }

    [Fact]
    public void A_section_that_is_not_open_to_the_viewer_says_who_can_help()
    {
        var section = Render<SectionBoundary>(part => part.AddChildContent(_ =>
            throw new AccessDeniedException(AccessDenial.RoleTooLow, "This action needs the role owner in the organization.")));

        Assert.Contains("needs the role owner", section.Markup, StringComparison.Ordinal);
        Assert.Contains("Ask an owner", section.Markup, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_tone_of_a_notice_has_a_sign_beside_its_colour()
    {
        foreach (var tone in Enum.GetValues<Tone>())
        {
            var notice = Render<Notice>(part => part.Add(p => p.Tone, tone).AddChildContent("Low on credits."));

            Assert.NotNull(notice.Find("svg"));
            Assert.Contains("Low on credits.", notice.Markup, StringComparison.Ordinal);
        }
    }

    private sealed class Unreliable : ComponentBase
    {
        [Parameter]
        public Func<bool> Fails { get; set; } = () => false;

        protected override void BuildRenderTree(Microsoft.AspNetCore.Components.Rendering.RenderTreeBuilder builder)
        {
            if (Fails())
            {
                throw new InvalidOperationException("The figures are lost.");
            }

            builder.AddMarkupContent(0, "<p>fine</p>");
        }
    }
}
