using System.Collections.Immutable;
using BillingPortal.Catalog;
using BillingPortal.Ledger;

namespace BillingPortal.Subscriptions;

/// <summary>A plan as somebody wants to hold it.</summary>
/// <param name="Plan">Of the catalog.</param>
/// <param name="Interval">How often it renews.</param>
/// <param name="Seats">At least 1; always 1 where the plan is not sold by the seat.</param>
public sealed record PlanWish(Plan Plan, BillingInterval Interval, int Seats)
{
    /// <summary>The price of a cycle.</summary>
    public Money Price => Plan.PriceOf(Interval, Seats);

    /// <summary>"Team plan, 3 seats, monthly".</summary>
    public string Name => Plan.IsFree
        ? $"{Plan.Name} plan"
        : $"{Plan.Name} plan, {(Plan.PerSeat ? $"{Seats} {(Seats == 1 ? "seat" : "seats")}, " : "")}{(Interval is BillingInterval.Yearly ? "yearly" : "monthly")}";
}

/// <summary>What a change of plan comes to.</summary>
public enum PlanChangeKind
{
    /// <summary>It is what is held already, and nothing else is scheduled.</summary>
    Nothing,

    /// <summary>It is what is held already: what was scheduled instead is called off.</summary>
    Keep,

    /// <summary>A first paid plan, or one after an unpaid one: at once, a new cycle.</summary>
    Start,

    /// <summary>More for more money: at once, a new cycle, less the unused part of the old one.</summary>
    Upgrade,

    /// <summary>More seats for the rest of the cycle.</summary>
    AddSeats,

    /// <summary>The renewal that was not paid, paid now.</summary>
    Renew,

    /// <summary>Less, or something that costs less than what is paid already: at the end of the cycle.</summary>
    Downgrade,

    /// <summary>Free: at the end of the cycle.</summary>
    Cancel,

    /// <summary>Free, while the renewal is unpaid: at once.</summary>
    End,
}

/// <summary>A line of what is due.</summary>
public readonly record struct QuoteLine(string Text, Money Amount);

/// <summary>What a change of plan would do, and cost, at an instant.</summary>
public sealed record PlanQuote
{
    public required PlanChangeKind Kind { get; init; }

    public required PlanWish Wish { get; init; }

    /// <summary>When it takes effect.</summary>
    public required DateTimeOffset EffectiveAt { get; init; }

    /// <summary>The price of a whole cycle of what is held after it; of the seats too.</summary>
    public Money CyclePrice { get; init; }

    /// <summary>What is to be paid now; zero, or at least <see cref="PlanQuotes.SmallestCharge"/>.</summary>
    public Money DueNow { get; init; }

    /// <summary>What <see cref="DueNow"/> is made of; they add up to it.</summary>
    public ImmutableArray<QuoteLine> Lines { get; init; } = [];

    /// <summary>Money left over after it, for the next prices. Never negative.</summary>
    public Money CarriedOver { get; init; }

    /// <summary>Plan credits granted at once.</summary>
    public Credits CreditsGained { get; init; }

    /// <summary>Included minutes granted at once.</summary>
    public Credits MinutesGained { get; init; }

    /// <summary>When the next price is due after it; null if none is.</summary>
    public DateTimeOffset? NextPaymentAt { get; init; }

    /// <summary>The next price, less what was carried over.</summary>
    public Money NextPayment { get; init; }

    /// <summary>Whether it happens at once.</summary>
    public bool IsNow => Kind is PlanChangeKind.Start or PlanChangeKind.Upgrade or PlanChangeKind.AddSeats or PlanChangeKind.Renew or PlanChangeKind.End or PlanChangeKind.Keep;
}

/// <summary>Decides what a change of plan does and costs. Pure.</summary>
/// <remarks>Source: design §6, "Subscriptions"; what it leaves open: docs/decisions/0092.</remarks>
public static class PlanQuotes
{
    /// <summary>Less is not worth a payment and is waived; the gateway takes no smaller one. Source: docs.stripe.com/currencies, "Minimum and maximum charge amounts".</summary>
    public static readonly Money SmallestCharge = Money.FromCents(50);

