using System.Text;
using System.Text.Json;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Webhooks;

/// <summary>Hands events to the endpoints that want them: one delivery for each, in the commit that marks the event as handed over.</summary>
public sealed class OutboxDispatch(IDbContextFactory<BillingDbContext> contexts, WebhookMetrics metrics, TimeProvider clock)
{
    private const int Page = 200;

    /// <summary>Hands over the oldest events that wait, and tells how many there were. Any number of instances may: an event is handed over once.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var events = await db.Set<OutboxEvent>().AsNoTracking().Where(row => row.DispatchedAt == null).OrderBy(row => row.Id).Take(Page).ToListAsync(cancellationToken);
        if (events.Count == 0)
        {
            return 0;
        }

        var now = clock.Now();
        await using var unit = await db.Database.BeginTransactionAsync(cancellationToken);
        var ids = events.Select(row => row.Id).ToList();
        var marked = await db.Set<OutboxEvent>().Where(row => ids.Contains(row.Id) && row.DispatchedAt == null)
            .ExecuteUpdateAsync(row => row.SetProperty(e => e.DispatchedAt, now), cancellationToken);
        if (marked != events.Count)
        {
            // Another instance was at it too. What it did not take is there in the next round.
            return 0;
        }

        var organizations = events.Select(row => row.OrganizationId).Distinct().ToList();
        var endpoints = (await db.Set<WebhookEndpoint>().AsNoTracking().Where(row => organizations.Contains(row.OrganizationId) && row.PausedAt == null)
            .ToListAsync(cancellationToken)).ToLookup(row => row.OrganizationId);
        foreach (var occurred in events)
        {
            foreach (var endpoint in endpoints[occurred.OrganizationId].Where(endpoint => endpoint.Wants(occurred.Type)))
            {
                db.Add(DeliveryOf(endpoint, occurred.Id, occurred.Type, occurred.Data, occurred.OccurredAt, now));
            }
        }

        await db.SaveChangesAsync(cancellationToken);
        await unit.CommitAsync(cancellationToken);
        metrics.HandedOver(events.Count);
        return events.Count;
    }

    /// <summary>An event on its way to an endpoint, its body made for good.</summary>
    internal static WebhookDelivery DeliveryOf(
        WebhookEndpoint endpoint, string eventId, string type, string data, DateTimeOffset occurredAt, DateTimeOffset now) => new()
        {
            Id = Ids.New("whd", now),
            OrganizationId = endpoint.OrganizationId,
            EndpointId = endpoint.Id,
            EventId = eventId,
            EventType = type,
            Body = BodyOf(type, data, occurredAt),
            CreatedAt = now,
            NextAttemptAt = now,
        };

    private static string BodyOf(string type, string data, DateTimeOffset occurredAt)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("event", type);
            json.WritePropertyName("data");
            json.WriteRawValue(data);
            json.WriteNumber("timestamp", occurredAt.ToUnixTimeMilliseconds());
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
