using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Payments.Sandbox;

/// <summary>What the sandbox's page shows.</summary>
/// <param name="SessionId">The checkout.</param>
/// <param name="Description">What is bought.</param>
/// <param name="Amount">What it costs.</param>
/// <param name="CancelUrl">The way back.</param>
/// <param name="SuccessUrl">Where a paid checkout leads.</param>
/// <param name="ExpiresAt">When the page ends.</param>
/// <param name="IsPaid">Whether it was used.</param>
/// <param name="IsExpired">Whether its time is over.</param>
/// <param name="IsSetup">Whether a card is only saved.</param>
/// <param name="KeepsCard">Whether the card that pays is saved too.</param>
public sealed record SandboxPage(
    string SessionId, string Description, Money Amount, string CancelUrl, string SuccessUrl, DateTimeOffset ExpiresAt, bool IsPaid, bool IsExpired, bool IsSetup, bool KeepsCard);

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
    private const int CardYears = 4;
    private const int Repetitions = 3;
    private static readonly TimeSpan Swap = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(30);

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
                session.Status is SandboxStatus.Expired || (session.Status is SandboxStatus.Open && session.ExpiresAt <= clock.Now()),
                session.IsSetup, session.KeepsCard);
    }

    /// <summary>Pays, or tries to. Pressed any number of times, it pays once.</summary>
    /// <param name="sessionId">The checkout.</param>
    /// <param name="method">What to pay with.</param>
    /// <param name="isAuthenticated">Whether the buyer has confirmed to their bank.</param>
    /// <param name="webhooks">How the merchant is told.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<SandboxAnswer> PayAsync(
        string sessionId, SandboxMethod method, bool isAuthenticated, SandboxWebhooks webhooks, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        if (await FindAsync(sessionId, cancellationToken) is not { IsPaid: false, IsExpired: false } page)
        {
            return SandboxAnswer.Over;
        }

        if (method is SandboxMethod.CardThatDeclines || (method is SandboxMethod.CardWithoutFunds && !page.IsSetup) || (page.IsSetup && !method.IsCard()))
        {
            return SandboxAnswer.Declined;
        }

        if (method.AsksBuyer() && !isAuthenticated)
        {
            return SandboxAnswer.AuthenticationNeeded;
        }

        var isBank = method is SandboxMethod.BankThatPays or SandboxMethod.BankThatFails;
        var clearsAt = isBank ? now + options.Value.Sandbox.BankDelay : now;
        var bounces = method is SandboxMethod.BankThatFails;
        var intentId = page.IsSetup ? null : SandboxIntent.NewId();

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var paid = await db.Set<SandboxSession>()
            .Where(row => row.Id == sessionId && row.Status == SandboxStatus.Open && row.ExpiresAt > now)
            .ExecuteUpdateAsync(
                row => row
                    .SetProperty(s => s.Status, SandboxStatus.Complete)
                    .SetProperty(s => s.PaymentIntentId, intentId)
                    .SetProperty(s => s.ClearsAt, clearsAt)
                    .SetProperty(s => s.Bounces, bounces),
                cancellationToken);
        if (paid == 0)
        {
            return SandboxAnswer.Over;
        }

        var session = await db.Set<SandboxSession>().AsNoTracking().SingleAsync(row => row.Id == sessionId, cancellationToken);
        var card = session.CustomerId is { } customer && (session.IsSetup || session.KeepsCard) && method.IsCard() ? NewCard(customer, method, now) : null;
        if (card is not null)
        {
            db.Add(card);
        }

        var intent = intentId is null
            ? null
            : new SandboxIntent
            {
                Id = intentId,
                PaymentId = session.PaymentId,
                CustomerId = session.CustomerId,
                CardId = card?.Id,
                AmountCents = session.AmountCents,
                FailureCode = bounces ? "payment_failed" : null,
                CreatedAt = now,
                ClearsAt = clearsAt,
            };
        if (intent is not null)
        {
            db.Add(intent);
        }

        db.AddRange(Played(webhooks, EventsOf(session, intent, card, now)));

        await db.SaveChangesAsync(cancellationToken);
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

    private static List<SandboxEvent> EventsOf(SandboxSession session, SandboxIntent? intent, SandboxCard? card, DateTimeOffset now)
    {
        var events = new List<SandboxEvent> { EventOf(session, "checkout.session.completed", now) };
        if (intent is null)
        {
            events.Add(SandboxJson.Event("setup_intent.succeeded", SandboxJson.SetupIntent($"seti_{SandboxIntent.NewId()[3..]}", card!), now));
        }
        else if (session.ClearsAt is { } clearsAt && (session.Bounces || clearsAt > now))
        {
            events.Add(EventOf(session, session.Bounces ? "checkout.session.async_payment_failed" : "checkout.session.async_payment_succeeded", clearsAt));
        }
        else
        {
            events.Add(SandboxJson.Event("payment_intent.succeeded", SandboxJson.Intent(intent, now), now));
        }

        return events;
    }

    /// <summary>The events as they are sent, in order; each row is one delivery.</summary>
    private static IEnumerable<SandboxEvent> Played(SandboxWebhooks webhooks, List<SandboxEvent> events) => webhooks switch
    {
        SandboxWebhooks.Repeated => Enumerable.Range(0, Repetitions).SelectMany(round => events.Select(row => Again(row, round == 0 ? row.Id : $"{row.Id}_{round}", row.CreatedAt))),
        SandboxWebhooks.OutOfOrder => events.Select((row, place) => Again(row, row.Id, events[^1].CreatedAt + (Swap * (events.Count - 1 - place)))),
        SandboxWebhooks.Late => events.Select(row => Again(row, row.Id, row.CreatedAt + Delay)),
        SandboxWebhooks.Lost => [],
        _ => events,
    };

    private static SandboxEvent Again(SandboxEvent row, string id, DateTimeOffset at) =>
        new() { Id = id, Payload = row.Payload, CreatedAt = row.CreatedAt, NextAttemptAt = at };

    private static SandboxCard NewCard(string customerId, SandboxMethod method, DateTimeOffset now) => new()
    {
        Id = $"pm_{SandboxIntent.NewId()[3..]}",
        CustomerId = customerId,
        Method = method,
        ExpiryMonth = 12,
        ExpiryYear = now.Year + CardYears,
        CreatedAt = now,
    };

    private static SandboxEvent EventOf(SandboxSession session, string type, DateTimeOffset at) => SandboxJson.Event(type, SandboxJson.Session(session, at), at);
}
