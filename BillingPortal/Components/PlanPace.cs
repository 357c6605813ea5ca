using BillingPortal.Ledger;

namespace BillingPortal.Components;

/// <summary>How far a plan's credits are used, against how far its cycle has come.</summary>
/// <param name="Used">Credits used since the cycle began.</param>
/// <param name="Allowance">What the plan grants for it; more than zero.</param>
/// <param name="Start">When it began.</param>
/// <param name="End">When the next grant comes.</param>
/// <param name="Now">When this was read.</param>
public sealed record PlanPace(Credits Used, Credits Allowance, DateTimeOffset Start, DateTimeOffset End, DateTimeOffset Now)
{
    private const int Percent = 100;

    // A difference of so many hundredths is neither ahead nor behind.
    private const int Even = 5;

    public int UsedPercent => (int)Math.Min(int.MaxValue, UsageFinding.Percent(Used, Allowance));

    public int ElapsedPercent => (int)Math.Clamp(Percent * (Now - Start) / (End - Start), 0, Percent);

    /// <summary>What would be used by now if it were used evenly.</summary>
    public Credits Expected => Allowance.Scale(ElapsedPercent, Percent);

    /// <summary>"Ahead of pace: 62% of the plan's credits are used with 48% of the cycle gone. At this pace they end on 12 Mar."</summary>
    public string Finding(Viewer viewer)
    {
        var state = $"{UsedPercent}% of the plan's credits are used with {ElapsedPercent}% of the cycle gone.";
        if (Used >= Allowance)
        {
            return $"{state} Bonus and pack credits pay until {viewer.Day(End)}.";
        }

        var ahead = UsedPercent - ElapsedPercent;
        return ahead switch
        {
            > Even => $"Ahead of pace: {state} At this pace they end on {viewer.Day(EmptyAt)}.",
            < -Even => $"Behind pace: {state} At this pace about {Display.Amount(Allowance - Reached)} are left on {viewer.Day(End)} and end.",
            _ => $"On pace: {state}",
        };
    }

    private DateTimeOffset EmptyAt => Start + ((Now - Start) * ((double)Allowance.Micros / Used.Micros));

    private Credits Reached => Used.Scale((End - Start).Ticks, Math.Max(1, (Now - Start).Ticks));
}
