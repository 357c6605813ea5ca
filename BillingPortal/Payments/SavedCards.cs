using BillingPortal.Access;
using BillingPortal.Audit;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Payments;

/// <summary>A saved card as people see it.</summary>
/// <param name="Id">card_…</param>
/// <param name="Brand">Lower case: visa.</param>
/// <param name="Last4">Its last four digits.</param>
/// <param name="ExpiryMonth">1 to 12.</param>
/// <param name="ExpiryYear">Four digits.</param>
/// <param name="IsDefault">Whether it is the one that is charged.</param>
/// <param name="IsExpired">Whether its time is over.</param>
/// <param name="AddedAt">When it was saved.</param>
public sealed record SavedCardView(
    string Id, string Brand, string Last4, int ExpiryMonth, int ExpiryYear, bool IsDefault, bool IsExpired, DateTimeOffset AddedAt)
{
    internal static SavedCardView Of(SavedCard card, DateTimeOffset now) => new(
        card.Id, card.Brand, card.Last4, (int)card.ExpiryMonth, (int)card.ExpiryYear, card.IsDefault,
        (now.Year * 12L) + now.Month > (card.ExpiryYear * 12) + card.ExpiryMonth, card.AddedAt);
}

/// <summary>What became of the wish to save a card.</summary>
public abstract record CardSetupStart
{
    private CardSetupStart()
    {
    }

    /// <summary>There is a page on which to enter it.</summary>
    public sealed record Ready(string Url) : CardSetupStart;

    /// <summary>As many cards are saved as may be.</summary>
    public sealed record TooMany : CardSetupStart;

    /// <summary>The gateway did not answer; nothing was saved.</summary>
    public sealed record GatewayDown : CardSetupStart;
}

