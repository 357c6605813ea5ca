using System.Security.Cryptography;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Payments.Sandbox;

/// <summary>Ways to pay in the sandbox, by what comes of them.</summary>
public enum SandboxMethod
{
    /// <summary>4242 4242 4242 4242: pays at once.</summary>
    CardThatPays,

    /// <summary>4000 0000 0000 0002: is declined.</summary>
    CardThatDeclines,

    /// <summary>4000 0025 0000 3155: asks the buyer to confirm.</summary>
    CardThatAsks,

    /// <summary>A bank transfer that arrives after a while.</summary>
    BankThatPays,

    /// <summary>A bank transfer that fails after a while.</summary>
    BankThatFails,
}

/// <summary>What the sandbox's page shows.</summary>
/// <param name="SessionId">The checkout.</param>
/// <param name="Description">What is bought.</param>
/// <param name="Amount">What it costs.</param>
/// <param name="CancelUrl">The way back.</param>
/// <param name="SuccessUrl">Where a paid checkout leads.</param>
/// <param name="ExpiresAt">When the page ends.</param>
/// <param name="IsPaid">Whether it was used.</param>
/// <param name="IsExpired">Whether its time is over.</param>
public sealed record SandboxPage(
    string SessionId, string Description, Money Amount, string CancelUrl, string SuccessUrl, DateTimeOffset ExpiresAt, bool IsPaid, bool IsExpired);

/// <summary>What came of pressing Pay.</summary>
public enum SandboxAnswer
{
    /// <summary>Done: the browser goes back to the merchant.</summary>
    Accepted,

    /// <summary>Nothing was charged; another card may be tried.</summary>
    Declined,

    /// <summary>The buyer's bank wants to be asked first.</summary>
    AuthenticationNeeded,

    /// <summary>The page cannot be paid any more: it was paid before, or its time is over.</summary>
    Over,
}

/// <summary>The buyer's side of the sandbox: its hosted checkout page.</summary>
public sealed class SandboxCheckout(
    IDbContextFactory<BillingDbContext> contexts, IOptions<PaymentOptions> options, TimeProvider clock, SandboxSignal signal)
{
    private const int SuffixBytes = 12;

    /// <summary>The page of a checkout; null if there is none.</summary>
    public async Task<SandboxPage?> FindAsync(string sessionId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var session = await db.Set<SandboxSession>().AsNoTracking().FirstOrDefaultAsync(row => row.Id == sessionId, cancellationToken);
        return session is null
            ? null
            : new SandboxPage(
                session.Id, session.Description, session.AmountCents, session.CancelUrl, session.SuccessUrl, session.ExpiresAt,
                session.Status is SandboxStatus.Complete,
                session.Status is SandboxStatus.Expired || (session.Status is SandboxStatus.Open && session.ExpiresAt <= clock.Now()));
    }

    /// <summary>Pays, or tries to. Pressed any number of times, it pays once.</summary>
    /// <param name="sessionId">The checkout.</param>
    /// <param name="method">What to pay with.</param>
    /// <param name="isAuthenticated">Whether the buyer has confirmed to their bank.</param>
    /// <param name="losesWebhook">Whether the merchant is never told.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<SandboxAnswer> PayAsync(
        string sessionId, SandboxMethod method, bool isAuthenticated, bool losesWebhook, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        if (await FindAsync(sessionId, cancellationToken) is not { IsPaid: false, IsExpired: false })
        {
            return SandboxAnswer.Over;
        }

        if (method is SandboxMethod.CardThatDeclines)
        {
            return SandboxAnswer.Declined;
        }

        if (method is SandboxMethod.CardThatAsks && !isAuthenticated)
        {
            return SandboxAnswer.AuthenticationNeeded;
        }

        var isBank = method is SandboxMethod.BankThatPays or SandboxMethod.BankThatFails;
        var clearsAt = isBank ? now + options.Value.Sandbox.BankDelay : now;
        var bounces = method is SandboxMethod.BankThatFails;
        var intent = $"pi_{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SuffixBytes))}";

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var paid = await db.Set<SandboxSession>()
            .Where(row => row.Id == sessionId && row.Status == SandboxStatus.Open && row.ExpiresAt > now)
            .ExecuteUpdateAsync(
                row => row
                    .SetProperty(s => s.Status, SandboxStatus.Complete)
                    .SetProperty(s => s.PaymentIntentId, intent)
                    .SetProperty(s => s.ClearsAt, clearsAt)
                    .SetProperty(s => s.Bounces, bounces),
                cancellationToken);
        if (paid == 0)
        {
            return SandboxAnswer.Over;
        }

        if (!losesWebhook)
        {
            var session = await db.Set<SandboxSession>().AsNoTracking().SingleAsync(row => row.Id == sessionId, cancellationToken);
            db.Add(EventOf(session, "checkout.session.completed", now));
            if (isBank)
            {
                db.Add(EventOf(session, bounces ? "checkout.session.async_payment_failed" : "checkout.session.async_payment_succeeded", clearsAt));
            }

            await db.SaveChangesAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        signal.Raise();
        return SandboxAnswer.Accepted;
    }

    /// <summary>Ends checkouts whose time is over, and tells the merchant; tells how many there were.</summary>
    internal async Task<int> ExpireAsync(int atMost, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var over = await db.Set<SandboxSession>().AsNoTracking()
            .Where(row => row.Status == SandboxStatus.Open && row.ExpiresAt <= now)
            .OrderBy(row => row.ExpiresAt)
            .Take(atMost)
            .ToListAsync(cancellationToken);
        foreach (var session in over)
        {
            var ended = await db.Set<SandboxSession>()
                .Where(row => row.Id == session.Id && row.Status == SandboxStatus.Open)
                .ExecuteUpdateAsync(row => row.SetProperty(s => s.Status, SandboxStatus.Expired), cancellationToken);
            if (ended == 1)
            {
                session.Status = SandboxStatus.Expired;
                db.Add(EventOf(session, "checkout.session.expired", now));
            }
        }

        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return over.Count;
    }

    private static SandboxEvent EventOf(SandboxSession session, string type, DateTimeOffset at)
    {
        var id = Ids.New("evt", at);
        return new SandboxEvent { Id = id, Payload = SandboxJson.Event(id, type, session, at), CreatedAt = at, NextAttemptAt = at };
    }
}
