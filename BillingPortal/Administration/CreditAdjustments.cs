using System.Collections.Immutable;
using System.Diagnostics;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Audit;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Administration;

/// <summary>What an administrator wants done to somebody's credit.</summary>
/// <param name="OrganizationId">Whose.</param>
/// <param name="CreditType">One of <see cref="CreditAdjustments.Adjustable"/>.</param>
/// <param name="Kind">What.</param>
/// <param name="Amount">More than zero, at most <see cref="CreditAdjustments.Largest"/>; of a voided grant at most this much of what is left.</param>
/// <param name="Source">What for: one of <see cref="CreditAdjustments.Sources"/>.</param>
/// <param name="Reason">Why, 3 to <see cref="CreditAdjustments.ReasonLength"/> characters; the customer reads it.</param>
/// <param name="Reference">The same again does nothing more, for ever; at most <see cref="CreditAdjustments.ReferenceLength"/> characters.</param>
/// <param name="ExpiresAt">When what is granted is forfeited; null: never.</param>
/// <param name="BucketId">The grant that is voided.</param>
public sealed record AdjustmentWish(
    string OrganizationId,
    string CreditType,
    AdjustmentKind Kind,
    Credits Amount,
    string Source,
    string Reason,
    string Reference,
    DateTimeOffset? ExpiresAt = null,
    string? BucketId = null);

/// <summary>What a wish would do, or what became of it.</summary>
public abstract record AdjustmentResult
{
    private AdjustmentResult()
    {
    }

    /// <summary>It can be done.</summary>
    /// <param name="Before">The balance now.</param>
    /// <param name="After">The balance after it.</param>
    /// <param name="Alike">What was done to the same customer with the same amount and source within <see cref="CreditAdjustments.AlikeWithin"/>; a sign that this is one too many.</param>
    public sealed record Possible(Credits Before, Credits After, IReadOnlyList<CreditAdjustment> Alike) : AdjustmentResult;

    /// <summary>It is done; or, as a replay, had been done before under its reference.</summary>
    public sealed record Done(CreditAdjustment Adjustment, Credits Before, Credits After, bool IsReplay) : AdjustmentResult;

    /// <summary>The named part of the wish cannot be; nothing was done.</summary>
    public sealed record Invalid(string Field, string Message) : AdjustmentResult;

    /// <summary>There is no such organization.</summary>
    public sealed record NoSuchOrganization : AdjustmentResult;
}

/// <summary>What became of undoing.</summary>
public abstract record AdjustmentUndo
{
    private AdjustmentUndo()
    {
    }

    /// <summary>The opposite was posted, now or before.</summary>
    /// <param name="Amount">How much of it could be taken or given back.</param>
    public sealed record Undone(Credits Amount) : AdjustmentUndo;

    /// <summary>All that was granted is used or expired.</summary>
    public sealed record NothingLeft : AdjustmentUndo;

    /// <summary>It is older than <see cref="CreditAdjustments.UndoWithin"/>.</summary>
    public sealed record TooLate : AdjustmentUndo;

    /// <summary>There is nothing of that id.</summary>
    public sealed record NotFound : AdjustmentUndo;
}

