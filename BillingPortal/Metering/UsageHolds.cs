using System.Diagnostics;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Metering;

/// <summary>Usage that is about to happen.</summary>
/// <param name="Operation">An operation of the catalog.</param>
/// <param name="Quantity">What is expected, in the operation's unit; null is one of what comes whole.</param>
/// <param name="Lifetime">After it the hold frees itself; a second to <see cref="UsageHolds.LongestLifetime"/>.</param>
/// <param name="Properties">What else bears on the price.</param>
public sealed record HoldWish(string Operation, Quantity? Quantity, TimeSpan Lifetime, UsageProperties Properties);

/// <summary>What became of a wish about a hold.</summary>
public abstract record HoldResult
{
    private HoldResult()
    {
    }

    /// <summary>A hold as it stands.</summary>
    /// <param name="Id">hold_…</param>
    /// <param name="Operation">What it is for.</param>
    /// <param name="Quantity">What is expected.</param>
    /// <param name="CreditType">The kind of credit the operation is priced in.</param>
    /// <param name="Credits">Set aside of it.</param>
    /// <param name="Included">Included minutes set aside.</param>
    /// <param name="CreatedAt">When it was placed.</param>
    /// <param name="ExpiresAt">When it frees itself.</param>
    /// <param name="State">How it was ended, if it was.</param>
    public sealed record Held(
        string Id, string Operation, Quantity Quantity, string CreditType, Credits Credits, Credits Included, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt,
        UsageHoldState State) : HoldResult;

    /// <summary>Charged; what was set aside beyond that is free again.</summary>
    /// <param name="Hold">As it was placed.</param>
    /// <param name="Credits">What was debited.</param>
    /// <param name="Included">Included minutes that served.</param>
    /// <param name="BalanceAfter">Of the wallet of the operation's credit type.</param>
    /// <param name="TransactionId">The debit; null if it cost nothing.</param>
    public sealed record Captured(Held Hold, Credits Credits, Credits Included, Credits BalanceAfter, string? TransactionId) : HoldResult;

    /// <summary>The organization has no such hold.</summary>
    public sealed record NotFound : HoldResult;

    /// <summary>It had ended before: captured, released, or, if its state is still open, expired.</summary>
    public sealed record Ended(UsageHoldState State) : HoldResult;

    /// <summary>The usage cannot be taken as described, or is not covered; a hold that was open stays open.</summary>
    public sealed record Rejected(UsageRejection Rejection) : HoldResult;
}

