using System.Diagnostics;
using System.Text.RegularExpressions;
using BillingPortal.Access;
using BillingPortal.Audit;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Metering;

/// <summary>A number as its organization sees it.</summary>
/// <param name="Id">num_…</param>
/// <param name="Number">In E.164.</param>
/// <param name="Label">What its organization calls it.</param>
/// <param name="State">How it stands.</param>
/// <param name="RentedAt">Since when.</param>
/// <param name="DueAt">When its next month is charged, or tried again; null once it is released.</param>
/// <param name="PastDueSince">Since when its month is unpaid.</param>
/// <param name="ReleasedAt">When it was given up.</param>
public sealed record NumberView(
    string Id, string Number, string? Label, NumberState State, DateTimeOffset RentedAt, DateTimeOffset? DueAt, DateTimeOffset? PastDueSince, DateTimeOffset? ReleasedAt);

/// <summary>A page of numbers, newest first, and the id after which the next one begins; null at the end.</summary>
public sealed record NumberPage(IReadOnlyList<NumberView> Numbers, string? NextAfter);

/// <summary>What became of the wish to rent a number.</summary>
public abstract record NumberRental
{
    private NumberRental()
    {
    }

    /// <summary>Rented, and its first month charged.</summary>
    public sealed record Rented(NumberView Number) : NumberRental;

    /// <summary>The named part of the wish cannot be.</summary>
    public sealed record Invalid(string Field, string Message) : NumberRental;

    /// <summary>Somebody rents it already.</summary>
    public sealed record Taken : NumberRental;

    /// <summary>The catalog has no price for numbers.</summary>
    public sealed record NotOffered : NumberRental;

    /// <summary>The organization rents as many as it may.</summary>
    public sealed record TooMany(int Limit) : NumberRental;

    /// <summary>The first month is not covered.</summary>
    public sealed record NotCovered(UsageRejection Rejection) : NumberRental;
}

