namespace BillingPortal.Client;

/// <summary>Endpoints of the organization that events are sent to.</summary>
public sealed partial class PortalClient
{
    /// <summary>Adds an endpoint. Its secret is in this answer and never shown again.</summary>
    public Task<NewWebhook> AddWebhookAsync(Uri url, IReadOnlyList<string> events, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        transport.PostAsync<NewWebhook>("v1/webhooks", new { Url = url, Events = events }, idempotencyKey, cancellationToken);

    public async Task<IReadOnlyList<Webhook>> GetWebhooksAsync(CancellationToken cancellationToken = default) =>
        (await transport.GetAsync<WebhookList>("v1/webhooks", cancellationToken)).Webhooks;

    public Task<Webhook> GetWebhookAsync(string webhookId, CancellationToken cancellationToken = default) =>
        transport.GetAsync<Webhook>(PathOf(webhookId), cancellationToken);

    /// <summary>Changes what is not null.</summary>
    public Task<Webhook> ChangeWebhookAsync(
        string webhookId, Uri? url = null, IReadOnlyList<string>? events = null, bool? active = null, CancellationToken cancellationToken = default) =>
        transport.PatchAsync<Webhook>(PathOf(webhookId), new { Url = url, Events = events, Active = active }, cancellationToken);

    public Task DeleteWebhookAsync(string webhookId, CancellationToken cancellationToken = default) =>
        transport.DeleteAsync<System.Text.Json.JsonElement>(PathOf(webhookId), cancellationToken);

    /// <summary>What was sent, newest first.</summary>
    /// <param name="webhookId">Of the endpoint.</param>
    /// <param name="page">From 1.</param>
    /// <param name="perPage">Of one page.</param>
    /// <param name="status">Only deliveries in this state; null: all.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<DeliveryPage> GetDeliveriesAsync(
        string webhookId, int page = 1, int perPage = 50, string? status = null, CancellationToken cancellationToken = default) =>
        transport.GetAsync<DeliveryPage>(Address($"{PathOf(webhookId)}/deliveries", ("page", page), ("perPage", perPage), ("status", status)), cancellationToken);

    /// <summary>Sends an example event.</summary>
    public Task<QueuedDelivery> TestWebhookAsync(string webhookId, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        transport.PostAsync<QueuedDelivery>($"{PathOf(webhookId)}/test", null, idempotencyKey, cancellationToken);

    private static string PathOf(string webhookId) => $"v1/webhooks/{Uri.EscapeDataString(webhookId)}";

    private sealed record WebhookList(IReadOnlyList<Webhook> Webhooks);
}
