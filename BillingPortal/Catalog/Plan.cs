using System.Collections.Immutable;
using BillingPortal.Ledger;

namespace BillingPortal.Catalog;

/// <summary>A step of the plan ladder. Rules compare ranks, never names.</summary>
public sealed record Plan
{
    /// <summary>The rank of the one plan that costs nothing.</summary>
    public const int FreeRank = 0;

    public required string Id { get; init; }

    public required string Name { get; init; }

    /// <summary>Its place on the ladder, from <see cref="FreeRank"/> up; no two plans share one.</summary>
    public required int Rank { get; init; }

    /// <summary>For a month; for a seat and a month if <see cref="PerSeat"/>.</summary>
    public required Money MonthlyPrice { get; init; }

    /// <summary>For a year; for a seat and a year if <see cref="PerSeat"/>.</summary>
    public required Money YearlyPrice { get; init; }

    /// <summary>Granted each month; for each seat if <see cref="PerSeat"/>. The unused part is forfeited when the next grant comes.</summary>
    public required Credits MonthlyCredits { get; init; }

    /// <summary>Granted once per year to those who pay yearly; null grants them <see cref="MonthlyCredits"/> each month instead.</summary>
    public Credits? YearlyCreditsPerCycle { get; init; }

    /// <summary>Granted once, when an organization first comes to this plan.</summary>
    public Credits OneTimeCredits { get; init; }

    public bool PerSeat { get; init; }

    /// <summary>Flows granted each day, to the organization, however many seats it has.</summary>
    public required int DailyFlows { get; init; }

    /// <summary>Voice minutes for each month; for each seat if <see cref="PerSeat"/>.</summary>
    public required int IncludedMinutes { get; init; }

    /// <summary>Credits for a voice minute beyond those included; null leaves the operation's own rate.</summary>
    public Credits? OverageRate { get; init; }

    public required bool ApiAccess { get; init; }

    public required bool PackPurchase { get; init; }

    /// <summary>Prices of this plan alone, by the id of an operation or of one of its variants.</summary>
    public ImmutableDictionary<string, Tariff> Rates { get; init; } = ImmutableDictionary<string, Tariff>.Empty;

    public bool IsFree => Rank == FreeRank;

    /// <summary>The price of one cycle.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no seat.</exception>
    public Money PriceOf(BillingInterval interval, int seats = 1)
    {
        var price = interval is BillingInterval.Yearly ? YearlyPrice : MonthlyPrice;
        return price.Scale(Multiplier(seats), 1);
    }

    /// <summary>What the plan grants, and how often, to an organization that pays each <paramref name="interval"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no seat.</exception>
    public PlanAllowance AllowanceOf(BillingInterval interval, int seats = 1)
    {
        var yearly = interval is BillingInterval.Yearly ? YearlyCreditsPerCycle : null;
        var minutes = Credits.FromWhole((long)IncludedMinutes * (yearly is null ? 1 : Months(interval)));
        return new PlanAllowance(
            yearly is null ? BillingInterval.Monthly : BillingInterval.Yearly,
            (yearly ?? MonthlyCredits).Scale(Multiplier(seats), 1),
            minutes.Scale(Multiplier(seats), 1));
    }

    /// <summary>One month of what is paid and granted each <paramref name="interval"/>, rounded to the cent and the micro-credit.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no seat.</exception>
    public PlanMonth MonthOf(BillingInterval interval, int seats = 1)
    {
        var allowance = AllowanceOf(interval, seats);
        return new PlanMonth(
            PriceOf(interval, seats).Scale(1, Months(interval)),
            allowance.Credits.Scale(1, Months(allowance.Every)),
            allowance.IncludedMinutes.Scale(1, Months(allowance.Every)));
    }

    private static int Months(BillingInterval interval) => interval is BillingInterval.Yearly ? 12 : 1;

    private int Multiplier(int seats)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(seats, 1);
        return PerSeat ? seats : 1;
    }
}

/// <summary>A plan's renewing grant.</summary>
/// <param name="Every">How often it renews, which for a yearly plan may still be each month.</param>
/// <param name="Credits">Of <see cref="CreditTypes.Credits"/>.</param>
/// <param name="IncludedMinutes">Of <see cref="CreditTypes.IncludedMinutes"/>.</param>
public sealed record PlanAllowance(BillingInterval Every, Credits Credits, Credits IncludedMinutes);

/// <summary>A month on a plan.</summary>
/// <param name="Price">What it costs.</param>
/// <param name="Credits">Granted of <see cref="CreditTypes.Credits"/>.</param>
/// <param name="Minutes">Granted of <see cref="CreditTypes.IncludedMinutes"/>.</param>
public sealed record PlanMonth(Money Price, Credits Credits, Credits Minutes);
