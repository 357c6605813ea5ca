using System.Diagnostics;
using BillingPortal.Store;
using BillingPortal.Webhooks;

namespace BillingPortal.Api;

/// <summary>Where integrators have events sent. Source: contract, "001 · Flows".</summary>
internal static class WebhookEndpoints
{
    private const int DefaultOverlapHours = 24;

    public static IEndpointRouteBuilder MapWebhooks(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/v1/webhooks").WithTags("Webhooks").RequireCaller();
        group.MapGet("", ListAsync).WithSummary("The organization's endpoints").Produces<EndpointList>();
        group.MapPost("", AddAsync).WithSummary("Adds an endpoint and shows its secret this once").Accepts<AddRequest>("application/json").Produces<AddedEndpoint>();
        group.MapGet("/{id}", FindAsync).WithSummary("One endpoint").Produces<EndpointAnswer>();
        group.MapPatch("/{id}", ChangeAsync).WithSummary("Changes an endpoint; made active again, it gets what waited").Accepts<ChangeRequest>("application/json").Produces<EndpointAnswer>();
        group.MapDelete("/{id}", RemoveAsync).WithSummary("Removes an endpoint and its log").Produces<RemovedEndpoint>();
        group.MapPost("/{id}/secret", RollAsync).WithSummary("Makes a new secret; the old one signs too for a while").Accepts<RollRequest>(true, "application/json").Produces<AddedEndpoint>();
        group.MapPost("/{id}/test", TestAsync).WithSummary("Sends an example event").Accepts<TestRequest>(true, "application/json").Produces<QueuedDelivery>();
        group.MapGet("/{id}/deliveries", ListDeliveriesAsync).WithSummary("What was sent, newest first").Produces<DeliveryList>();
        group.MapPost("/{id}/deliveries/{deliveryId}/resend", ResendAsync).WithSummary("Sends a delivery again: the same id and bytes").Produces<QueuedDelivery>();
        return routes;
    }

    private static async Task<EndpointList> ListAsync(HttpContext http, WebhookSubscriptions webhooks, CancellationToken cancellationToken)
    {
        var endpoints = await webhooks.ListAsync(http.Caller(), cancellationToken);
        return new EndpointList([.. endpoints.Select(EndpointAnswer.Of)], endpoints.Count);
    }

    private static async Task<IResult> AddAsync(HttpContext http, WebhookSubscriptions webhooks, CancellationToken cancellationToken)
    {
        var request = await http.ReadBodyAsync<AddRequest>(cancellationToken);
        var receipt = http.Receipt<WebhookChange.Done>(AddedEndpoint.Of);
        http.Response.Headers.CacheControl = "no-store";
        return receipt.Answer(Done(await webhooks.AddAsync(http.Caller(), request.Url, request.Events, receipt, cancellationToken)));
    }

    private static async Task<EndpointAnswer> FindAsync(HttpContext http, string id, WebhookSubscriptions webhooks, CancellationToken cancellationToken) =>
        EndpointAnswer.Of(await webhooks.FindAsync(http.Caller(), id, cancellationToken) ?? throw NoEndpoint());

    private static async Task<EndpointAnswer> ChangeAsync(HttpContext http, string id, WebhookSubscriptions webhooks, CancellationToken cancellationToken)
    {
        var request = await http.ReadBodyAsync<ChangeRequest>(cancellationToken);
        var change = await webhooks.ChangeAsync(http.Caller(), id, new WebhookEdit(request.Url, request.Events, request.Active), cancellationToken);
        return EndpointAnswer.Of(Done(change).Endpoint);
    }

    private static async Task<RemovedEndpoint> RemoveAsync(HttpContext http, string id, WebhookSubscriptions webhooks, CancellationToken cancellationToken) =>
        await webhooks.RemoveAsync(http.Caller(), id, cancellationToken) ? new RemovedEndpoint(id, Deleted: true) : throw NoEndpoint();

    private static async Task<IResult> RollAsync(HttpContext http, string id, WebhookSubscriptions webhooks, CancellationToken cancellationToken)
    {
        var request = await ReadOptionalAsync<RollRequest>(http, cancellationToken);
        var receipt = http.Receipt<WebhookChange.Done>(AddedEndpoint.Of);
        http.Response.Headers.CacheControl = "no-store";
        return receipt.Answer(Done(await webhooks.RollSecretAsync(http.Caller(), id, request?.OverlapHours ?? DefaultOverlapHours, receipt, cancellationToken)));
    }

    private static async Task<QueuedDelivery> TestAsync(HttpContext http, string id, WebhookLog log, CancellationToken cancellationToken)
    {
        var request = await ReadOptionalAsync<TestRequest>(http, cancellationToken);
        return Queued(await log.TestAsync(http.Caller(), id, request?.Event ?? WebhookEvents.Test, cancellationToken));
    }

    private static async Task<DeliveryList> ListDeliveriesAsync(HttpContext http, string id, WebhookLog log, CancellationToken cancellationToken)
    {
        var (page, perPage) = (http.QueryInt("page", 1, 1, WebhookLog.LastPage), http.QueryInt("perPage", 20, 1, WebhookLog.PageLimit));
        var status = http.QueryText("status");
        var state = status is null
            ? (WebhookDeliveryState?)null
            : SnakeCase.TryParse<WebhookDeliveryState>(status, out var wanted) ? wanted : throw ApiException.Invalid("status", "status must be pending, delivered or failed.");
        var found = await log.ListAsync(http.Caller(), id, state, page, perPage, cancellationToken) ?? throw NoEndpoint();
        return new DeliveryList([.. found.Deliveries.Select(DeliveryAnswer.Of)], page, perPage, found.Total);
    }

