using System.Diagnostics;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Gifting;

/// <summary>Gives bonus flows from one customer to another. Source: contract, "001 · Flows"; docs/decisions/0070.</summary>
public sealed class Gifts(
    IDbContextFactory<BillingDbContext> contexts,
    WalletWriter writer,
    WalletReader reader,
    IRecipients recipients,
    IBuyerNames names,
    IRateCounters counters,
    PriceCatalog catalog,
    IOptions<GiftOptions> options,
    TimeProvider clock,
    ILogger<Gifts> logger)
{
    /// <summary>Longest note, in characters.</summary>
    public const int NoteLength = 280;

    /// <summary>Most gifts on one page.</summary>
    public const int PageLimit = 100;

    private const string DailyLimitReached = "GIFT_DAILY_LIMIT";
    private const string NotWaiting = "GIFT_NOT_WAITING";

    // Far longer than the time to undo, so that a gift survives a portal that was down meanwhile.
    private static readonly TimeSpan HoldBeyondUndo = TimeSpan.FromDays(1);
    private static readonly TimeSpan Day = TimeSpan.FromHours(24);

    /// <summary>What the caller's organization can give now.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>flows:read</c>.</exception>
    public async Task<GiftAllowance> GetAllowanceAsync(Caller caller, CancellationToken cancellationToken)
    {
        var wallet = await reader.GetWalletAsync(caller, CreditTypes.Flows, cancellationToken);
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var today = await RecentAsync(db, caller.OrganizationId, now, cancellationToken);
        var left = Math.Max(0, options.Value.PerDay - today.Count);
        return new GiftAllowance(
            wallet.GiftableAt(now), BonusFlows.AvailableIn(wallet, now), catalog.GiftLimits.Minimum, catalog.GiftLimits.Maximum,
            left, left == 0 ? NextAt(today) : null);
    }

    /// <summary>Gives at once. Both sides commit together.</summary>
    /// <param name="caller">A key with <c>flows:write</c>, or a person who may spend for the organization.</param>
    /// <param name="wish">To an address that somebody has.</param>
    /// <param name="receipt">Stores the answer with the gift; null: nobody may ask again.</param>
    /// <param name="cancellationToken">Gives up waiting; the gift may still be given.</param>
    /// <exception cref="AccessDeniedException">The caller may not give.</exception>
    public async Task<GiftResult> SendAsync(Caller caller, GiftWish wish, Receipt<GiftResult.Given>? receipt, CancellationToken cancellationToken)
    {
        if (await CheckAsync(caller, wish, cancellationToken) is { } refused)
        {
            return refused;
        }

        if (await FindAsync(wish, cancellationToken) is not { } recipient)
        {
            return await CountUnknownAsync(caller, cancellationToken) ?? new GiftResult.RecipientNotFound();
        }

        if (IsSelf(caller, recipient))
        {
            return new GiftResult.ToSelf();
        }

        var gift = await NewGiftAsync(caller, wish, recipient, GiftState.Sent, null, cancellationToken);
        GiftResult.Given? given = null;
        var transfer = TransferOf(gift, recipient, caller.Actor) with
        {
            Riders =
            [
                new EntityRider(async (db, posted, ct) =>
                {
                    await StoreAsync(db, gift, ct);
                    Complete(db, gift, recipient, posted);
                    given = new GiftResult.Given(gift, await BonusLeftAsync(db, gift, ct));
                    receipt?.AddTo(db, given);
                }),
            ],
        };
        return await AnswerAsync(caller, () => given, await writer.ExecuteAsync(transfer, cancellationToken), cancellationToken);
    }

    /// <summary>Sets a gift aside: for the time to undo it, or, if nobody has that address, until somebody signs up with it.</summary>
    /// <param name="caller">A person who may spend for the organization.</param>
    /// <param name="wish">To any address.</param>
    /// <param name="formKey">The same again is the same gift.</param>
    /// <param name="cancellationToken">Gives up waiting; the gift may still be given.</param>
    /// <exception cref="AccessDeniedException">The caller may not give.</exception>
    public async Task<GiftResult> PrepareAsync(Caller caller, GiftWish wish, string formKey, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        if (await CheckAsync(caller, wish, cancellationToken) is { } refused)
        {
            return refused;
        }

        var recipient = await FindAsync(wish, cancellationToken);
        if (recipient is null && await CountUnknownAsync(caller, cancellationToken) is { } throttled)
        {
            return throttled;
        }

        if (recipient is not null && IsSelf(caller, recipient))
        {
            return new GiftResult.ToSelf();
        }

        var now = clock.Now();
        var amount = Credits.FromWhole(wish.Amount);
        var dueAt = recipient is null ? await InvitationEndAsync(caller, amount, now, cancellationToken) : now + options.Value.UndoWindow;
        var gift = await NewGiftAsync(caller, wish, recipient, recipient is null ? GiftState.Invited : GiftState.Waiting, dueAt, cancellationToken);
        GiftResult.Given? given = null;
        var hold = new PlaceHold
        {
            OrganizationId = caller.OrganizationId,
            Reference = $"gift-form:{formKey}",
            ResultId = gift.Id,
            Source = BonusFlows.GiftSource,
            Actor = caller.Actor,
            CreditType = CreditTypes.Flows,
            HoldId = gift.HoldId!,
            Amount = amount,
            ExpiresAt = recipient is null ? dueAt : dueAt + HoldBeyondUndo,
            IsGift = true,
            Riders =
            [
                new EntityRider(async (db, _, ct) =>
                {
                    await StoreAsync(db, gift, ct);
                    given = new GiftResult.Given(gift, await BonusLeftAsync(db, gift, ct));
                }),
            ],
        };
        return await AnswerAsync(caller, () => given, await writer.ExecuteAsync(hold, cancellationToken), cancellationToken);
    }

    /// <summary>Takes back a gift that has not arrived. Again: <see cref="GiftUndo.Undone"/> as before.</summary>
    /// <exception cref="AccessDeniedException">The caller may not give.</exception>
    public async Task<GiftUndo> UndoAsync(Caller caller, string giftId, CancellationToken cancellationToken)
    {
        DemandGiver(caller);
        if (await FindSentAsync(caller.OrganizationId, giftId, cancellationToken) is not { } gift)
        {
            return GiftUndo.NotFound;
        }

        if (gift.State is GiftState.Undone)
        {
            return GiftUndo.Undone;
        }

        return gift.HoldId is not null && await EndAsync(gift, GiftState.Undone, caller.Actor, cancellationToken) ? GiftUndo.Undone : GiftUndo.TooLate;
    }

    /// <summary>What the caller's organization gave, newest first, however it ended.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>flows:read</c>.</exception>
    public Task<GiftPage> ListSentAsync(Caller caller, string? after, int limit, CancellationToken cancellationToken) =>
        ListAsync(caller, rows => rows.Where(row => row.SenderOrganizationId == caller.OrganizationId), after, limit, cancellationToken);

    /// <summary>What the caller's organization received, newest first.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>flows:read</c>.</exception>
    public Task<GiftPage> ListReceivedAsync(Caller caller, string? after, int limit, CancellationToken cancellationToken) => ListAsync(
        caller, rows => rows.Where(row => row.RecipientOrganizationId == caller.OrganizationId && row.State == GiftState.Sent), after, limit, cancellationToken);

    /// <summary>Sends what was set aside for an address, now that somebody has signed up with it, and tells how many gifts there were.</summary>
    public async Task<int> ClaimAsync(string email, CancellationToken cancellationToken)
    {
        var key = EmailKey.Of(email);
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var waiting = await db.Set<Gift>().AsNoTracking()
            .Where(row => row.RecipientKey == key && row.State == GiftState.Invited && row.DueAt > now)
            .OrderBy(row => row.Id)
            .Take(PageLimit)
            .ToListAsync(cancellationToken);
        if (waiting.Count == 0 || await recipients.FindAsync(email, cancellationToken) is not { } recipient)
        {
            return 0;
        }

        foreach (var gift in waiting)
        {
            await DeliverAsync(gift, recipient, cancellationToken);
        }

        return waiting.Count;
    }

    /// <summary>Sends a gift that was set aside, or gives it back if it cannot be sent. Any number of times: it arrives once.</summary>
    internal async Task DeliverAsync(Gift gift, Recipient recipient, CancellationToken cancellationToken)
    {
        var transfer = TransferOf(gift, recipient, gift.SenderUserId is { } userId ? $"user:{userId}" : "system:gift") with
        {
            HoldId = gift.HoldId,
            Riders = [new EntityRider(async (db, posted, ct) => Complete(db, await WaitingAsync(db, gift.Id, ct), recipient, posted))],
        };
        if (await writer.ExecuteAsync(transfer, cancellationToken) is PostResult.Refused { Refusal: var refusal } && refusal is not Refusal.Rule { Code: NotWaiting })
        {
            logger.LogInformation("Gift {GiftId} could not be delivered: {Refusal}.", gift.Id, refusal);
            await EndAsync(gift, GiftState.Returned, "system:gift", cancellationToken);
        }
    }

    /// <summary>Ends a gift that has not arrived and frees what was set aside; false if it has arrived or ended.</summary>
    internal async Task<bool> EndAsync(Gift gift, GiftState state, string actor, CancellationToken cancellationToken)
    {
        var release = new ReleaseHold
        {
            OrganizationId = gift.SenderOrganizationId,
            Reference = $"gift-end:{gift.Id}",
            ResultId = gift.Id,
            Source = BonusFlows.GiftSource,
            Actor = actor,
            CreditType = CreditTypes.Flows,
            HoldId = gift.HoldId!,
            Riders = [new EntityRider(async (db, _, ct) => End(await WaitingAsync(db, gift.Id, ct), state))],
        };
        switch (await writer.ExecuteAsync(release, cancellationToken))
        {
            case PostResult.Posted:
                return true;
            case PostResult.Refused { Refusal: Refusal.HoldNotOpen }:
                // The hold ended by itself: there is only the row to end, and nobody to race but another like this.
                var now = clock.Now();
                await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
                {
                    return await db.Set<Gift>()
                        .Where(row => row.Id == gift.Id && (row.State == GiftState.Waiting || row.State == GiftState.Invited))
                        .ExecuteUpdateAsync(
                            row => row.SetProperty(g => g.State, state).SetProperty(g => g.DueAt, (DateTimeOffset?)null).SetProperty(g => g.EndedAt, now),
                            cancellationToken) == 1;
                }

            default:
                return false;
        }
    }

    private static void DemandGiver(Caller caller)
    {
        caller.DemandScope(Scopes.FlowsWrite);
        if (caller.Kind is CallerKind.User)
        {
            caller.DemandRole(MemberRole.Billing);
        }
    }

    private static bool IsSelf(Caller caller, Recipient recipient) =>
        recipient.OrganizationId == caller.OrganizationId || (caller.UserId is not null && recipient.UserId == caller.UserId);

    private static string UnknownCounter(Caller caller) => $"gift-unknown:{caller.OrganizationId}";

    private RateLimit UnknownLimit => new(options.Value.UnknownPerHour, TimeSpan.FromHours(1));

    private async Task<GiftResult?> CheckAsync(Caller caller, GiftWish wish, CancellationToken cancellationToken)
    {
        DemandGiver(caller);
        var (minimum, maximum) = (catalog.GiftLimits.Minimum, catalog.GiftLimits.Maximum);
        if (wish.Amount < 1 || wish.Amount > long.MaxValue / Credits.MicrosPerCredit
            || Credits.FromWhole(wish.Amount) < minimum || Credits.FromWhole(wish.Amount) > maximum)
        {
            return new GiftResult.AmountOutOfRange(minimum, maximum, wish.Amount > maximum.ToDecimal());
        }

        if (wish.Note?.Trim() is { Length: > NoteLength })
        {
            return new GiftResult.Invalid("note", $"A note has at most {NoteLength} characters.");
        }

        // Once the hour is used up nobody is looked up at all: an answer to a known address would tell as much as one to an unknown.
        var standing = await counters.PeekAsync(UnknownCounter(caller), UnknownLimit, cancellationToken);
        return standing.Allowed ? null : new GiftResult.TooManyUnknown(standing.NextAt);
    }

    private Task<Recipient?> FindAsync(GiftWish wish, CancellationToken cancellationToken) =>
        wish.RecipientEmail.Length > EmailKey.MaxLength ? Task.FromResult<Recipient?>(null) : recipients.FindAsync(wish.RecipientEmail, cancellationToken);

    private async Task<GiftResult?> CountUnknownAsync(Caller caller, CancellationToken cancellationToken)
    {
        var standing = await counters.TakeAsync(UnknownCounter(caller), UnknownLimit, cancellationToken);
        if (standing is { Allowed: true, Remaining: 0 })
        {
            logger.LogWarning("{OrganizationId} tried to give to {Count} unknown addresses within an hour and has to wait.", caller.OrganizationId, UnknownLimit.Count);
        }

        return standing.Allowed ? null : new GiftResult.TooManyUnknown(standing.NextAt);
    }

    /// <summary>When an invitation ends: after its days, or when the first of the credit it is paid from expires.</summary>
    private async Task<DateTimeOffset> InvitationEndAsync(Caller caller, Credits amount, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var wallet = await reader.GetWalletAsync(new WalletKey(caller.OrganizationId, CreditTypes.Flows), cancellationToken);
        var draws = Drawdown.Plan(wallet.Buckets.Where(bucket => bucket.Giftable), wallet.PromisedAt(now) + amount, now).Draws;
        var end = now.AddDays(options.Value.InvitationDays);
        return draws.Select(draw => draw.Bucket.ExpiresAt ?? end).Append(end).Min();
    }

    private async Task<Gift> NewGiftAsync(
        Caller caller, GiftWish wish, Recipient? recipient, GiftState state, DateTimeOffset? dueAt, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        return new Gift
        {
            Id = Ids.New("gift", now),
            SenderOrganizationId = caller.OrganizationId,
            SenderName = await names.NameOfAsync(caller.OrganizationId, cancellationToken),
            SenderUserId = caller.UserId,
            RecipientEmail = wish.RecipientEmail.Trim(),
            RecipientKey = EmailKey.Of(wish.RecipientEmail),
            RecipientUserId = recipient?.UserId,
            RecipientOrganizationId = recipient?.OrganizationId,
            AmountMicros = Credits.FromWhole(wish.Amount),
            Note = string.IsNullOrWhiteSpace(wish.Note) ? null : wish.Note.Trim(),
            State = state,
            CreatedAt = now,
            DueAt = dueAt,
            HoldId = dueAt is null ? null : Ids.New("hold", now),
        };
    }

    private static GiftTransfer TransferOf(Gift gift, Recipient recipient, string actor) => new()
    {
        OrganizationId = gift.SenderOrganizationId,
        RecipientOrganizationId = recipient.OrganizationId,
        CreditType = CreditTypes.Flows,
        Reference = $"gift:{gift.Id}",
        ResultId = gift.Id,
        Source = BonusFlows.GiftSource,
        Note = gift.Note,
        Actor = actor,
        Amount = gift.AmountMicros,
    };

    // Counted where the giver's wallet is locked, so that gifts given at once do not pass the limit together.
    private async Task StoreAsync(BillingDbContext db, Gift gift, CancellationToken cancellationToken)
    {
        var recent = await RecentAsync(db, gift.SenderOrganizationId, gift.CreatedAt, cancellationToken);
        if (recent.Count >= options.Value.PerDay)
        {
            throw new RiderVetoException(new Refusal.Rule(DailyLimitReached, "The day allows no more gifts."));
        }

        db.Add(gift);
    }

    private static async Task<Gift> WaitingAsync(BillingDbContext db, string giftId, CancellationToken cancellationToken) =>
        await db.Set<Gift>().SingleOrDefaultAsync(
            row => row.Id == giftId && (row.State == GiftState.Waiting || row.State == GiftState.Invited), cancellationToken)
        ?? throw new RiderVetoException(new Refusal.Rule(NotWaiting, "The gift has arrived or ended."));

    private void Complete(BillingDbContext db, Gift gift, Recipient recipient, PostResult.Posted posted)
    {
        var sent = posted.Transactions.Single(transaction => transaction.Type is TransactionType.GiftSent);
        var received = posted.Transactions.Single(transaction => transaction.Type is TransactionType.GiftReceived);
        gift.RecipientUserId = recipient.UserId;
        gift.RecipientOrganizationId = recipient.OrganizationId;
        gift.TransactionId = sent.Id;
        End(gift, GiftState.Sent);
        db.Add(OutboxEvent.Of(
            recipient.OrganizationId,
            "flow.gift_received",
            new
            {
                TransactionId = received.Id,
                Amount = gift.AmountMicros.ToDecimal(),
                SenderId = gift.SenderUserId ?? gift.SenderOrganizationId,
                RecipientId = recipient.UserId,
                gift.Note,
            },
            received.Header.RecordedAt));
    }

    private void End(Gift gift, GiftState state)
    {
        gift.State = state;
        gift.DueAt = null;
        gift.EndedAt = clock.Now();
    }

    private async Task<GiftResult> AnswerAsync(Caller caller, Func<GiftResult.Given?> given, PostResult result, CancellationToken cancellationToken)
    {
        switch (result)
        {
            case PostResult.Posted:
                return given() ?? throw new UnreachableException("A gift was posted without its row.");
            case PostResult.Replayed { ResultId: { } giftId }:
                var first = await FindSentAsync(caller.OrganizationId, giftId, cancellationToken)
                    ?? throw new InvalidOperationException($"The gift {giftId} was posted without a row.");
                await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
                {
                    return new GiftResult.Given(first, await BonusLeftAsync(db, first, cancellationToken));
                }

            case PostResult.Refused { Refusal: Refusal.Insufficient shortage }:
                return new GiftResult.Insufficient(shortage.Available);
            case PostResult.Refused { Refusal: Refusal.BalanceTooLarge }:
                return new GiftResult.CannotReceive();
            case PostResult.Refused { Refusal: Refusal.Rule { Code: DailyLimitReached } }:
                await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
                {
                    var recent = await RecentAsync(db, caller.OrganizationId, clock.Now(), cancellationToken);
                    return new GiftResult.DailyLimit(options.Value.PerDay, NextAt(recent));
                }

            default:
                throw new UnreachableException($"A gift was answered with {result}.");
        }
    }

    private async Task<Credits> BonusLeftAsync(BillingDbContext db, Gift gift, CancellationToken cancellationToken) =>
        BonusFlows.AvailableIn(await WalletReader.ReadAsync(db, new WalletKey(gift.SenderOrganizationId, CreditTypes.Flows), cancellationToken), clock.Now());

    /// <summary>When the gifts of the last 24 hours were given, oldest first.</summary>
    private static async Task<IReadOnlyList<DateTimeOffset>> RecentAsync(
        BillingDbContext db, string organizationId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        // The id for the index, the instant for the last millisecond.
        var start = now - Day;
        var earliest = Ids.First("gift", start);
        return await db.Set<Gift>().AsNoTracking()
            .Where(row => row.SenderOrganizationId == organizationId && row.Id.CompareTo(earliest) > 0 && row.CreatedAt > start)
            .Where(row => row.State != GiftState.Undone && row.State != GiftState.Returned)
            .OrderBy(row => row.Id)
            .Select(row => row.CreatedAt)
            .ToListAsync(cancellationToken);
    }

    private DateTimeOffset NextAt(IReadOnlyList<DateTimeOffset> recent) =>
        recent.Count < options.Value.PerDay ? clock.Now() : recent[recent.Count - options.Value.PerDay] + Day;

    private async Task<Gift?> FindSentAsync(string organizationId, string giftId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Gift>().AsNoTracking().SingleOrDefaultAsync(row => row.Id == giftId && row.SenderOrganizationId == organizationId, cancellationToken);
    }

    private async Task<GiftPage> ListAsync(
        Caller caller, Func<IQueryable<Gift>, IQueryable<Gift>> filter, string? after, int limit, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.FlowsRead);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, PageLimit);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = filter(db.Set<Gift>().AsNoTracking());
        if (after is not null)
        {
            rows = rows.Where(row => row.Id.CompareTo(after) < 0);
        }

        var page = await rows.OrderByDescending(row => row.Id).Take(limit + 1).ToListAsync(cancellationToken);
        return page.Count > limit ? new GiftPage(page[..limit], page[limit - 1].Id) : new GiftPage(page, null);
    }
}
