using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Payments;
using BillingPortal.Store;
using BillingPortal.Subscriptions;

namespace BillingPortal.Components;

/// <summary>A change of plan that somebody looks at before making it, as the address says it.</summary>
public sealed record PlanChoice(string? PlanId, BillingInterval? Interval, int? Seats);

/// <summary>The plan that is held, as its page shows it.</summary>
/// <param name="Id">Of the catalog.</param>
/// <param name="Name">What people read.</param>
/// <param name="IsFree">Whether it costs nothing.</param>
/// <param name="IsBilled">Whether the portal collects money for it.</param>
/// <param name="IsPastDue">Whether its renewal is not paid.</param>
/// <param name="IsRenewing">Whether its cycle has ended and the next one is being paid.</param>
/// <param name="Interval">How often it renews.</param>
/// <param name="Seats">How many, where it is sold by the seat.</param>
/// <param name="PerSeat">Whether it is sold by the seat.</param>
/// <param name="CycleEnd">When the cycle that runs ends.</param>
/// <param name="NextPayment">What is due then.</param>
/// <param name="NextTryAt">When an unpaid renewal is tried again.</param>
/// <param name="EndsAt">When an unpaid plan ends for good.</param>
/// <param name="Failure">Why the last try failed, machine-readable.</param>
/// <param name="IsEnding">Whether it was canceled.</param>
/// <param name="Follows">What follows at the end of the cycle, in words; null if nothing else was chosen.</param>
/// <param name="CarriedOver">Money left over for the next prices.</param>
/// <param name="Credits">Granted each allowance cycle.</param>
/// <param name="Minutes">Included voice minutes of each allowance cycle.</param>
/// <param name="DailyFlows">Flows each day.</param>
/// <param name="Overage">Credits for a voice minute beyond those included; null: the usual rate.</param>
/// <param name="ApiAccess">Whether keys work.</param>
/// <param name="Unused">Plan credits that are left and end first; those that were granted once, if there are no others.</param>
/// <param name="UnusedEndAt">When they end; null: never.</param>
/// <param name="UnusedLater">Plan credits that are left and end after those.</param>
public sealed record HeldPlan(
    string Id,
    string Name,
    bool IsFree,
    bool IsBilled,
    bool IsPastDue,
    bool IsRenewing,
    BillingInterval Interval,
    int Seats,
    bool PerSeat,
    DateTimeOffset CycleEnd,
    Money NextPayment,
    DateTimeOffset? NextTryAt,
    DateTimeOffset? EndsAt,
    string? Failure,
    bool IsEnding,
    string? Follows,
    Money CarriedOver,
    Credits Credits,
    Credits Minutes,
    int DailyFlows,
    Credits? Overage,
    bool ApiAccess,
    Credits Unused,
    DateTimeOffset? UnusedEndAt,
    Credits UnusedLater);

/// <summary>A plan as it is offered.</summary>
/// <param name="Id">Of the catalog.</param>
/// <param name="Name">What people read.</param>
/// <param name="Price">Of a cycle, and of a seat where it is sold by the seat.</param>
/// <param name="PerSeat">Whether it is sold by the seat.</param>
/// <param name="Monthly">Credits for a month, and for a seat where it is sold by the seat.</param>
/// <param name="Once">Credits granted once.</param>
/// <param name="Minutes">Included voice minutes for a month.</param>
/// <param name="DailyFlows">Flows each day.</param>
/// <param name="ApiAccess">Whether keys work.</param>
/// <param name="Packs">Whether packs can be bought.</param>
/// <param name="IsHeld">Whether it is the plan that is held.</param>
/// <param name="Shortfall">What last month's usage was beyond it; zero if it covers that.</param>
/// <param name="Covered">The share of last month's usage that it covers, in percent, at most 100.</param>
public sealed record OfferedPlan(
    string Id, string Name, Money Price, bool PerSeat, Credits Monthly, Credits Once, int Minutes, int DailyFlows, bool ApiAccess, bool Packs, bool IsHeld,
    Credits Shortfall, int Covered);

/// <summary>A line of what is due.</summary>
public sealed record ReviewLine(string Text, Money Amount);

/// <summary>What a change would do, before it is made.</summary>
/// <param name="Kind">What it comes to.</param>
/// <param name="PlanId">The plan it leads to.</param>
/// <param name="Name">That plan in words.</param>
/// <param name="Interval">How often it renews.</param>
/// <param name="Seats">How many.</param>
/// <param name="At">When it takes effect.</param>
/// <param name="DueNow">To be paid first.</param>
/// <param name="Lines">What that is made of.</param>
/// <param name="NextAt">When the next price is due; null if none is.</param>
/// <param name="Next">How much that is.</param>
/// <param name="Gained">Plan credits granted at once.</param>
/// <param name="Shortfall">What last month's usage was beyond the plan.</param>
/// <param name="OrderKey">Makes one order of however many clicks.</param>
public sealed record PlanReview(
    PlanChangeKind Kind,
    string PlanId,
    string Name,
    BillingInterval Interval,
    int Seats,
    DateTimeOffset At,
    Money DueNow,
    IReadOnlyList<ReviewLine> Lines,
    DateTimeOffset? NextAt,
    Money Next,
    Credits Gained,
    Credits Shortfall,
    string OrderKey)
{
    public bool IsLater => Kind is PlanChangeKind.Downgrade or PlanChangeKind.Cancel;
}