/// <summary>The cards of organizations: saved on the gateway's page, listed here, charged by <see cref="CardCharges"/>.</summary>
public sealed class SavedCards(
    IDbContextFactory<BillingDbContext> contexts,
    IStoreSessions stores,
    IPaymentGateway gateway,
    PortalAddress address,
    PaymentMetrics metrics,
    IOptions<PaymentOptions> options,
    TimeProvider clock,
    ILogger<SavedCards> logger)
{
    /// <summary>How many cards an organization may keep.</summary>
    public const int MaxCards = 10;

    /// <summary>The cards of the caller's organization, the one that is charged first.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>billing:read</c>.</exception>
    public async Task<IReadOnlyList<SavedCardView>> ListAsync(Caller caller, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var cards = await Kept(db, caller.OrganizationId).AsNoTracking()
            .OrderByDescending(row => row.IsDefault).ThenByDescending(row => row.Id)
            .Take(MaxCards).ToListAsync(cancellationToken);
        return [.. cards.Select(card => SavedCardView.Of(card, clock.Now()))];
    }

    /// <summary>Opens the gateway's page on which a card is saved; nothing is charged there.</summary>
    /// <param name="caller">A person of role billing.</param>
    /// <param name="returnPath">The portal's page to come back to.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="AccessDeniedException">The caller may not spend money.</exception>
    public async Task<CardSetupStart> StartSetupAsync(Caller caller, string returnPath, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Billing);
        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            if (await Kept(db, caller.OrganizationId).CountAsync(cancellationToken) >= MaxCards)
            {
                return new CardSetupStart.TooMany();
            }
        }

        try
        {
            using var patience = new CancellationTokenSource(options.Value.CheckoutTimeout);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
            var customer = await EnsureCustomerAsync(caller.OrganizationId, either.Token);
            var now = clock.Now();
            var back = address.Absolute(returnPath);
            var page = await gateway.OpenCardSetupAsync(
                new CardSetupOrder(Ids.New("setup", now), customer, $"{back}?saved=1", $"{back}?canceled=1", now + options.Value.CheckoutLifetime), either.Token);
            return new CardSetupStart.Ready(page.Url);
        }
        catch (Exception exception) when (exception is GatewayException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            metrics.GatewayFailed();
            logger.LogWarning("The gateway opened no page to save a card of {OrganizationId}: {Reason}", caller.OrganizationId, exception.Message);
            return new CardSetupStart.GatewayDown();
        }
    }

    /// <summary>Asks the gateway which cards there are, for a browser that comes back from its page; quietly keeps what is known if it does not answer.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>billing:read</c>.</exception>
    public async Task<IReadOnlyList<SavedCardView>> ArriveAsync(Caller caller, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        try
        {
            using var patience = new CancellationTokenSource(options.Value.InquiryTimeout);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
            await RefreshAsync(caller.OrganizationId, either.Token);
        }
        catch (Exception exception) when (exception is GatewayException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            metrics.GatewayFailed();
            logger.LogWarning("The gateway did not list the cards of {OrganizationId}: {Reason}", caller.OrganizationId, exception.Message);
        }

        return await ListAsync(caller, cancellationToken);
    }

    /// <summary>Makes a card the one that is charged; false if the caller's organization has no such card.</summary>
    /// <exception cref="AccessDeniedException">The caller may not spend money.</exception>
    public async Task<bool> MakeDefaultAsync(Caller caller, string cardId, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Billing);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (!await Kept(db, caller.OrganizationId).AnyAsync(row => row.Id == cardId, cancellationToken))
        {
            return false;
        }

        await ChooseAsync(db, caller.OrganizationId, cardId, caller, cancellationToken);
        return true;
    }

    /// <summary>Removes a card, at the gateway first; false if the caller's organization has no such card.</summary>
    /// <exception cref="AccessDeniedException">The caller may not spend money.</exception>
    /// <exception cref="GatewayException">The gateway did not answer: the card is still there.</exception>
    public async Task<bool> RemoveAsync(Caller caller, string cardId, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Billing);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await Kept(db, caller.OrganizationId).AsNoTracking().FirstOrDefaultAsync(row => row.Id == cardId, cancellationToken) is not { } card)
        {
            return false;
        }

        using (var patience = new CancellationTokenSource(options.Value.CheckoutTimeout))
        using (var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken))
        {
            try
            {
                await gateway.RemoveCardAsync(card.PaymentMethodId, either.Token);
            }
            catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
            {
                throw new GatewayException("The gateway did not answer in time.", exception);
            }
        }

        await using (var unit = await db.Database.BeginTransactionAsync(cancellationToken))
        {
            await MarkRemovedAsync(db, [cardId], cancellationToken);
            db.Record(caller, clock.Now(), AuditActs.CardRemoved, cardId, new { card.Brand, card.Last4 }, null);
            await db.SaveChangesAsync(cancellationToken);
            await unit.CommitAsync(cancellationToken);
        }

        await ChooseIfNoneAsync(db, caller.OrganizationId, cancellationToken);
        return true;
    }

    /// <summary>The card that is charged for an organization now; null if there is none.</summary>
    public async Task<SavedCard?> FindDefaultAsync(string organizationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await Kept(db, organizationId).AsNoTracking().FirstOrDefaultAsync(row => row.IsDefault, cancellationToken);
    }

    /// <summary>Takes over what the gateway says of a customer's cards; false if the customer is none of ours.</summary>
    /// <exception cref="GatewayException">The gateway could not say.</exception>
    internal async Task<bool> RefreshCustomerAsync(string customerId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var customer = await db.Set<PaymentCustomer>().AsNoTracking().FirstOrDefaultAsync(row => row.CustomerId == customerId, cancellationToken);
        if (customer is not null)
        {
            await RefreshAsync(customer.OrganizationId, cancellationToken);
        }

        return customer is not null;
    }

    /// <summary>Takes over what the gateway says of an organization's cards. A new one becomes the one that is charged. Safe to repeat, and at once.</summary>
    /// <exception cref="GatewayException">The gateway could not say.</exception>
    internal async Task RefreshAsync(string organizationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await FindCustomerAsync(db, organizationId, cancellationToken) is not { } customer)
        {
            return;
        }

        var told = await gateway.ListCardsAsync(customer.CustomerId, cancellationToken);
        if (told is null)
        {
            // Somebody deleted the customer there. The next card is saved for a new one.
            await db.Set<PaymentCustomer>().Where(row => row.CustomerId == customer.CustomerId).ExecuteDeleteAsync(cancellationToken);
            told = [];
        }

        var known = await Kept(db, organizationId).AsNoTracking().ToListAsync(cancellationToken);
        await MarkRemovedAsync(
            db, [.. known.Where(row => told.All(card => card.PaymentMethodId != row.PaymentMethodId)).Select(row => row.Id)], cancellationToken);
        foreach (var card in told.Where(card => known.All(row => row.PaymentMethodId != card.PaymentMethodId)).OrderBy(card => card.SavedAt).TakeLast(MaxCards))
        {
            await AddAsync(db, organizationId, card, cancellationToken);
        }

        await ChooseIfNoneAsync(db, organizationId, cancellationToken);
    }

    /// <summary>The gateway's customer of an organization.</summary>
    /// <exception cref="GatewayException">The gateway could not, or did not answer in time.</exception>
    internal async Task<string> EnsureCustomerAsync(string organizationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await FindCustomerAsync(db, organizationId, cancellationToken) is { } known)
        {
            return known.CustomerId;
        }

        var customerId = await gateway.CreateCustomerAsync(organizationId, cancellationToken);
        db.Add(new PaymentCustomer { OrganizationId = organizationId, CustomerId = customerId, CreatedAt = clock.Now() });
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return customerId;
        }
        catch (DbUpdateException exception) when (stores.IsUniqueViolation(exception))
        {
            // Asked for twice at once; what was stored first counts.
            db.ChangeTracker.Clear();
            return (await FindCustomerAsync(db, organizationId, cancellationToken))?.CustomerId
                ?? throw new InvalidOperationException($"The customer of {organizationId} is another organization's.");
        }
    }

    private static IQueryable<SavedCard> Kept(BillingDbContext db, string organizationId) =>
        db.Set<SavedCard>().Where(row => row.OrganizationId == organizationId && row.RemovedAt == null);

    private static async Task<PaymentCustomer?> FindCustomerAsync(BillingDbContext db, string organizationId, CancellationToken cancellationToken) =>
        await db.Set<PaymentCustomer>().AsNoTracking().FirstOrDefaultAsync(row => row.OrganizationId == organizationId, cancellationToken);

    // Saved and chosen in one commit: no moment in which there is a card and none to charge.
    private async Task AddAsync(BillingDbContext db, string organizationId, GatewayCard card, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        while (!await db.Set<SavedCard>().AnyAsync(row => row.PaymentMethodId == card.PaymentMethodId, cancellationToken))
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            try
            {
                await Kept(db, organizationId).Where(row => row.IsDefault)
                    .ExecuteUpdateAsync(row => row.SetProperty(c => c.IsDefault, false), cancellationToken);
                var id = Ids.New("card", now);
                db.Record(organizationId, "system:gateway", now, AuditActs.CardSaved, id, null, new { card.Brand, card.Last4 });
                db.Add(new SavedCard
                {
                    Id = id,
                    OrganizationId = organizationId,
                    PaymentMethodId = card.PaymentMethodId,
                    Brand = card.Brand,
                    Last4 = card.Last4,
                    ExpiryMonth = card.ExpiryMonth,
                    ExpiryYear = card.ExpiryYear,
                    IsDefault = true,
                    AddedAt = now,
                });
                await db.SaveChangesAsync(cancellationToken);
                await transaction.CommitAsync(cancellationToken);
                return;
            }
            catch (Exception exception) when (stores.IsUniqueViolation(exception))
            {
                // Told of twice at once, or another card was chosen at the same moment: look again.
                db.ChangeTracker.Clear();
            }
        }
    }

    private async Task MarkRemovedAsync(BillingDbContext db, string[] cardIds, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        await db.Set<SavedCard>().Where(row => cardIds.Contains(row.Id) && row.RemovedAt == null)
            .ExecuteUpdateAsync(row => row.SetProperty(c => c.RemovedAt, now).SetProperty(c => c.IsDefault, false), cancellationToken);
    }

    private async Task ChooseIfNoneAsync(BillingDbContext db, string organizationId, CancellationToken cancellationToken)
    {
        var cards = await Kept(db, organizationId).AsNoTracking().OrderByDescending(row => row.Id).Take(MaxCards).ToListAsync(cancellationToken);
        if (cards.Count > 0 && cards.All(card => !card.IsDefault))
        {
            await ChooseAsync(db, organizationId, cards[0].Id, null, cancellationToken);
        }
    }

    /// <param name="db">Nothing else is pending in it.</param>
    /// <param name="organizationId">Whose card.</param>
    /// <param name="cardId">Which.</param>
    /// <param name="chooser">Whose wish it is; null: nobody's, another card went.</param>
    /// <param name="cancellationToken">Gives up.</param>
    private async Task ChooseAsync(BillingDbContext db, string organizationId, string cardId, Caller? chooser, CancellationToken cancellationToken)
    {
        while (true)
        {
            db.ChangeTracker.Clear();
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            try
            {
                await Kept(db, organizationId).Where(row => row.IsDefault && row.Id != cardId)
                    .ExecuteUpdateAsync(row => row.SetProperty(c => c.IsDefault, false), cancellationToken);
                await Kept(db, organizationId).Where(row => row.Id == cardId)
                    .ExecuteUpdateAsync(row => row.SetProperty(c => c.IsDefault, true), cancellationToken);
                if (chooser is not null)
                {
                    db.Record(chooser, clock.Now(), AuditActs.CardPreferred, cardId, null, new { IsDefault = true });
                    await db.SaveChangesAsync(cancellationToken);
                }

                await transaction.CommitAsync(cancellationToken);
                return;
            }
            catch (Exception exception) when (stores.IsUniqueViolation(exception))
            {
                // Another card was chosen at the same moment; the later choice counts.
            }
        }
    }
}