    /// <summary>What holding <paramref name="wish"/> instead would come to.</summary>
    public static PlanQuote For(PlanStanding standing, PlanWish wish, DateTimeOffset now) => KindOf(standing, wish, now) switch
    {
        PlanChangeKind.Start => Fresh(PlanChangeKind.Start, standing, wish, Money.Zero, now),
        PlanChangeKind.Upgrade => Fresh(PlanChangeKind.Upgrade, standing, wish, standing.UnusedAt(now), now),
        PlanChangeKind.AddSeats => Seats(standing, wish, now),
        PlanChangeKind.Renew => Renewal(standing, wish, now),
        PlanChangeKind.End => new PlanQuote { Kind = PlanChangeKind.End, Wish = wish, EffectiveAt = now, CarriedOver = standing.CarriedOver },
        PlanChangeKind.Cancel => new PlanQuote { Kind = PlanChangeKind.Cancel, Wish = wish, EffectiveAt = standing.CycleEnd, CarriedOver = standing.CarriedOver },
        PlanChangeKind.Downgrade => Later(PlanChangeKind.Downgrade, standing, wish, standing.CycleEnd),
        var kind => Later(kind, standing, wish, now) with { CyclePrice = standing.CyclePrice },
    };

    /// <summary>What the renewal of a cycle costs: the plan held, or the one that was scheduled.</summary>
    /// <remarks>
    /// The whole price, unless nobody was served for more than <see cref="Lateness"/> of the cycle through no fault of the organization: then only the part
    /// that is left. Cycles that passed whole are never charged. docs/decisions/0093.
    /// </remarks>
    public static PlanQuote Renewal(PlanStanding standing, PlanWish wish, DateTimeOffset now)
    {
        var cycle = CycleDates.At(standing.StartedAt, wish.Interval, now);
        var price = wish.Price;
        var excused = now - cycle.Start > Lateness && !(standing.PastDueSince >= cycle.Start);
        var charged = excused ? Proration.Unused(price, cycle, now) : price;
        var (due, left) = Settle(charged, standing.CarriedOver);
        var allowance = wish.Plan.AllowanceOf(wish.Interval, wish.Seats);
        return new PlanQuote
        {
            Kind = PlanChangeKind.Renew,
            Wish = wish,
            EffectiveAt = now,
            CyclePrice = price,
            DueNow = due,
            Lines = Lines(
                due,
                new QuoteLine($"{wish.Name}, {Days(cycle)}", price),
                new QuoteLine("Part of the cycle without service", charged - price),
                new QuoteLine("Carried over from an earlier plan", left - standing.CarriedOver)),
            CarriedOver = left,
            CreditsGained = allowance.Credits,
            MinutesGained = allowance.IncludedMinutes,
            NextPaymentAt = cycle.End,
            NextPayment = Settle(price, left).Due,
        };
    }

    /// <summary>How late a renewal may come without costing less.</summary>
    public static readonly TimeSpan Lateness = TimeSpan.FromDays(1);

    private static PlanChangeKind KindOf(PlanStanding standing, PlanWish wish, DateTimeOffset now)
    {
        var pastDue = standing.Status is SubscriptionStatus.PastDue;
        if (wish.Plan.IsFree)
        {
            return (standing.Plan.IsFree, pastDue) switch
            {
                (true, _) => PlanChangeKind.Nothing,
                (_, true) => PlanChangeKind.End,
                _ when standing.CancelAtPeriodEnd => PlanChangeKind.Nothing,
                _ => PlanChangeKind.Cancel,
            };
        }

        var held = new PlanWish(standing.Plan, standing.Interval, standing.Seats);
        if (standing.Plan.IsFree)
        {
            return PlanChangeKind.Start;
        }

        if (pastDue)
        {
            return wish == held ? PlanChangeKind.Renew : PlanChangeKind.Start;
        }

        if (wish == held)
        {
            return standing.CancelAtPeriodEnd || standing.Pending is not null ? PlanChangeKind.Keep : PlanChangeKind.Nothing;
        }

        // A change that would leave money over waits, so that nobody uses up a year's credits and takes the year's money on to something else.
        if (wish.Plan.Rank < held.Plan.Rank || (wish.Plan.Rank == held.Plan.Rank && !IsMore(wish, held)) || wish.Price < standing.UnusedAt(now))
        {
            return wish == standing.Pending ? PlanChangeKind.Nothing : PlanChangeKind.Downgrade;
        }

        // A plan that was given has no paid cycle to add to.
        if (!standing.IsBilled)
        {
            return PlanChangeKind.Start;
        }

        return wish.Plan.Rank == held.Plan.Rank && wish.Interval == held.Interval ? PlanChangeKind.AddSeats : PlanChangeKind.Upgrade;
    }

    private static bool IsMore(PlanWish wish, PlanWish held) =>
        wish.Interval == held.Interval ? wish.Seats > held.Seats : wish.Interval is BillingInterval.Yearly;

