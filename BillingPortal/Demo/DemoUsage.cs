using BillingPortal.Catalog;
using BillingPortal.Metering;

namespace BillingPortal.Demo;

/// <summary>What the organizations of the demo data do all day. The same day always holds the same events.</summary>
internal static class DemoUsage
{
    private static readonly string[] Agents = ["agent_reception", "agent_support", "agent_sales"];
    private static readonly string[] Models = ["gpt-4o-mini", "gemini-2.5-flash", "deepseek-chat", "claude-sonnet"];

    /// <summary>The events of an organization in one step of the year.</summary>
    /// <param name="person">The organization's owner.</param>
    /// <param name="from">Start of the step, inclusive.</param>
    /// <param name="to">End of the step, exclusive.</param>
    public static IReadOnlyList<UsageEvent> Between(DemoPerson person, DateTimeOffset from, DateTimeOffset to)
    {
        var random = new Random(HashCode(person.PlanId, from));
        var weekend = from.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;
        var share = (to - from) / TimeSpan.FromDays(1);
        var count = (int)Math.Round(EventsPerDay(person.PlanId) * share * (weekend ? 0.35 : 1) * (IsOdd(person.PlanId, from) ? 2.5 : 1) * (0.7 + (random.NextDouble() * 0.6)));
        return
        [
            .. Enumerable.Range(0, count)
                .Select(n => (At: from + ((to - from) * random.NextDouble()), Number: n))
                .Select(entry => One(person.PlanId, $"demo-{person.PlanId}-{from.ToUnixTimeSeconds()}-{entry.Number}", entry.At, random)),
        ];
    }

    /// <summary>One event, as the traffic simulator sends them.</summary>
    public static UsageEvent Now(DemoPerson person, string id, DateTimeOffset at, Random random) => One(person.PlanId, id, at, random);

    // Shares of a day and of chances are no amounts: this is the only place where the portal draws lots.
    private static double EventsPerDay(string planId) => planId switch
    {
        "pro" => 90,
        "team" => 60,
        "starter" => 18,
        "lite" => 5,
        _ => 0.15,
    };

    // One day a month on which somebody ran everything again.
    private static bool IsOdd(string planId, DateTimeOffset from) => planId is "pro" && from.Day == 12;

    private static UsageEvent One(string planId, string id, DateTimeOffset at, Random random)
    {
        var dice = random.Next(100);
        return planId switch
        {
            "team" when dice < 45 => Event(id, "voice", random.Next(1, 12), at, new() { AgentId = Agents[random.Next(3)], TollFree = random.Next(5) == 0 }),
            "team" when dice < 80 => Event(id, "chat", random.Next(2, 25), at, new() { AgentId = Agents[random.Next(3)] }),
            "team" when dice < 90 => Event(id, "transfer_minute", random.Next(1, 8), at, new() { AgentId = Agents[random.Next(3)] }),
            "starter" when dice < 60 => Event(id, "model_call", 1, at, new() { Model = Models[random.Next(4)], InputTokens = Quantity.FromWhole(random.Next(200, 9000)), OutputTokens = Quantity.FromWhole(random.Next(50, 2500)) }),
            "starter" when dice < 75 => Event(id, "storage_egress", random.Next(1, 6), at, new() { NodeType = random.Next(2) == 0 ? "public" : "private", RepoId = "repo_atlas" }),
            _ when dice < 50 => Event(id, "image_to_html", 1, at, dice % 12 == 0 ? new() { Status = "failed" } : new()),
            _ when dice < 85 => Event(id, "code_export", 1, at, new()),
            _ => Event(id, "figma_export", 1, at, new()),
        };
    }

    private static UsageEvent Event(string id, string operation, int quantity, DateTimeOffset at, UsageProperties properties) =>
        new(id, operation, operation is "model_call" ? null : Quantity.FromWhole(quantity), at, properties);

    private static int HashCode(string plan, DateTimeOffset from) =>
        unchecked(plan.Aggregate(17, (hash, letter) => (hash * 31) + letter) + (int)(from.ToUnixTimeSeconds() / 60));
}
