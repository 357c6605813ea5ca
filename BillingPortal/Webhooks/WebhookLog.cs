using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Webhooks;

/// <summary>A page of deliveries, newest first.</summary>
/// <param name="Deliveries">Without their bodies.</param>
/// <param name="Total">How many there are on all pages.</param>
public sealed record WebhookDeliveryPage(IReadOnlyList<WebhookDelivery> Deliveries, long Total);

/// <summary>A delivery with every try of it.</summary>
public sealed record WebhookDeliveryDetail(WebhookDelivery Delivery, IReadOnlyList<WebhookAttempt> Attempts);

/// <summary>An hour of an endpoint's tries.</summary>
public sealed record WebhookHour(DateTimeOffset Hour, int Succeeded, int Failed);

/// <summary>How an endpoint does.</summary>
/// <param name="Hours">The last 24, empty ones included, oldest first.</param>
/// <param name="SlowMillis">What 95 of 100 tries of these hours stayed below; null without tries.</param>
/// <param name="Waiting">Deliveries that wait.</param>
public sealed record WebhookHealth(IReadOnlyList<WebhookHour> Hours, long? SlowMillis, int Waiting)
{
    public int Succeeded => Hours.Sum(hour => hour.Succeeded);

    public int Failed => Hours.Sum(hour => hour.Failed);
}

/// <summary>What became of the wish to send something by hand.</summary>
public abstract record WebhookSend
{
    private WebhookSend()
    {
    }

    /// <summary>On its way; the log tells what comes of it.</summary>
    public sealed record Queued(string DeliveryId) : WebhookSend;

    /// <summary>The organization has no such endpoint, or the endpoint no such delivery.</summary>
    public sealed record NotFound : WebhookSend;

    /// <summary>The endpoint is paused.</summary>
    public sealed record Paused : WebhookSend;

    /// <summary>There is no such type of event.</summary>
    public sealed record UnknownType : WebhookSend;
}

/// <summary>What was sent to endpoints, and sending it again.</summary>
public sealed class WebhookLog(IDbContextFactory<BillingDbContext> contexts, TimeProvider clock)
{
    /// <summary>Most deliveries on one page.</summary>
    public const int PageLimit = 100;

    /// <summary>The last page that can be asked for.</summary>
    public const int LastPage = 1_000;

    private const int Hours = 24;

    // An endpoint of which more is tried in a day is looked at by its newest tries.
    private const int HealthLimit = 20_000;

    /// <summary>The deliveries to an endpoint, newest first; null if the caller's organization has no such endpoint.</summary>
    /// <param name="caller">A key with <c>flows:read</c>, or any member.</param>
    /// <param name="endpointId">Which endpoint.</param>
    /// <param name="state">Only these; null: all.</param>
    /// <param name="page">1 to <see cref="LastPage"/>.</param>
    /// <param name="perPage">1 to <see cref="PageLimit"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">A key without <c>flows:read</c>.</exception>
    public async Task<WebhookDeliveryPage?> ListAsync(
        Caller caller, string endpointId, WebhookDeliveryState? state, int page, int perPage, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.FlowsRead);
        ArgumentOutOfRangeException.ThrowIfNotEqual(page is >= 1 and <= LastPage && perPage is >= 1 and <= PageLimit, true);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (!await WebhookSubscriptions.Own(db, caller, endpointId).AnyAsync(cancellationToken))
        {
            return null;
        }