/// <summary>Grants, deducts and voids credit by hand, and undoes that. For platform administrators who gave their password lately.</summary>
public sealed class CreditAdjustments(
    IDbContextFactory<BillingDbContext> contexts,
    PlanStandings standings,
    DueAllowances allowances,
    CurrentWallets wallets,
    WalletWriter writer,
    TimeProvider clock)
{
    public const int ReasonLength = 500;

    public const int ReferenceLength = 200;

    /// <summary>Most adjustments on one page.</summary>
    public const int PageLimit = 100;

    private const int ShortestReason = 3;

    /// <summary>How long something counts as perhaps done twice.</summary>
    public static readonly TimeSpan AlikeWithin = TimeSpan.FromHours(24);

    /// <summary>How long something can be undone.</summary>
    public static readonly TimeSpan UndoWithin = TimeSpan.FromHours(24);

    /// <summary>The most that one wish moves.</summary>
    public static Credits Largest { get; } = Credits.FromWhole(1_000_000);

    /// <summary>What for.</summary>
    public static ImmutableArray<string> Sources { get; } = ["support", "promo", "referral", "correction"];

    /// <summary>The credit that is moved by hand.</summary>
    public static ImmutableArray<string> Adjustable { get; } = [CreditTypes.Credits, CreditTypes.Flows, CreditTypes.ApiCredits];

    /// <summary>What a wish would do; changes nothing.</summary>
    /// <exception cref="AccessDeniedException">The caller is no platform administrator.</exception>
    public async Task<AdjustmentResult> PreviewAsync(Caller caller, AdjustmentWish wish, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        caller.DemandPlatformAdministrator();
        if (FaultOf(wish, clock.Now()) is { } fault)
        {
            return fault;
        }

        if (!await ExistsAsync(wish.OrganizationId, cancellationToken))
        {
            return new AdjustmentResult.NoSuchOrganization();
        }

        var now = clock.Now();
        var wallet = await WalletOfAsync(wish, cancellationToken);
        var (available, voidable) = (wallet.AvailableAt(now), FindVoidable(wallet, wish.BucketId, now)?.Remaining);
        if (wish.Kind is AdjustmentKind.Deduction && wish.Amount > available)
        {
            return TooMuch(available);
        }

        if (wish.Kind is AdjustmentKind.Void && voidable is null)
        {
            return NothingToVoid;
        }

        var before = wallet.BalanceAt(now);
        var change = wish.Kind switch
        {
            AdjustmentKind.Grant => wish.Amount,
            AdjustmentKind.Deduction => -wish.Amount,
            _ => -Credits.Min(wish.Amount, voidable ?? Credits.Zero),
        };
        return new AdjustmentResult.Possible(before, before + change, await AlikeAsync(wish, now, cancellationToken));
    }

    /// <summary>Does it, at most once for its reference.</summary>
    /// <exception cref="AccessDeniedException">The caller is no platform administrator, or is to give the password again.</exception>
    public async Task<AdjustmentResult> DoAsync(Caller caller, AdjustmentWish wish, CancellationToken cancellationToken)
    {
        caller.DemandConfirmedAdministrator(clock.Now());
        if (FaultOf(wish, clock.Now()) is { } fault)
        {
            return fault;
        }

        return await ExistsAsync(wish.OrganizationId, cancellationToken)
            ? await PostAsync(caller, wish, null, null, cancellationToken)
            : new AdjustmentResult.NoSuchOrganization();
    }

    /// <summary>Posts the opposite: what is left of a grant is taken back, what was taken comes back as bonus credit.</summary>
    /// <exception cref="AccessDeniedException">The caller is no platform administrator, or is to give the password again.</exception>
    public async Task<AdjustmentUndo> UndoAsync(Caller caller, string adjustmentId, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        caller.DemandConfirmedAdministrator(now);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<CreditAdjustment>().AsNoTracking().SingleOrDefaultAsync(row => row.Id == adjustmentId, cancellationToken) switch
        {
            null => new AdjustmentUndo.NotFound(),
            { UndoneAt: not null } undone => new AdjustmentUndo.Undone(undone.AmountMicros),
            { At: var at } when at + UndoWithin <= now => new AdjustmentUndo.TooLate(),
            { } adjustment => await ReverseAsync(caller, adjustment, null, cancellationToken),
        };
    }

    /// <summary>What was done to an organization's credit by hand, newest first.</summary>
    /// <param name="caller">A platform administrator.</param>
    /// <param name="organizationId">Whose.</param>
    /// <param name="before">The page after this one; null: the newest.</param>
    /// <param name="limit">1 to <see cref="PageLimit"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">The caller is no platform administrator.</exception>
    public async Task<IReadOnlyList<CreditAdjustment>> ListAsync(
        Caller caller, string organizationId, string? before, int limit, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        caller.DemandPlatformAdministrator();
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, PageLimit);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = db.Set<CreditAdjustment>().AsNoTracking().Where(row => row.OrganizationId == organizationId);
        if (before is not null)
        {
            rows = rows.Where(row => row.Id.CompareTo(before) < 0);
        }

        return await rows.OrderByDescending(row => row.Id).Take(limit).ToListAsync(cancellationToken);
    }

    /// <summary>What is wrong with a wish by itself, whomever it is for; null if nothing is.</summary>
    internal static AdjustmentResult.Invalid? FaultOf(AdjustmentWish wish, DateTimeOffset now)
    {
        if (!Adjustable.Contains(wish.CreditType))
        {
            return new("creditType", $"Credit is one of {string.Join(", ", Adjustable)}.");
        }

        if (wish.Kind is AdjustmentKind.Void && wish.BucketId is null)
        {
            return new("bucketId", "Choose the grant that is voided.");
        }

        if (!wish.Amount.IsPositive || wish.Amount > Largest)
        {
            return new("amount", $"The amount is more than 0 and at most {Largest}.");
        }

        if (!Sources.Contains(wish.Source))
        {
            return new("source", $"A source is one of {string.Join(", ", Sources)}.");
        }

        if (wish.Reason.Trim().Length is < ShortestReason or > ReasonLength || wish.Reason.Any(char.IsControl))
        {
            return new("reason", $"Say why in {ShortestReason} to {ReasonLength} characters, on one line.");
        }

        if (wish.Reference.Length is 0 or > ReferenceLength || wish.Reference.Any(char.IsControl))
        {
            return new("reference", $"A reference has 1 to {ReferenceLength} characters, none of them a control character.");
        }

        return wish.ExpiresAt <= now ? new("expiresAt", "A grant expires in the future, or never.") : null;
    }

    /// <summary>Posts a wish without a fault.</summary>
    /// <param name="caller">Who is logged for it.</param>
    /// <param name="wish">For an organization that there is.</param>
    /// <param name="batchId">The file it came from; null if none.</param>
    /// <param name="rider">What else commits with it; null: nothing.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    internal async Task<AdjustmentResult> PostAsync(
        Caller caller, AdjustmentWish wish, string? batchId, Func<BillingDbContext, CreditAdjustment, Task>? rider, CancellationToken cancellationToken)
    {
        // What is due is posted with it, so that the balances in the answer are whole ones.
        var standing = await standings.GetAsync(wish.OrganizationId, cancellationToken);
        var now = clock.Now();
        var due = allowances.Outstanding(standing, now, wish.CreditType);
        var id = Ids.New("adj", now);
        var bucket = wish.Kind is AdjustmentKind.Void ? FindVoidable(await WalletOfAsync(wish, cancellationToken), wish.BucketId, now) : null;
        if (wish.Kind is AdjustmentKind.Void && bucket is null)
        {
            return NothingToVoid;
        }

        AdjustmentResult.Done? done = null;
        var riding = new EntityRider(async (db, posted, _) =>
        {
            var transaction = posted.Transactions[0];
            var adjustment = new CreditAdjustment
            {
                Id = id,
                OrganizationId = wish.OrganizationId,
                CreditType = wish.CreditType,
                Kind = wish.Kind,
                AmountMicros = transaction.Amount.IsNegative ? -transaction.Amount : transaction.Amount,
                Source = wish.Source,
                Reason = wish.Reason.Trim(),
                ExpiresAt = bucket?.ExpiresAt ?? wish.ExpiresAt,
                Giftable = bucket?.Giftable ?? IsGiftable(wish.CreditType),
                BucketId = wish.Kind is AdjustmentKind.Deduction ? null : transaction.Postings.First(posting => posting.Account.BucketId is not null).Account.BucketId,
                TransactionId = transaction.Id,
                Actor = caller.Actor,
                At = transaction.Header.RecordedAt,
                BatchId = batchId,
            };
            var before = transaction.BalanceAfter - transaction.Amount;
            db.Add(adjustment);
            db.Record(
                caller, adjustment.At, ActOf(wish.Kind), id, new { Balance = before },
                new { Balance = transaction.BalanceAfter, wish.CreditType, Amount = adjustment.AmountMicros, wish.Source, adjustment.Reason, adjustment.ExpiresAt, batchId },
                wish.OrganizationId);
            if (wish.Kind is AdjustmentKind.Grant)
            {
                db.Add(GrantedEvent(adjustment, transaction.BalanceAfter));
            }

            await (rider?.Invoke(db, adjustment) ?? Task.CompletedTask);
            done = new AdjustmentResult.Done(adjustment, before, transaction.BalanceAfter, IsReplay: false);
        });
        var result = await writer.ExecuteAsync(CommandOf(caller, wish, id) with { Due = due, Riders = [riding] }, cancellationToken);
        if (result is PostResult.Posted)
        {
            allowances.Confirm(standing, now, due);
        }

        return result switch
        {
            PostResult.Posted => done ?? throw new UnreachableException("An adjustment was posted without its riders."),
            PostResult.Replayed replayed => await ReplayAsync(wish, replayed.ResultId!, cancellationToken),
            PostResult.Refused { Refusal: Refusal.Insufficient shortage } => wish.Kind is AdjustmentKind.Void ? NothingToVoid : TooMuch(shortage.Available),
            PostResult.Refused { Refusal: Refusal.BalanceTooLarge } => new AdjustmentResult.Invalid("amount", "The wallet cannot hold that much."),
            var other => throw new UnreachableException($"An adjustment was answered with {other}."),
        };
    }

    /// <summary>Posts the opposite of what was not undone yet.</summary>
    internal async Task<AdjustmentUndo> ReverseAsync(
        Caller caller, CreditAdjustment adjustment, Func<BillingDbContext, Task>? rider, CancellationToken cancellationToken)
    {
        Credits? moved = null;
        var riding = new EntityRider(async (db, posted, ct) =>
        {
            var transaction = posted.Transactions[0];
            var row = await db.Set<CreditAdjustment>().SingleAsync(candidate => candidate.Id == adjustment.Id, ct);
            (row.UndoneAt, row.UndoneBy, row.UndoTransactionId) = (transaction.Header.RecordedAt, caller.Actor, transaction.Id);
            moved = transaction.Amount.IsNegative ? -transaction.Amount : transaction.Amount;
            db.Record(
                caller, transaction.Header.RecordedAt, AuditActs.CreditUndone, row.Id, new { Balance = transaction.BalanceAfter - transaction.Amount },
                new { Balance = transaction.BalanceAfter, row.CreditType, Amount = moved, row.Kind }, row.OrganizationId);
            if (row.Kind is not AdjustmentKind.Grant)
            {
                db.Add(GrantedEvent(row, transaction.BalanceAfter));
            }

            await (rider?.Invoke(db) ?? Task.CompletedTask);
        });
        return await writer.ExecuteAsync(OppositeOf(caller, adjustment) with { Riders = [riding] }, cancellationToken) switch
        {
            PostResult.Posted => new AdjustmentUndo.Undone(moved ?? throw new UnreachableException("An adjustment was undone without its riders.")),
            PostResult.Replayed => new AdjustmentUndo.Undone(adjustment.AmountMicros),
            _ => new AdjustmentUndo.NothingLeft(),
        };
    }

    private static AdjustmentResult.Invalid NothingToVoid { get; } = new("bucketId", "Nothing is left of that grant, or it is no bonus credit of this customer.");

    private static AdjustmentResult.Invalid TooMuch(Credits available) => new("amount", $"Only {available} can be taken: more is not there, or is reserved.");

    // Bonus flows may be given away, as those that the API grants; credits and API credits never are.
    private static bool IsGiftable(string creditType) => creditType == CreditTypes.Flows;

    private static string ActOf(AdjustmentKind kind) => kind switch
    {
        AdjustmentKind.Grant => AuditActs.CreditGranted,
        AdjustmentKind.Deduction => AuditActs.CreditDeducted,
        _ => AuditActs.CreditVoided,
    };

    private static WalletCommand CommandOf(Caller caller, AdjustmentWish wish, string id)
    {
        var (reference, note) = ($"adjustment:{wish.Reference}", wish.Reason.Trim());
        return wish.Kind switch
        {
            AdjustmentKind.Grant => new Grant
            {
                OrganizationId = wish.OrganizationId,
                CreditType = wish.CreditType,
                Reference = reference,
                Source = wish.Source,
                Actor = caller.Actor,
                Note = note,
                ResultId = id,
                Deposit = new Deposit(BucketKind.Promotional, wish.Amount, wish.ExpiresAt, id, IsGiftable(wish.CreditType)),
            },
            AdjustmentKind.Deduction => new Deduction
            {
                OrganizationId = wish.OrganizationId,
                CreditType = wish.CreditType,
                Reference = reference,
                Source = wish.Source,
                Actor = caller.Actor,
                Note = note,
                ResultId = id,
                Amount = wish.Amount,
            },
            _ => new VoidGrant
            {
                OrganizationId = wish.OrganizationId,
                CreditType = wish.CreditType,
                Reference = reference,
                Source = wish.Source,
                Actor = caller.Actor,
                Note = note,
                ResultId = id,
                BucketId = wish.BucketId!,
                Amount = wish.Amount,
            },
        };
    }

    private static WalletCommand OppositeOf(Caller caller, CreditAdjustment adjustment)
    {
        var (reference, note) = ($"undo:{adjustment.Id}", $"Undone: {adjustment.Reason}");
        return adjustment.Kind is AdjustmentKind.Grant
            ? new VoidGrant
            {
                OrganizationId = adjustment.OrganizationId,
                CreditType = adjustment.CreditType,
                Reference = reference,
                Source = adjustment.Source,
                Actor = caller.Actor,
                Note = note,
                BucketId = adjustment.BucketId!,
                Amount = adjustment.AmountMicros,
            }
            : new Grant
            {
                OrganizationId = adjustment.OrganizationId,
                CreditType = adjustment.CreditType,
                Reference = reference,
                Source = adjustment.Source,
                Actor = caller.Actor,
                Note = note,
                Deposit = new Deposit(BucketKind.Promotional, adjustment.AmountMicros, adjustment.ExpiresAt, adjustment.Id, adjustment.Giftable),
            };
    }

    private static OutboxEvent GrantedEvent(CreditAdjustment adjustment, Credits balance) => OutboxEvent.Of(
        adjustment.OrganizationId,
        "credits.granted",
        new
        {
            TransactionId = adjustment.UndoTransactionId ?? adjustment.TransactionId,
            adjustment.CreditType,
            Credits = adjustment.AmountMicros.ToDecimal(),
            adjustment.Source,
            Note = adjustment.Reason,
            adjustment.ExpiresAt,
            BalanceAfter = balance.ToDecimal(),
        },
        adjustment.UndoneAt ?? adjustment.At);

    private static Bucket? FindVoidable(Wallet wallet, string? bucketId, DateTimeOffset now) =>
        wallet.Buckets.FirstOrDefault(bucket => bucket.Id == bucketId && bucket.Kind is BucketKind.Promotional && bucket.IsLiveAt(now) && bucket.Remaining.IsPositive);

    private Task<Wallet> WalletOfAsync(AdjustmentWish wish, CancellationToken cancellationToken) =>
        wallets.GetWalletAsync(Caller.ForSystem("adjustment", wish.OrganizationId), wish.CreditType, cancellationToken);

    private async Task<AdjustmentResult> ReplayAsync(AdjustmentWish wish, string adjustmentId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var first = await db.Set<CreditAdjustment>().AsNoTracking().SingleAsync(row => row.Id == adjustmentId, cancellationToken);
        if (first.CreditType != wish.CreditType || first.Kind != wish.Kind || (wish.Kind is not AdjustmentKind.Void && first.AmountMicros != wish.Amount))
        {
            return new AdjustmentResult.Invalid("reference", "This reference stands for something else that was done before.");
        }

        var balance = await wallets.GetBalanceAsync(Caller.ForSystem("adjustment", wish.OrganizationId), wish.CreditType, cancellationToken);
        return new AdjustmentResult.Done(first, balance.Balance, balance.Balance, IsReplay: true);
    }

    private async Task<IReadOnlyList<CreditAdjustment>> AlikeAsync(AdjustmentWish wish, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var since = Ids.First("adj", now - AlikeWithin);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<CreditAdjustment>().AsNoTracking()
            .Where(row => row.OrganizationId == wish.OrganizationId && row.Id.CompareTo(since) >= 0 && row.UndoneAt == null)
            .Where(row => row.CreditType == wish.CreditType && row.Kind == wish.Kind && row.AmountMicros == wish.Amount && row.Source == wish.Source)
            .OrderByDescending(row => row.Id).Take(PageLimit).ToListAsync(cancellationToken);
    }

    private async Task<bool> ExistsAsync(string organizationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Organization>().AnyAsync(row => row.Id == organizationId, cancellationToken);
    }
}