    private static PlanQuote Fresh(PlanChangeKind kind, PlanStanding standing, PlanWish wish, Money unused, DateTimeOffset now)
    {
        var cycle = CycleDates.At(now, wish.Interval, now);
        var (due, left) = Settle(wish.Price - unused, standing.CarriedOver);
        var allowance = wish.Plan.AllowanceOf(wish.Interval, wish.Seats);
        return new PlanQuote
        {
            Kind = kind,
            Wish = wish,
            EffectiveAt = now,
            CyclePrice = wish.Price,
            DueNow = due,
            Lines = Lines(
                due,
                new QuoteLine($"{wish.Name}, {Days(cycle)}", wish.Price),
                new QuoteLine($"Unused part of the {standing.Plan.Name} plan", -unused),
                new QuoteLine(left >= standing.CarriedOver ? "Carried over to the next price" : "Carried over from an earlier plan", left - standing.CarriedOver)),
            CarriedOver = left,
            CreditsGained = allowance.Credits,
            MinutesGained = allowance.IncludedMinutes,
            NextPaymentAt = cycle.End,
            NextPayment = Settle(wish.Price, left).Due,
        };
    }

    private static PlanQuote Seats(PlanStanding standing, PlanWish wish, DateTimeOffset now)
    {
        var extra = wish.Price - wish.Plan.PriceOf(wish.Interval, standing.Seats);
        var price = now < standing.CycleEnd ? Proration.Unused(extra, standing.Cycle, now) : Money.Zero;
        var (due, left) = Settle(price, standing.CarriedOver);
        var more = wish.Seats - standing.Seats;
        var (credits, minutes) = SeatGrants(wish, more, standing.AllowanceCycle, now);
        return new PlanQuote
        {
            Kind = PlanChangeKind.AddSeats,
            Wish = wish,
            EffectiveAt = now,
            CyclePrice = standing.CyclePrice + extra,
            DueNow = due,
            Lines = Lines(
                due,
                new QuoteLine($"{more} more {(more == 1 ? "seat" : "seats")}, {Days(new Cycle(now, standing.CycleEnd))}", price),
                new QuoteLine("Carried over from an earlier plan", left - standing.CarriedOver)),
            CarriedOver = left,
            CreditsGained = credits,
            MinutesGained = minutes,
            NextPaymentAt = standing.CycleEnd,
            NextPayment = Settle((standing.Pending ?? wish).Price, left).Due,
        };
    }

    /// <summary>What more seats are granted for the rest of an allowance's cycle.</summary>
    public static (Credits Credits, Credits Minutes) SeatGrants(PlanWish wish, int more, Cycle allowanceCycle, DateTimeOffset now)
    {
        var allowance = wish.Plan.AllowanceOf(wish.Interval, more);
        return (Proration.Unused(allowance.Credits, allowanceCycle, now), Proration.Unused(allowance.IncludedMinutes, allowanceCycle, now));
    }

    private static PlanQuote Later(PlanChangeKind kind, PlanStanding standing, PlanWish wish, DateTimeOffset at) => new()
    {
        Kind = kind,
        Wish = wish,
        EffectiveAt = at,
        CyclePrice = wish.Price,
        CarriedOver = standing.CarriedOver,
        NextPaymentAt = kind is PlanChangeKind.Downgrade || standing.IsBilled ? standing.CycleEnd : null,
        NextPayment = Settle(wish.Price, standing.CarriedOver).Due,
    };

    /// <summary>What is to be paid of a price, and what is carried over after it. A price below zero is carried over whole.</summary>
    private static (Money Due, Money CarriedOver) Settle(Money price, Money carriedOver)
    {
        var due = price - carriedOver;
        return due < SmallestCharge ? (Money.Zero, due < Money.Zero ? -due : Money.Zero) : (due, Money.Zero);
    }

    /// <summary>The lines that are not nothing, and one that makes them add up where the sum is too small to charge.</summary>
    private static ImmutableArray<QuoteLine> Lines(Money due, params IEnumerable<QuoteLine> lines)
    {
        var all = lines.ToImmutableArray();
        var waived = new QuoteLine("Too small to charge", due - all.Aggregate(Money.Zero, (sum, line) => sum + line.Amount));
        return [.. all.Append(waived).Where(line => line.Amount != Money.Zero)];
    }

    private static string Days(Cycle cycle) => $"{Day(cycle.Start)} to {Day(cycle.End)}";

    private static string Day(DateTimeOffset instant) => instant.UtcDateTime.ToString("d MMM yyyy", System.Globalization.CultureInfo.InvariantCulture);
}