        var rows = db.Set<WebhookDelivery>().AsNoTracking().Where(row => row.EndpointId == endpointId);
        rows = state is { } wanted ? rows.Where(row => row.State == wanted) : rows;
        return new WebhookDeliveryPage(
            await rows.OrderByDescending(row => row.Id).Skip((page - 1) * perPage).Take(perPage).ToListAsync(cancellationToken), await rows.LongCountAsync(cancellationToken));
    }

    /// <summary>A delivery with its tries; null if the caller's organization has no such delivery.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>flows:read</c>.</exception>
    public async Task<WebhookDeliveryDetail?> FindAsync(Caller caller, string deliveryId, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.FlowsRead);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var delivery = await db.Set<WebhookDelivery>().AsNoTracking()
            .SingleOrDefaultAsync(row => row.Id == deliveryId && row.OrganizationId == caller.OrganizationId, cancellationToken);
        return delivery is null
            ? null
            : new WebhookDeliveryDetail(
                delivery,
                await db.Set<WebhookAttempt>().AsNoTracking().Where(row => row.DeliveryId == deliveryId).OrderBy(row => row.Number).ToListAsync(cancellationToken));
    }

    /// <summary>How an endpoint did in the last 24 hours; null if the caller's organization has no such endpoint.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>flows:read</c>.</exception>
    public async Task<WebhookHealth?> GetHealthAsync(Caller caller, string endpointId, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.FlowsRead);
        var now = clock.Now();
        var lastHour = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero);
        var start = lastHour.AddHours(1 - Hours);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (!await WebhookSubscriptions.Own(db, caller, endpointId).AnyAsync(cancellationToken))
        {
            return null;
        }

        var tries = await db.Set<WebhookAttempt>().AsNoTracking()
            .Where(row => row.EndpointId == endpointId && row.At >= start)
            .OrderByDescending(row => row.At)
            .Take(HealthLimit)
            .ToListAsync(cancellationToken);
        var waiting = await db.Set<WebhookDelivery>().CountAsync(row => row.EndpointId == endpointId && row.State == WebhookDeliveryState.Pending, cancellationToken);
        var hours = Enumerable.Range(0, Hours).Select(i => start.AddHours(i)).Select(hour => new WebhookHour(
            hour,
            tries.Count(attempt => attempt.At >= hour && attempt.At < hour.AddHours(1) && attempt.Succeeded),
            tries.Count(attempt => attempt.At >= hour && attempt.At < hour.AddHours(1) && !attempt.Succeeded)));
        var durations = tries.Select(attempt => attempt.DurationMillis).Order().ToList();
        return new WebhookHealth([.. hours], durations.Count == 0 ? null : durations[(((durations.Count * 95) + 99) / 100) - 1], waiting);
    }

    /// <summary>Sends an example of an event to an endpoint, whatever it subscribed to.</summary>
    /// <exception cref="AccessDeniedException">The caller may not.</exception>
    public async Task<WebhookSend> TestAsync(Caller caller, string endpointId, string type, CancellationToken cancellationToken)
    {
        WebhookSubscriptions.DemandManager(caller);
        if (WebhookEvents.Find(type) is not { } known)
        {
            return new WebhookSend.UnknownType();
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var endpoint = await WebhookSubscriptions.Own(db, caller, endpointId).AsNoTracking().SingleOrDefaultAsync(cancellationToken);
        if (endpoint is null)
        {
            return new WebhookSend.NotFound();
        }

        if (!endpoint.IsActive)
        {
            return new WebhookSend.Paused();
        }

        var now = clock.Now();
        var delivery = OutboxDispatch.DeliveryOf(endpoint, Ids.New("evt", now), known.Type, known.Example, now, now);
        db.Add(delivery);
        await db.SaveChangesAsync(cancellationToken);
        await AtOnceAsync(db, endpointId, cancellationToken);
        return new WebhookSend.Queued(delivery.Id);
    }

    /// <summary>Sends a delivery again, the same id and bytes, however it ended.</summary>
    /// <exception cref="AccessDeniedException">The caller may not.</exception>
    public async Task<WebhookSend> ResendAsync(Caller caller, string endpointId, string deliveryId, CancellationToken cancellationToken)
    {
        WebhookSubscriptions.DemandManager(caller);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var endpoint = await WebhookSubscriptions.Own(db, caller, endpointId).AsNoTracking().SingleOrDefaultAsync(cancellationToken);
        if (endpoint is null)
        {
            return new WebhookSend.NotFound();
        }

        if (!endpoint.IsActive)
        {
            return new WebhookSend.Paused();
        }

        var now = clock.Now();
        var found = await db.Set<WebhookDelivery>().Where(row => row.Id == deliveryId && row.EndpointId == endpointId).ExecuteUpdateAsync(
            row => row
                .SetProperty(d => d.State, WebhookDeliveryState.Pending)
                .SetProperty(d => d.NextAttemptAt, now)
                .SetProperty(d => d.TryingSince, (DateTimeOffset?)null)
                .SetProperty(d => d.DeliveredAt, (DateTimeOffset?)null),
            cancellationToken);
        if (found == 0)
        {
            return new WebhookSend.NotFound();
        }

        await AtOnceAsync(db, endpointId, cancellationToken);
        return new WebhookSend.Queued(deliveryId);
    }

    // Whoever sends by hand is looking: not after the pause that a failing endpoint has.
    private static Task<int> AtOnceAsync(BillingDbContext db, string endpointId, CancellationToken cancellationToken) => db.Set<WebhookEndpoint>()
        .Where(row => row.Id == endpointId).ExecuteUpdateAsync(row => row.SetProperty(e => e.BackoffUntil, (DateTimeOffset?)null), cancellationToken);
}