/// <summary>Rents phone numbers by the month: the first is charged at once, each further one on its monthly day.</summary>
/// <remarks>Source: design §5. A month is charged at most once, by the reference of number and month, however many instances try.</remarks>
public sealed partial class NumberRentals(
    PriceCatalog catalog,
    PlanStandings standings,
    DueAllowances allowances,
    WalletWriter writer,
    IDbContextFactory<BillingDbContext> contexts,
    TimeProvider clock,
    ILogger<NumberRentals> logger)
{
    /// <summary>The operation that prices a month.</summary>
    public const string Operation = "number";

    /// <summary>Most numbers that one organization rents.</summary>
    public const int MostNumbers = 1_000;

    public const int LabelLength = 100;

    public const int LargestPage = 100;

    /// <summary>How long an unpaid month is tried again.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromDays(7);

    private const string Changed = "NUMBER_CHANGED";
    private const string TakenCode = "NUMBER_TAKEN";
    private const string LimitCode = "NUMBER_LIMIT_REACHED";
    private const int Page = 200;

    private static readonly TimeSpan BetweenTries = TimeSpan.FromDays(1);

    private readonly UsagePoster poster = new(standings, allowances, writer, clock);

    [GeneratedRegex("^[+][1-9][0-9]{6,14}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex E164 { get; }

    /// <summary>Rents a number and charges its first month, in one commit.</summary>
    /// <exception cref="AccessDeniedException">The caller may not spend the organization's credit.</exception>
    public async Task<NumberRental> RentAsync(
        Caller caller, string number, string? label, Receipt<NumberRental.Rented>? receipt, CancellationToken cancellationToken)
    {
        UsageAccess.DemandReport(caller);
        if (!E164.IsMatch(number))
        {
            return new NumberRental.Invalid("number", "A number is written in E.164, such as +15551230000.");
        }

        if (catalog.FindOperation(Operation) is null)
        {
            return new NumberRental.NotOffered();
        }

        if (label is not null && (label.Length > LabelLength || label.Any(char.IsControl)))
        {
            return new NumberRental.Invalid("label", $"A label has at most {LabelLength} characters, none of them a control character.");
        }

        var now = clock.Now();
        var row = new RentedNumber
        {
            Id = Ids.New("num", now),
            OrganizationId = caller.OrganizationId,
            Number = number,
            Label = label,
            RentedAt = now,
            Months = 1,
            DueAt = MonthStart(now, 1),
        };
        var rented = new NumberRental.Rented(ViewOf(row));
        var result = await ChargeAsync(
            caller, row, month: 0, [new EntityRider((db, _, ct) => AddAsync(db, caller, row, ct)), .. receipt.Riders(_ => rented)], cancellationToken);
        return result switch
        {
            PostResult.Posted => rented,
            PostResult.Refused { Refusal: Refusal.Insufficient shortage } => new NumberRental.NotCovered(UsageRejection.Short(shortage)),
            PostResult.Refused { Refusal: Refusal.Rule { Code: TakenCode } } => new NumberRental.Taken(),
            PostResult.Refused { Refusal: Refusal.Rule { Code: LimitCode } } => new NumberRental.TooMany(MostNumbers),
            _ => throw new UnreachableException($"A rental was answered with {result}."),
        };
    }

    /// <summary>The organization's numbers, newest first, released ones included.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>billing:read</c>.</exception>
    public async Task<NumberPage> ListAsync(Caller caller, string? after, int limit, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, LargestPage);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = db.Set<RentedNumber>().AsNoTracking().Where(row => row.OrganizationId == caller.OrganizationId);
        if (after is not null)
        {
            rows = rows.Where(row => row.Id.CompareTo(after) < 0);
        }

        var page = await rows.OrderByDescending(row => row.Id).Take(limit + 1).ToListAsync(cancellationToken);
        var views = page.Take(limit).Select(ViewOf).ToList();
        return new NumberPage(views, page.Count > limit ? views[^1].Id : null);
    }

    /// <summary>Gives a number up at once; the month that was paid is not given back. Again: no change.</summary>
    /// <returns>The number; null if the organization has none of that id.</returns>
    /// <exception cref="AccessDeniedException">The caller may not spend the organization's credit.</exception>
    public async Task<NumberView?> ReleaseAsync(Caller caller, string numberId, CancellationToken cancellationToken)
    {
        UsageAccess.DemandReport(caller);
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var own = db.Set<RentedNumber>().Where(row => row.OrganizationId == caller.OrganizationId && row.Id == numberId);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await own.Where(row => row.DueAt != null).ExecuteUpdateAsync(
            row => row.SetProperty(to => to.State, NumberState.Released).SetProperty(to => to.DueAt, (DateTimeOffset?)null).SetProperty(to => to.ReleasedAt, now),
            cancellationToken) > 0)
        {
            db.Record(caller, now, AuditActs.NumberReleased, numberId, null, null);
            await db.SaveChangesAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return await own.AsNoTracking().FirstOrDefaultAsync(cancellationToken) is { } row ? ViewOf(row) : null;
    }

    /// <summary>Charges every month that is due now, once each; tells how many numbers it looked at.</summary>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var swept = 0;
        var after = "";
        while (true)
        {
            var page = await ReadDueAsync(after, cancellationToken);
            foreach (var row in page)
            {
                await TryChargeDueAsync(row, cancellationToken);
                after = row.Id;
            }

            swept += page.Count;
            if (page.Count < Page)
            {
                return swept;
            }
        }
    }

    private async Task<List<RentedNumber>> ReadDueAsync(string after, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<RentedNumber>().AsNoTracking()
            .Where(row => row.DueAt != null && row.DueAt <= now && row.Id.CompareTo(after) > 0)
            .OrderBy(row => row.Id)
            .Take(Page)
            .ToListAsync(cancellationToken);
    }

    // One number whose month cannot be charged must not keep the job from the others.
    private async Task TryChargeDueAsync(RentedNumber row, CancellationToken cancellationToken)
    {
        try
        {
            await ChargeDueAsync(row, cancellationToken);
        }
        catch (InvalidOperationException exception)
        {
            logger.LogError(exception, "The month of number {NumberId} of {OrganizationId} could not be charged.", row.Id, row.OrganizationId);
        }
    }

    private async Task ChargeDueAsync(RentedNumber row, CancellationToken cancellationToken)
    {
        var paid = new EntityRider((db, _, ct) => NotePaidAsync(db, row, ct));
        var result = await ChargeAsync(Caller.ForSystem("number-rental", row.OrganizationId), row, row.Months, [paid], cancellationToken);
        if (result is PostResult.Refused { Refusal: Refusal.Insufficient shortage })
        {
            await NoteUnpaidAsync(row, shortage, cancellationToken);
        }
    }

    private async Task<PostResult> ChargeAsync(Caller caller, RentedNumber row, int month, IReadOnlyList<CommitRider> riders, CancellationToken cancellationToken)
    {
        var rate = catalog.FindOperation(Operation) ?? throw new InvalidOperationException($"The catalog prices no operation '{Operation}'.");
        var standing = await standings.GetAsync(row.OrganizationId, cancellationToken);
        var facts = new UsageFacts { Quantity = Quantity.FromWhole(1) };

        // Reports take nothing older in.
        var start = MonthStart(row.RentedAt, month);
        var oldest = clock.Now() - UsageLimits.OldestEvent;
        var occurredAt = start > oldest ? start : oldest;
        var reference = $"number:{row.Id}:{month}";
        var priced = new PricedEvent(
            new UsageEvent(reference, rate.Id, facts.Quantity, occurredAt, new UsageProperties { UnitId = row.Number }), rate, facts, Rating.Rate(rate, standing.Plan, facts), occurredAt);
        return await poster.PostAsync(
            standing, priced,
            (due, now) =>
            {
                var charge = UsagePoster.Charge(caller, priced, Ids.New("itm", occurredAt), reference, null, due, now);

                // A number that is given up cannot be had back: no limit stops its month.
                return charge with { GoesBeyondLimits = true, Riders = [.. charge.Riders, .. riders] };
            },
            cancellationToken);
    }

    private static async Task AddAsync(BillingDbContext db, Caller caller, RentedNumber row, CancellationToken cancellationToken)
    {
        if (await db.Set<RentedNumber>().AnyAsync(other => other.Number == row.Number && other.DueAt != null, cancellationToken))
        {
            throw new RiderVetoException(new Refusal.Rule(TakenCode, "This number is rented already."));
        }

        // Counted under the lock of the wallet that pays, so two at once cannot both be the last.
        if (await db.Set<RentedNumber>().CountAsync(other => other.OrganizationId == row.OrganizationId && other.DueAt != null, cancellationToken) >= MostNumbers)
        {
            throw new RiderVetoException(new Refusal.Rule(LimitCode, "No more numbers can be rented."));
        }

        db.Add(row);
        db.Record(caller, row.RentedAt, AuditActs.NumberRented, row.Id, null, new { row.Number, row.Label });
    }

    private static async Task NotePaidAsync(BillingDbContext db, RentedNumber row, CancellationToken cancellationToken)
    {
        var (months, due) = (row.Months + 1, MonthStart(row.RentedAt, row.Months + 1));
        var noted = await db.Set<RentedNumber>().Where(to => to.Id == row.Id && to.Months == row.Months && to.DueAt != null).ExecuteUpdateAsync(
            to => to.SetProperty(number => number.Months, months).SetProperty(number => number.DueAt, due)
                .SetProperty(number => number.State, NumberState.Active).SetProperty(number => number.PastDueSince, (DateTimeOffset?)null),
            cancellationToken);
        if (noted == 0)
        {
            // Given up while it was being charged.
            throw new RiderVetoException(new Refusal.Rule(Changed, "The number was released meanwhile."));
        }
    }

    /// <summary>Notes that a month was tried in vain and says so; after <see cref="Patience"/> gives the number up.</summary>
    private async Task NoteUnpaidAsync(RentedNumber row, Refusal.Insufficient shortage, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        var since = row.PastDueSince ?? now;
        var isOver = now >= since + Patience;
        var next = now + BetweenTries < since + Patience ? now + BetweenTries : since + Patience;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var unit = await db.Database.BeginTransactionAsync(cancellationToken);

        // By the attempt: of several instances that tried at once, one notes it.
        var attempt = db.Set<RentedNumber>().Where(to => to.Id == row.Id && to.DueAt == row.DueAt && to.Months == row.Months);
        var noted = isOver
            ? await attempt.ExecuteUpdateAsync(
                to => to.SetProperty(number => number.State, NumberState.Released).SetProperty(number => number.DueAt, (DateTimeOffset?)null)
                    .SetProperty(number => number.ReleasedAt, now),
                cancellationToken)
            : await attempt.ExecuteUpdateAsync(
                to => to.SetProperty(number => number.State, NumberState.PastDue).SetProperty(number => number.DueAt, next).SetProperty(number => number.PastDueSince, since),
                cancellationToken);
        if (noted == 0)
        {
            return;
        }

        db.Add(isOver
            ? OutboxEvent.Of(row.OrganizationId, "number.released", new { NumberId = row.Id, row.Number, Reason = "unpaid" }, now)
            : OutboxEvent.Of(
                row.OrganizationId, "number.payment_failed",
                new { NumberId = row.Id, row.Number, Credits = shortage.Needed.ToDecimal(), Available = shortage.Available.ToDecimal(), ReleaseAt = since + Patience }, now));
        await db.SaveChangesAsync(cancellationToken);
        await unit.CommitAsync(cancellationToken);
    }

    private static DateTimeOffset MonthStart(DateTimeOffset rentedAt, int month) => CycleDates.Nth(rentedAt, BillingInterval.Monthly, month);

    private static NumberView ViewOf(RentedNumber row) =>
        new(row.Id, row.Number, row.Label, row.State, row.RentedAt, row.DueAt, row.PastDueSince, row.ReleasedAt);
}

/// <summary>Runs <see cref="NumberRentals.SweepAsync"/> every minute.</summary>
public sealed class NumberRentalSweep(NumberRentals rentals, TimeProvider clock, ILogger<NumberRentalSweep> logger) : PeriodicJob(TimeSpan.FromMinutes(1), clock, logger)
{
    protected override Task RunRoundAsync(CancellationToken cancellationToken) => rentals.SweepAsync(cancellationToken);
}