/// <summary>What was used in a month of the billing cycle's day.</summary>
public sealed record MonthOfUse(DateTimeOffset Start, DateTimeOffset End, Credits Used, bool IsOpen);

/// <summary>All that the plan page shows.</summary>
/// <param name="Held">The plan that is held.</param>
/// <param name="Interval">The prices that are shown.</param>
/// <param name="Offers">All plans, by rank.</param>
/// <param name="Review">The change that is looked at; null if none is.</param>
/// <param name="Problem">Why the change that was asked for cannot be made; null if it can.</param>
/// <param name="Months">The last six, the latest last.</param>
/// <param name="MonthlyAllowance">Credits that the plan grants for a month; zero: none.</param>
/// <param name="Taken">Seats taken by members and invitations.</param>
/// <param name="MayChange">Whether the viewer may.</param>
/// <param name="Card">The saved card in words; null if there is none to charge.</param>
public sealed record PlanOverview(
    HeldPlan Held,
    BillingInterval Interval,
    IReadOnlyList<OfferedPlan> Offers,
    PlanReview? Review,
    string? Problem,
    IReadOnlyList<MonthOfUse> Months,
    Credits MonthlyAllowance,
    int Taken,
    bool MayChange,
    string? Card)
{
    /// <summary>What the comparison of plans is based on: the last whole month, or what there is of the first.</summary>
    public Credits LastMonth => Months is [.., var last, _] && last.Used.IsPositive ? last.Used : Months.Count > 0 ? Months[^1].Used : Credits.Zero;
}

/// <summary>Puts the plan page together from the services that know its parts.</summary>
public sealed class PlanOverviews(PlanBilling plans, PriceCatalog catalog, CurrentWallets wallets, UsageReports usage, ISeatCounts seats, SavedCards cards, TimeProvider clock)
{
    private const int MonthsShown = 6;
    private const int Percent = 100;

    /// <param name="caller">Who looks.</param>
    /// <param name="choice">The change that is looked at.</param>
    /// <param name="previous">What was shown before, whose order key goes on: a second click on an open form is the same order.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<PlanOverview> ReadAsync(Caller caller, PlanChoice choice, PlanOverview? previous, CancellationToken cancellationToken)
    {
        var standing = await plans.GetAsync(caller, cancellationToken);
        var wallet = await wallets.GetWalletAsync(caller, CreditTypes.Credits, cancellationToken);
        var months = await MonthsAsync(caller, standing, cancellationToken);
        var interval = choice.Interval ?? (standing.Plan.IsFree ? BillingInterval.Monthly : standing.Interval);
        var overview = new PlanOverview(
            HeldOf(standing, wallet), interval, [], null, null, months, standing.Plan.MonthOf(standing.Interval, standing.Seats).Credits,
            await seats.CountAsync(caller.OrganizationId, cancellationToken), caller.Role >= MemberRole.Billing,
            (await cards.ListAsync(caller, cancellationToken)).FirstOrDefault(card => card is { IsDefault: true, IsExpired: false }) is { } card
                ? $"{string.Concat(card.Brand[..1].ToUpperInvariant(), card.Brand.AsSpan(1))} ••{card.Last4}"
                : null);
        overview = overview with { Offers = [.. catalog.Plans.Select(plan => OfferOf(plan, standing, interval, overview.LastMonth))] };
        return choice.PlanId is { } planId
            ? await ReviewAsync(caller, overview, new PlanRequest(planId, interval, choice.Seats), previous, cancellationToken)
            : overview;
    }

    private async Task<PlanOverview> ReviewAsync(
        Caller caller, PlanOverview overview, PlanRequest request, PlanOverview? previous, CancellationToken cancellationToken)
    {
        var preview = await plans.PreviewAsync(caller, request, cancellationToken);
        if (preview.Quote is not { } quote)
        {
            return overview with { Problem = ProblemOf(preview.Problem) };
        }

        var wish = quote.Wish;
        var monthly = wish.Plan.MonthOf(wish.Interval, wish.Seats).Credits;
        var same = previous?.Review is { } shown && (shown.PlanId, shown.Interval, shown.Seats, shown.Kind) == (wish.Plan.Id, wish.Interval, wish.Seats, quote.Kind);
        return overview with
        {
            Review = new PlanReview(
                quote.Kind, wish.Plan.Id, wish.Name, wish.Interval, wish.Seats, quote.EffectiveAt, quote.DueNow,
                [.. quote.Lines.Select(line => new ReviewLine(line.Text, line.Amount))],
                quote.NextPaymentAt, quote.NextPayment, quote.CreditsGained, Credits.Max(Credits.Zero, overview.LastMonth - monthly),
                same ? previous!.Review!.OrderKey : Guid.NewGuid().ToString("N")),
        };
    }