    private static async Task<QueuedDelivery> ResendAsync(HttpContext http, string id, string deliveryId, WebhookLog log, CancellationToken cancellationToken) =>
        Queued(await log.ResendAsync(http.Caller(), id, deliveryId, cancellationToken));

    /// <summary>A body that may be left out.</summary>
    private static async Task<T?> ReadOptionalAsync<T>(HttpContext http, CancellationToken cancellationToken)
        where T : class => http.Request.ContentLength is 0 || (http.Request.ContentLength is null && http.Request.ContentType is null)
            ? null
            : await http.ReadBodyAsync<T>(cancellationToken);

    private static WebhookChange.Done Done(WebhookChange change) => change switch
    {
        WebhookChange.Done done => done,
        WebhookChange.NotFound => throw NoEndpoint(),
        WebhookChange.Invalid invalid => throw new ApiException(StatusCodes.Status400BadRequest, "INVALID_WEBHOOK", invalid.Message, invalid.Field),
        WebhookChange.TooMany many => throw new ApiException(
            StatusCodes.Status409Conflict, "WEBHOOK_LIMIT_REACHED", $"An organization has at most {many.Limit} webhook endpoints. Remove one first."),
        _ => throw new UnreachableException(),
    };

    private static QueuedDelivery Queued(WebhookSend send) => send switch
    {
        WebhookSend.Queued queued => new QueuedDelivery(queued.DeliveryId),
        WebhookSend.NotFound => throw NoEndpoint(),
        WebhookSend.Paused => throw new ApiException(StatusCodes.Status409Conflict, "WEBHOOK_PAUSED", "This webhook endpoint is paused. Make it active first."),
        WebhookSend.UnknownType => throw ApiException.Invalid("event", $"event must be one of {string.Join(", ", WebhookEvents.All.Select(known => known.Type))}."),
        _ => throw new UnreachableException(),
    };

    private static ApiException NoEndpoint() => ApiException.NotFound("Webhook not found");

    internal sealed record AddRequest(string Url, string[] Events);

    internal sealed record ChangeRequest(string? Url = null, string[]? Events = null, bool? Active = null);

    internal sealed record RollRequest(int? OverlapHours = null);

    internal sealed record TestRequest(string? Event = null);

    internal sealed record EndpointList(IReadOnlyList<EndpointAnswer> Webhooks, int Count);

    internal sealed record EndpointAnswer(
        string Id, string UserId, string Url, IReadOnlyList<string> Events, bool Active, long CreatedAt,
        long? PausedAt, string? PauseReason, long? FailingSince, long? LastAttemptAt)
    {
        public static EndpointAnswer Of(WebhookEndpoint endpoint) => new(
            endpoint.Id, endpoint.UserId, endpoint.Url, endpoint.Events, endpoint.IsActive, endpoint.CreatedAt.ToUnixTimeMilliseconds(),
            endpoint.PausedAt?.ToUnixTimeMilliseconds(), endpoint.Pause?.Text(), endpoint.FailingSince?.ToUnixTimeMilliseconds(),
            endpoint.LastAttemptAt?.ToUnixTimeMilliseconds());
    }

    internal sealed record AddedEndpoint(
        string Id, string UserId, string Url, IReadOnlyList<string> Events, string Secret, bool Active, long CreatedAt, long? PreviousSecretUntil)
    {
        public static AddedEndpoint Of(WebhookChange.Done done) => new(
            done.Endpoint.Id, done.Endpoint.UserId, done.Endpoint.Url, done.Endpoint.Events, done.Secret!, done.Endpoint.IsActive,
            done.Endpoint.CreatedAt.ToUnixTimeMilliseconds(), done.Endpoint.PreviousSecretUntil?.ToUnixTimeMilliseconds());
    }

    internal sealed record RemovedEndpoint(string Id, bool Deleted);

    internal sealed record QueuedDelivery(string DeliveryId)
    {
        public bool Success { get; } = true;
    }

    internal sealed record DeliveryList(IReadOnlyList<DeliveryAnswer> Deliveries, int Page, int PerPage, long Total);

    internal sealed record DeliveryAnswer(
        string Id, string EventId, string Event, string Status, int Attempts, int? ResponseStatus, string? Error, long? DurationMs,
        long CreatedAt, long? LastAttemptAt, long? NextAttemptAt, long? DeliveredAt)
    {
        public static DeliveryAnswer Of(WebhookDelivery delivery) => new(
            delivery.Id, delivery.EventId, delivery.EventType, delivery.State.Text(), delivery.Attempts, delivery.LastStatus, delivery.LastError,
            delivery.LastDurationMillis, delivery.CreatedAt.ToUnixTimeMilliseconds(), delivery.LastAttemptAt?.ToUnixTimeMilliseconds(),
            delivery.NextAttemptAt?.ToUnixTimeMilliseconds(), delivery.DeliveredAt?.ToUnixTimeMilliseconds());
    }
}
