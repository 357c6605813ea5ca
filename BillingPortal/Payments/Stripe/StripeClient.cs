using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace BillingPortal.Payments.Stripe;

/// <summary>Talks to Stripe's REST API: form in, JSON out, one version for ever, every change under an idempotency key, patient and never endless.</summary>
/// <remarks>Source: docs.stripe.com/api, "Authentication", "Idempotent requests", "Errors", "Versioning"; docs.stripe.com/error-low-level for what is sent again.</remarks>
internal sealed class StripeClient(
    IHttpClientFactory clients, IOptions<StripeOptions> options, StripeBreaker breaker, TimeProvider clock, ILogger<StripeClient> logger)
{
    public const string ClientName = "stripe";

    /// <summary>The version whose shapes <see cref="GatewayJson"/> reads. The account's own default does not matter.</summary>
    public const string Version = "2025-09-30.clover";

    /// <summary>More is no answer to anything the portal asks.</summary>
    public const int LargestAnswer = 4 * 1024 * 1024;

    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    /// <summary>Reads something.</summary>
    /// <exception cref="StripeException">Stripe will not; what is not there has <see cref="StripeException.IsMissing"/>.</exception>
    /// <exception cref="GatewayException">No answer.</exception>
    public Task<JsonElement> GetAsync(string pathAndQuery, CancellationToken cancellationToken) =>
        SendAsync(() => new HttpRequestMessage(HttpMethod.Get, Address(pathAndQuery)), pathAndQuery, cancellationToken);

    /// <summary>Does something, at most once for its key within at least a day.</summary>
    /// <exception cref="StripeException">Stripe will not, and has not.</exception>
    /// <exception cref="GatewayException">No answer: whether it was done is not known.</exception>
    public Task<JsonElement> PostAsync(string path, StripeForm form, string idempotencyKey, CancellationToken cancellationToken) => SendAsync(
        () =>
        {
            var request = new HttpRequestMessage(HttpMethod.Post, Address(path)) { Content = form.ToContent() };
            request.Headers.Add("Idempotency-Key", idempotencyKey);
            return request;
        },
        path,
        cancellationToken);

    private Uri Address(string pathAndQuery) => new($"{options.Value.ApiBase.TrimEnd('/')}{pathAndQuery}");

    private async Task<JsonElement> SendAsync(Func<HttpRequestMessage> make, string what, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            if (!breaker.TryPass())
            {
                throw new GatewayException("Stripe did not answer several times in a row and is not asked for a moment.");
            }

            var (answer, failure) = await TryAsync(make, cancellationToken);
            if (answer is { MayRetry: false })
            {
                return answer.Value;
            }

            if (attempt >= options.Value.MaxRetries)
            {
                throw new GatewayException($"Stripe did not do {PathOf(what)}: {answer?.Reason ?? failure?.GetType().Name}.", failure);
            }

            logger.LogInformation("Stripe is asked for {Path} again after attempt {Attempt}: {Reason}", PathOf(what), attempt + 1, answer?.Reason ?? failure?.GetType().Name);
            await Task.Delay(DelayAfter(attempt, answer?.RetryAfter), clock, cancellationToken);
        }
    }

    /// <summary>One attempt: an answer, or why there is none.</summary>
    private async Task<(Answer? Answer, Exception? Failure)> TryAsync(Func<HttpRequestMessage> make, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(options.Value.AttemptTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            using var client = clients.CreateClient(ClientName);
            using var request = make();
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", options.Value.ApiKey);
            request.Headers.Add("Stripe-Version", Version);
            using var response = await client.SendAsync(request, either.Token);
            var answer = await ReadAsync(response, either.Token);
            if (answer.IsBroken)
            {
                breaker.Failed();
            }
            else
            {
                breaker.Answered();
            }

            return (answer, null);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            breaker.Failed();
            return (null, exception);
        }
        catch (OperationCanceledException)
        {
            // Whoever asked has waited long enough, so this was no answer either.
            breaker.Failed();
            throw;
        }
    }

    private async Task<Answer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = response.StatusCode;
        var requestId = Header(response, "Request-Id");
        if (status is HttpStatusCode.Conflict or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError && Header(response, "Stripe-Should-Retry") is not "false")
        {
            return new Answer(default, MayRetry: true, $"{(int)status}, request {requestId}", RetryAfter(response), status >= HttpStatusCode.InternalServerError);
        }

        if (response.IsSuccessStatusCode)
        {
            using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
            return new Answer(document.RootElement.Clone());
        }

        var error = await ErrorOfAsync(response, cancellationToken);
        var refusal = new StripeException(status, error, requestId);
        if (Header(response, "Stripe-Should-Retry") is "true")
        {
            return new Answer(default, MayRetry: true, refusal.Message, RetryAfter(response), status >= HttpStatusCode.InternalServerError);
        }

        if (status is HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError)
        {
            breaker.Failed();
            throw new GatewayException($"{refusal.Message} It is not to be asked again.");
        }

        breaker.Answered();
        if (refusal.Type is not "card_error" && !refusal.IsMissing)
        {
            // A key that was revoked, a key used for another request, a parameter of an older version: ours to mend, not the buyer's.
            logger.LogError("Stripe refused what the portal sent. {Refusal}", refusal.Message);
        }

        throw refusal;
    }

    private static async Task<JsonElement> ErrorOfAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        try
        {
            using var document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(cancellationToken));
            return document.RootElement.GetProperty("error").Clone();
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return JsonSerializer.SerializeToElement(new { });
        }
    }

    // Waits as long as Stripe says, within reason; else twice as long each time, and never all callers at the same moment.
    private static TimeSpan DelayAfter(int attempt, TimeSpan? asked)
    {
        var delay = FirstDelay * (1 << attempt) * (1 + Random.Shared.NextDouble()) / 2;
        delay = asked is { } wanted && wanted > delay ? wanted : delay;
        return delay < LongestDelay ? delay : LongestDelay;
    }

    private static TimeSpan? RetryAfter(HttpResponseMessage response) =>
        int.TryParse(Header(response, "Retry-After"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) ? TimeSpan.FromSeconds(seconds) : null;

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;

    // A query may name people.
    private static string PathOf(string what) => what.Split('?')[0];

    private sealed record Answer(JsonElement Value, bool MayRetry = false, string? Reason = null, TimeSpan? RetryAfter = null, bool IsBroken = false);
}