/// <summary>Sets credit aside for usage that is under way, and charges what it really was. Priced like reported usage, included minutes and tiers too.</summary>
/// <remarks>Why a hold is an ordinary charge when it is captured: docs/decisions/0083.</remarks>
public sealed class UsageHolds(
    PriceCatalog catalog, PlanStandings standings, DueAllowances allowances, WalletWriter writer, SpendLimitNotices notices, IDbContextFactory<BillingDbContext> contexts, TimeProvider clock)
{
    public static readonly TimeSpan LongestLifetime = TimeSpan.FromDays(7);

    private readonly UsagePricing pricing = new(catalog);
    private readonly TierCounts tiers = new(contexts);
    private readonly UsagePoster poster = new(standings, allowances, writer, clock);

    /// <summary>Sets aside what the usage would cost now.</summary>
    /// <exception cref="AccessDeniedException">The caller may not report usage.</exception>
    public async Task<HoldResult> PlaceAsync(Caller caller, HoldWish wish, Receipt<HoldResult.Held>? receipt, CancellationToken cancellationToken)
    {
        UsageAccess.DemandReport(caller);
        ArgumentOutOfRangeException.ThrowIfLessThan(wish.Lifetime, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(wish.Lifetime, LongestLifetime);
        var standing = await standings.GetAsync(caller.OrganizationId, cancellationToken);
        var now = clock.Now();
        var reported = new UsageEvent(Ids.New("hold", now), wish.Operation, wish.Quantity, now, wish.Properties);
        var used = pricing.TieredPrice(reported, standing.Plan) is { } priceId
            ? (await tiers.ReadAsync(caller.OrganizationId, priceId, standing.CycleStart, cancellationToken)).Used
            : Quantity.Zero;
        if (pricing.Price(reported, standing.Plan, used, now, out var rejection) is not { } priced)
        {
            return new HoldResult.Rejected(rejection!);
        }

        var row = RowOf(caller, priced, now, now + wish.Lifetime);
        HoldResult.Held? held = null;
        var result = await poster.PostAsync(
            standing, priced,
            (due, _) => new PlaceUsageHold
            {
                OrganizationId = row.OrganizationId,
                KeyId = caller.KeyId,
                Reference = $"hold:{row.Id}:start",
                ResultId = row.Id,
                Source = row.Operation,
                Actor = caller.Actor,
                HoldId = row.Id,
                ExpiresAt = row.ExpiresAt,
                AllowanceType = AllowanceOf(priced),
                Units = priced.Usage?.IncludedUnits ?? Credits.Zero,
                CreditType = row.CreditType,
                PriceBeyond = served => priced.Usage?.Price(served) ?? Credits.Zero,
                Due = due,
                Riders =
                [
                    new EntityRider((db, posted, _) =>
                    {
                        SetAmounts(row, posted);
                        held = ViewOf(row);
                        db.Add(row);
                        return Task.CompletedTask;
                    }),
                    .. receipt.Riders(_ => held!),
                ],
            },
            cancellationToken);
        return result switch
        {
            PostResult.Posted => held!,
            PostResult.Refused { Refusal: Refusal.Insufficient shortage } => new HoldResult.Rejected(UsageRejection.Short(shortage)),
            PostResult.Refused { Refusal: Refusal.OverLimit over } => await OverAsync(caller, over),
            PostResult.Refused { Refusal: Refusal.Rule rule } => new HoldResult.Rejected(new UsageRejection(rule.Code, rule.Message, null)),
            _ => throw new UnreachableException($"A hold was answered with {result}."),
        };
    }

    /// <summary>Charges what was really used, which may be more than was set aside if there is credit for it, and frees the rest.</summary>
    /// <param name="caller">Who may report usage of the hold's organization.</param>
    /// <param name="holdId">An open hold.</param>
    /// <param name="quantity">What was used; null where the model's tokens in <paramref name="properties"/> say it.</param>
    /// <param name="properties">What is known now; what it leaves open is as it was when the hold was placed.</param>
    /// <param name="receipt">Stores the answer with the charge.</param>
    /// <param name="cancellationToken">Gives up waiting; the same again tells.</param>
    /// <exception cref="AccessDeniedException">The caller may not report usage.</exception>
    public async Task<HoldResult> CaptureAsync(
        Caller caller, string holdId, Quantity? quantity, UsageProperties properties, Receipt<HoldResult.Captured>? receipt, CancellationToken cancellationToken)
    {
        UsageAccess.DemandReport(caller);
        if (await FindRowAsync(caller, holdId, cancellationToken) is not { } row)
        {
            return new HoldResult.NotFound();
        }

        if (EndOf(row) is { } ended)
        {
            return ended;
        }

        if (quantity is null && catalog.FindOperation(row.Operation) is { PricedByModel: false })
        {
            return new HoldResult.Rejected(new UsageRejection(UsageRejection.Invalid, "What was used must be said.", "quantity"));
        }

        var standing = await standings.GetAsync(caller.OrganizationId, cancellationToken);
        var reported = new UsageEvent(row.Id, row.Operation, quantity, null, properties.Over(row.Properties));
        return await tiers.PriceAsync(
            caller.OrganizationId, pricing.TieredPrice(reported, standing.Plan), standing.CycleStart,
            position => CaptureAsync(caller, standing, row, reported, position, receipt, cancellationToken), cancellationToken);
    }

    /// <summary>Frees a hold and charges nothing.</summary>
    /// <exception cref="AccessDeniedException">The caller may not report usage.</exception>
    public async Task<HoldResult> ReleaseAsync(Caller caller, string holdId, Receipt<HoldResult.Held>? receipt, CancellationToken cancellationToken)
    {
        UsageAccess.DemandReport(caller);
        if (await FindRowAsync(caller, holdId, cancellationToken) is not { } row)
        {
            return new HoldResult.NotFound();
        }

        if (EndOf(row) is { } ended)
        {
            return ended;
        }

        var released = ViewOf(row) with { State = UsageHoldState.Released };
        var command = new ReleaseUsageHold
        {
            OrganizationId = row.OrganizationId,
            Reference = EndReferenceOf(row),
            Source = row.Operation,
            Actor = caller.Actor,
            Hold = ClaimOf(row),
            Riders = [new EntityRider((db, _, ct) => EndRowAsync(db, row, UsageHoldState.Released, null, ct)), .. receipt.Riders(_ => released)],
        };
        return await writer.ExecuteAsync(command, cancellationToken) is PostResult.Posted ? released : await EndedMeanwhileAsync(caller, holdId, cancellationToken);
    }

    /// <summary>A hold of the caller's organization; null if it has none of that id.</summary>
    /// <exception cref="AccessDeniedException">The caller may not report usage.</exception>
    public async Task<HoldResult.Held?> FindAsync(Caller caller, string holdId, CancellationToken cancellationToken)
    {
        UsageAccess.DemandReport(caller);
        return await FindRowAsync(caller, holdId, cancellationToken) is { } row ? ViewOf(row) : null;
    }

    private async Task<HoldResult?> CaptureAsync(
        Caller caller, PlanStanding standing, UsageHold row, UsageEvent reported, TierPosition? position, Receipt<HoldResult.Captured>? receipt,
        CancellationToken cancellationToken)
    {
        if (pricing.Price(reported, standing.Plan, position?.Used ?? Quantity.Zero, clock.Now(), out var rejection) is not { } priced)
        {
            return new HoldResult.Rejected(rejection!);
        }

        var itemId = Ids.New("itm", priced.OccurredAt);
        var held = ViewOf(row) with { State = UsageHoldState.Captured };
        HoldResult.Captured? captured = null;
        var result = await poster.PostAsync(
            standing, priced,
            (due, now) =>
            {
                var charge = UsagePoster.Charge(caller, priced, itemId, EndReferenceOf(row), position, due, now);
                return charge with
                {
                    Captures = ClaimOf(row),
                    Riders =
                    [
                        .. charge.Riders,
                        new EntityRider((db, posted, ct) =>
                        {
                            captured = CapturedBy(posted, held, row);
                            return EndRowAsync(db, row, UsageHoldState.Captured, itemId, ct);
                        }),
                        .. receipt.Riders(_ => captured!),
                    ],
                };
            },
            cancellationToken);
        return result switch
        {
            PostResult.Posted => captured,
            PostResult.Refused { Refusal: Refusal.Insufficient shortage } => new HoldResult.Rejected(UsageRejection.Short(shortage)),
            PostResult.Refused { Refusal: Refusal.OverLimit over } => await OverAsync(caller, over),
            PostResult.Refused { Refusal: Refusal.Rule { Code: TierRider.Outdated } } => null,
            _ => await EndedMeanwhileAsync(caller, row.Id, cancellationToken),
        };
    }

    private async Task<HoldResult> OverAsync(Caller caller, Refusal.OverLimit over)
    {
        await notices.TellAsync(caller.OrganizationId, over);
        return new HoldResult.Rejected(UsageRejection.Over(over));
    }

    private async Task<HoldResult> EndedMeanwhileAsync(Caller caller, string holdId, CancellationToken cancellationToken) =>
        new HoldResult.Ended((await FindRowAsync(caller, holdId, cancellationToken))?.State ?? UsageHoldState.Open);

    private async Task<UsageHold?> FindRowAsync(Caller caller, string holdId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<UsageHold>().AsNoTracking().FirstOrDefaultAsync(row => row.OrganizationId == caller.OrganizationId && row.Id == holdId, cancellationToken);
    }

    private HoldResult.Ended? EndOf(UsageHold row) =>
        row.State is not UsageHoldState.Open || clock.Now() >= row.ExpiresAt ? new HoldResult.Ended(row.State) : null;

    private static UsageHold RowOf(Caller caller, PricedEvent priced, DateTimeOffset now, DateTimeOffset expiresAt) => new()
    {
        OrganizationId = caller.OrganizationId,
        Id = priced.Event.Id,
        Operation = priced.Rate.Id,
        QuantityMicros = priced.Quantity.Micros,
        PropertiesJson = UsageHold.JsonOf(priced.Event.Properties),
        CreditType = priced.Rate.CreditType,
        CreatedAt = now,
        ExpiresAt = expiresAt,
        State = UsageHoldState.Open,
    };

    private static void SetAmounts(UsageHold row, PostResult.Posted posted)
    {
        Credits In(string creditType) => Credits.Sum(posted.Holds.Where(placed => placed.Wallet.CreditType == creditType).Select(placed => placed.Hold.Amount));
        (row.CreditsMicros, row.IncludedMicros) = (In(row.CreditType), In(CreditTypes.IncludedMinutes));
    }

    private static HoldResult.Captured CapturedBy(PostResult.Posted posted, HoldResult.Held held, UsageHold row)
    {
        var debit = UsageDebit.Of(posted, row.OrganizationId, row.CreditType);
        return new HoldResult.Captured(held, debit.Credits, debit.Included, debit.BalanceAfter, debit.TransactionId);
    }

    private static Task<int> EndRowAsync(BillingDbContext db, UsageHold row, UsageHoldState state, string? itemId, CancellationToken cancellationToken) =>
        db.Set<UsageHold>()
            .Where(to => to.OrganizationId == row.OrganizationId && to.Id == row.Id)
            .ExecuteUpdateAsync(to => to.SetProperty(hold => hold.State, state).SetProperty(hold => hold.ItemId, itemId), cancellationToken);

    private static UsageHoldClaim ClaimOf(UsageHold row)
    {
        var payer = new WalletKey(row.OrganizationId, row.CreditType);
        return new UsageHoldClaim(
            row.Id, row.ExpiresAt, row.IncludedMicros.IsPositive ? [new(row.OrganizationId, CreditTypes.IncludedMinutes), payer] : [payer]);
    }

    private static string EndReferenceOf(UsageHold row) => $"hold:{row.Id}:end";

    private static string? AllowanceOf(PricedEvent priced) => priced.Usage is { IncludedUnits.IsPositive: true } ? CreditTypes.IncludedMinutes : null;

    private static HoldResult.Held ViewOf(UsageHold row) => new(
        row.Id, row.Operation, Quantity.FromMicros(row.QuantityMicros), row.CreditType, row.CreditsMicros, row.IncludedMicros, row.CreatedAt, row.ExpiresAt, row.State);
}
