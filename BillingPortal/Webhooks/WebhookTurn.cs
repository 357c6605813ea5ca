using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Webhooks;

/// <summary>Delivers to one endpoint what is due there, in order, while it alone has the turn.</summary>
/// <remarks>
/// Order is kept while an endpoint cannot be reached or fails: what is newer waits. An event that the endpoint understands and refuses steps aside
/// and is tried again on its own, so that one bad event does not hold up the others for days. docs/decisions/0072.
/// </remarks>
public sealed class WebhookTurn(
    IDbContextFactory<BillingDbContext> contexts,
    WebhookSender sender,
    WebhookMetrics metrics,
    IOptions<WebhookOptions> options,
    TimeProvider clock,
    ILogger<WebhookTurn> logger)
{
    // Renewed with every try, so it need only outlast one.
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(90);

    private TimeSpan GivesUpAfter => TimeSpan.FromDays(options.Value.GiveUpAfterDays);

    /// <summary>Takes the endpoint's turn and sends until nothing is due or the endpoint fails; does nothing if another instance has the turn.</summary>
    public async Task TakeAsync(string endpointId, CancellationToken cancellationToken)
    {
        var lease = Guid.NewGuid().ToString("N");
        if (!await ClaimAsync(endpointId, lease, cancellationToken))
        {
            return;
        }

        try
        {
            while (await SendNextAsync(endpointId, lease, cancellationToken))
            {
            }
        }
        finally
        {
            await using var db = await contexts.CreateDbContextAsync(CancellationToken.None);
            await db.Set<WebhookEndpoint>().Where(row => row.Id == endpointId && row.Lease == lease)
                .ExecuteUpdateAsync(row => row.SetProperty(e => e.Lease, (string?)null).SetProperty(e => e.LeasedUntil, (DateTimeOffset?)null), CancellationToken.None);
        }
    }

    private async Task<bool> ClaimAsync(string endpointId, string lease, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        var until = now + Lease;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<WebhookEndpoint>()
            .Where(row => row.Id == endpointId && row.PausedAt == null && (row.LeasedUntil == null || row.LeasedUntil <= now))
            .ExecuteUpdateAsync(row => row.SetProperty(e => e.Lease, lease).SetProperty(e => e.LeasedUntil, until), cancellationToken) == 1;
    }

    /// <summary>Whether there may be more to send.</summary>
    private async Task<bool> SendNextAsync(string endpointId, string lease, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var now = clock.Now();
        var endpoint = await db.Set<WebhookEndpoint>().AsNoTracking().SingleOrDefaultAsync(row => row.Id == endpointId && row.Lease == lease, cancellationToken);
        if (endpoint is not { IsActive: true } || endpoint.BackoffUntil > now)
        {
            return false;
        }

        var delivery = await db.Set<WebhookDelivery>().AsNoTracking()
            .Where(row => row.EndpointId == endpointId && row.NextAttemptAt != null && row.NextAttemptAt <= now)
            .OrderBy(row => row.EventId)
            .FirstOrDefaultAsync(cancellationToken);
        if (delivery is null)
        {
            return false;
        }

        var answer = await sender.SendAsync(endpoint, delivery, cancellationToken);
        Apply(endpoint, delivery, answer, now);

        // Written even when the portal is stopping: the endpoint has answered.
        return await StoreAsync(db, endpoint, delivery, answer, lease, now) && endpoint.IsActive && endpoint.BackoffUntil is null;
    }

    private void Apply(WebhookEndpoint endpoint, WebhookDelivery delivery, WebhookAnswer answer, DateTimeOffset now)
    {
        var isFirst = delivery.Attempts == 0;
        delivery.Attempts++;
        delivery.TryingSince ??= now;
        delivery.LastAttemptAt = endpoint.LastAttemptAt = now;
        (delivery.LastStatus, delivery.LastError, delivery.LastDurationMillis) = (answer.Status, answer.Error, (long)answer.Duration.TotalMilliseconds);
        var succeeded = answer.Status is >= 200 and < 300;
        metrics.Tried(succeeded, answer.Duration, isFirst ? now - delivery.CreatedAt : null);
        if (succeeded)
        {
            (delivery.State, delivery.NextAttemptAt, delivery.DeliveredAt) = (WebhookDeliveryState.Delivered, null, now);
            (endpoint.FailingSince, endpoint.BackoffUntil) = (null, null);
            return;
        }

        endpoint.FailingSince ??= now;
        var next = now + RetrySchedule.DelayAfter(delivery.Attempts, answer.RetryAfter, Random.Shared.NextDouble());
        var isGone = answer.Status is 410;
        if (isGone || next > delivery.TryingSince + GivesUpAfter)
        {
            (delivery.State, delivery.NextAttemptAt) = (WebhookDeliveryState.Failed, null);
            metrics.Abandoned();
        }
        else
        {
            delivery.NextAttemptAt = next;
        }

        if (isGone || now - endpoint.FailingSince >= GivesUpAfter)
        {
            (endpoint.PausedAt, endpoint.Pause) = (now, isGone ? WebhookPause.Gone : WebhookPause.Failing);
            metrics.SwitchedOff();
            logger.LogWarning("Webhook endpoint {EndpointId} of {OrganizationId} was switched off: {Pause}.", endpoint.Id, endpoint.OrganizationId, endpoint.Pause);
        }
        else if (!RetrySchedule.IsAboutTheEvent(answer.Status))
        {
            endpoint.BackoffUntil = next;
        }
    }

    /// <summary>False if the turn was lost: then another instance sends the same again, which receivers know by its id.</summary>
    private async Task<bool> StoreAsync(
        BillingDbContext db, WebhookEndpoint endpoint, WebhookDelivery delivery, WebhookAnswer answer, string lease, DateTimeOffset sentAt)
    {
        var until = clock.Now() + Lease;
        await using var unit = await db.Database.BeginTransactionAsync(CancellationToken.None);
        var mine = await db.Set<WebhookEndpoint>().Where(row => row.Id == endpoint.Id && row.Lease == lease)
            .ExecuteUpdateAsync(
                row => row
                    .SetProperty(e => e.LeasedUntil, until)
                    .SetProperty(e => e.LastAttemptAt, endpoint.LastAttemptAt)
                    .SetProperty(e => e.FailingSince, endpoint.FailingSince)
                    .SetProperty(e => e.BackoffUntil, endpoint.BackoffUntil),
                CancellationToken.None);
        if (mine == 0)
        {
            return false;
        }

        if (endpoint.Pause is { } pause && !endpoint.IsActive)
        {
            // Unless somebody paused it by hand meanwhile.
            var switchedOff = await db.Set<WebhookEndpoint>().Where(row => row.Id == endpoint.Id && row.PausedAt == null)
                .ExecuteUpdateAsync(row => row.SetProperty(e => e.PausedAt, endpoint.PausedAt).SetProperty(e => e.Pause, pause), CancellationToken.None);
            if (switchedOff == 1)
            {
                db.Add(OutboxEvent.Of(
                    endpoint.OrganizationId,
                    WebhookEvents.Disabled,
                    new { WebhookId = endpoint.Id, endpoint.Url, Reason = pause.Text(), Since = endpoint.FailingSince?.ToUnixTimeMilliseconds() },
                    sentAt));
            }
        }

        await db.Set<WebhookDelivery>().Where(row => row.Id == delivery.Id)
            .ExecuteUpdateAsync(
                row => row
                    .SetProperty(d => d.State, delivery.State)
                    .SetProperty(d => d.NextAttemptAt, delivery.NextAttemptAt)
                    .SetProperty(d => d.Attempts, delivery.Attempts)
                    .SetProperty(d => d.TryingSince, delivery.TryingSince)
                    .SetProperty(d => d.LastAttemptAt, delivery.LastAttemptAt)
                    .SetProperty(d => d.LastStatus, delivery.LastStatus)
                    .SetProperty(d => d.LastError, delivery.LastError)
                    .SetProperty(d => d.LastDurationMillis, delivery.LastDurationMillis)
                    .SetProperty(d => d.DeliveredAt, delivery.DeliveredAt),
                CancellationToken.None);
        db.Add(new WebhookAttempt
        {
            DeliveryId = delivery.Id,
            Number = delivery.Attempts,
            EndpointId = endpoint.Id,
            At = sentAt,
            Status = answer.Status,
            Error = answer.Error,
            DurationMillis = (long)answer.Duration.TotalMilliseconds,
        });
        await db.SaveChangesAsync(CancellationToken.None);
        await unit.CommitAsync(CancellationToken.None);
        return true;
    }
}