    private static string ProblemOf(PlanChangeResult? problem) => problem switch
    {
        PlanChangeResult.SeatsOutOfRange range => $"Seats go from {range.Least}, as many as there are members and invitations, to {PlanBilling.MaxSeats}.",
        PlanChangeResult.RenewalUnderWay => "The renewal is being paid just now. Look again in a minute.",
        _ => "There is no such plan any more.",
    };

    private HeldPlan HeldOf(PlanStanding standing, Wallet wallet)
    {
        var now = clock.Now();
        var lots = wallet.Buckets.Where(bucket => bucket.Kind is BucketKind.Plan && bucket.IsLiveAt(now) && bucket.Remaining.IsPositive).ToList();
        lots = lots.Exists(lot => lot.ExpiresAt is not null) ? lots.FindAll(lot => lot.ExpiresAt is not null) : lots;
        var firstEnd = lots.Min(lot => lot.ExpiresAt);
        var pastDue = standing.Status is SubscriptionStatus.PastDue;
        var next = standing.Pending ?? new PlanWish(standing.Plan, standing.Interval, standing.Seats);
        return new HeldPlan(
            standing.Plan.Id,
            standing.Plan.Name,
            standing.Plan.IsFree,
            standing.IsBilled,
            pastDue,
            standing.Status is SubscriptionStatus.Active && standing.PaidUntil <= now,
            standing.Interval,
            standing.Seats,
            standing.Plan.PerSeat,
            standing.CycleEnd,
            pastDue || !standing.IsBilled ? Money.Zero : PlanQuotes.Renewal(standing with { StartedAt = now }, next, now).DueNow,
            pastDue ? standing.RenewsAt : null,
            standing.PastDueSince?.AddDays(RenewalRules.RetryDays[^1]),
            standing.FailureCode,
            standing.CancelAtPeriodEnd,
            standing.CancelAtPeriodEnd ? null : standing.Pending?.Name,
            standing.CarriedOver,
            standing.Allowance.Credits,
            standing.Allowance.IncludedMinutes,
            standing.Plan.DailyFlows,
            standing.Plan.OverageRate,
            standing.Plan.ApiAccess,
            Credits.Sum(lots.Where(lot => lot.ExpiresAt == firstEnd).Select(lot => lot.Remaining)),
            firstEnd,
            Credits.Sum(lots.Where(lot => lot.ExpiresAt != firstEnd).Select(lot => lot.Remaining)));
    }

    private static OfferedPlan OfferOf(Plan plan, PlanStanding standing, BillingInterval interval, Credits used)
    {
        var seats = plan.PerSeat ? standing.Seats : 1;
        var monthly = plan.MonthOf(interval, seats).Credits;
        var covered = used.IsPositive ? (int)Int128.Min(Percent, (Int128)monthly.Micros * Percent / used.Micros) : Percent;
        return new OfferedPlan(
            plan.Id, plan.Name, plan.PriceOf(interval), plan.PerSeat, plan.MonthOf(interval).Credits, plan.OneTimeCredits, plan.IncludedMinutes, plan.DailyFlows,
            plan.ApiAccess, plan.PackPurchase, plan == standing.Plan, Credits.Max(Credits.Zero, used - monthly), covered);
    }

    /// <summary>Months that begin on the day of the billing cycle. Usage is summed by UTC days, so each month has its whole days.</summary>
    private async Task<IReadOnlyList<MonthOfUse>> MonthsAsync(Caller caller, PlanStanding standing, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        var running = CycleDates.At(standing.StartedAt, BillingInterval.Monthly, now < standing.StartedAt ? standing.StartedAt : now);
        var starts = Enumerable.Range(1 - MonthsShown, MonthsShown).Select(back => running.Start.AddMonths(back)).Append(running.End).ToList();
        var range = new DayRange(DateOnly.FromDateTime(starts[0].UtcDateTime), DateOnly.FromDateTime(now.UtcDateTime));
        var days = await usage.GetDaysAsync(caller, range, null, cancellationToken);
        return
        [
            .. starts.Zip(starts.Skip(1), (from, to) => new MonthOfUse(
                from,
                to,
                Credits.Sum(days.Where(day => day.CreditType == CreditTypes.Credits
                    && day.Day >= DateOnly.FromDateTime(from.UtcDateTime) && day.Day < DateOnly.FromDateTime(to.UtcDateTime)).Select(day => day.Sums.Credits)),
                to > now)),
        ];
    }
}
