using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Options;

namespace BillingPortal.Webhooks;

/// <summary>What came of one try.</summary>
/// <param name="Status">HTTP status; null if there was no answer.</param>
/// <param name="Error">Why there was none, in one word.</param>
/// <param name="Duration">Until the answer's head was there, or it was given up.</param>
/// <param name="RetryAfter">How long the endpoint asks to be left alone.</param>
public sealed record WebhookAnswer(int? Status, string? Error, TimeSpan Duration, TimeSpan? RetryAfter = null);

/// <summary>Sends signed bodies: no redirects, no cookies, no proxy, nothing of the answer read but its head.</summary>
public sealed class WebhookSender : IDisposable
{
    private const int AnswerHeadKilobytes = 16;

    private readonly WebhookSecrets secrets;
    private readonly IOptions<WebhookOptions> options;
    private readonly TimeProvider clock;
    private readonly HttpMessageInvoker http;

    public WebhookSender(WebhookAddresses addresses, WebhookSecrets secrets, IOptions<WebhookOptions> options, TimeProvider clock)
    {
        (this.secrets, this.options, this.clock) = (secrets, options, clock);
        http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
            MaxResponseHeadersLength = AnswerHeadKilobytes,
            MaxResponseDrainSize = 0,
            // Short, so that an endpoint that moves to another address is soon followed there.
            PooledConnectionLifetime = TimeSpan.FromMinutes(1),
            ConnectCallback = (context, cancellationToken) => addresses.ConnectAsync(context.DnsEndPoint, cancellationToken),
        });
    }

    /// <summary>Tries a delivery once.</summary>
    /// <exception cref="OperationCanceledException">It was interrupted; whether it arrived is not known.</exception>
    public async Task<WebhookAnswer> SendAsync(WebhookEndpoint endpoint, WebhookDelivery delivery, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var body = Encoding.UTF8.GetBytes(delivery.Body);
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint.Url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.UserAgent.ParseAdd("BillingPortal-Webhooks/1");
        foreach (var (name, value) in WebhookSecrets.Sign(secrets.Of(endpoint, now), delivery.EventId, delivery.EventType, body, now))
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var started = Stopwatch.GetTimestamp();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(options.Value.Timeout);
        try
        {
            using var response = await http.SendAsync(request, patience.Token);
            return new WebhookAnswer((int)response.StatusCode, null, Stopwatch.GetElapsedTime(started), RetryAfterOf(response, now));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new WebhookAnswer(null, "timeout", Stopwatch.GetElapsedTime(started));
        }
        catch (HttpRequestException exception)
        {
            return new WebhookAnswer(null, WordFor(exception), Stopwatch.GetElapsedTime(started));
        }
    }

    public void Dispose() => http.Dispose();

    private static string WordFor(HttpRequestException exception) => exception switch
    {
        { InnerException: WebhookAddressException } => "address_refused",
        { HttpRequestError: HttpRequestError.SecureConnectionError } => "tls_failed",
        { HttpRequestError: HttpRequestError.NameResolutionError } => "name_not_found",
        { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.ResponseEnded or HttpRequestError.ConfigurationLimitExceeded } => "invalid_answer",
        _ => "connection_failed",
    };

    private static TimeSpan? RetryAfterOf(HttpResponseMessage response, DateTimeOffset now) =>
        response.Headers.RetryAfter is { } wish ? wish.Delta ?? (wish.Date - now) : null;
}
