using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace BillingPortal.Client;

/// <summary>Sends requests, retries what may be retried, and turns refusals into exceptions.</summary>
internal sealed class Transport : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    private readonly HttpClient http;
    private readonly PortalClientOptions options;

    public Transport(Uri address, string credential, PortalClientOptions options, HttpMessageHandler? handler)
    {
        this.options = options;
        http = handler is null ? new HttpClient() : new HttpClient(handler, disposeHandler: false);
        http.BaseAddress = new Uri($"{address.ToString().TrimEnd('/')}/");
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", credential);

        // Each attempt has a limit of its own.
        http.Timeout = Timeout.InfiniteTimeSpan;
    }

    public Task<T> GetAsync<T>(string path, CancellationToken cancellationToken) => SendAsync<T>(HttpMethod.Get, path, null, null, cancellationToken);

    public Task<T> DeleteAsync<T>(string path, CancellationToken cancellationToken) => SendAsync<T>(HttpMethod.Delete, path, null, null, cancellationToken);

    public Task<T> PutAsync<T>(string path, object body, CancellationToken cancellationToken) => SendAsync<T>(HttpMethod.Put, path, body, null, cancellationToken);

    public Task<T> PatchAsync<T>(string path, object body, CancellationToken cancellationToken) => SendAsync<T>(HttpMethod.Patch, path, body, null, cancellationToken);

    public Task<T> PostAsync<T>(string path, object? body, string? idempotencyKey, CancellationToken cancellationToken) =>
        SendAsync<T>(HttpMethod.Post, path, body, idempotencyKey ?? Guid.NewGuid().ToString(), cancellationToken);

    public void Dispose() => http.Dispose();

    private async Task<T> SendAsync<T>(HttpMethod method, string path, object? body, string? idempotencyKey, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            TimeSpan? asked;
            try
            {
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                limit.CancelAfter(options.AttemptTimeout);
                using var request = RequestOf(method, path, body, idempotencyKey);
                using var response = await http.SendAsync(request, limit.Token);
                if (response.IsSuccessStatusCode)
                {
                    return await response.Content.ReadFromJsonAsync<T>(Json, limit.Token) ?? throw new JsonException($"{path} was answered with null.");
                }

                asked = response.Headers.RetryAfter?.Delta;
                if (!MayRetry(response.StatusCode, asked) || attempt >= options.MaxRetries)
                {
                    throw await RefusalAsync(response, limit.Token);
                }
            }
            catch (Exception exception) when (IsLost(exception, cancellationToken) && attempt < options.MaxRetries && (method == HttpMethod.Get || idempotencyKey is not null))
            {
                asked = null;
            }

            var pause = asked ?? (options.FirstPause * Math.Pow(2, attempt));
            await Task.Delay(pause < options.LongestPause ? pause : options.LongestPause, cancellationToken);
        }
    }

    private static HttpRequestMessage RequestOf(HttpMethod method, string path, object? body, string? idempotencyKey)
    {
        var request = new HttpRequestMessage(method, path);
        if (idempotencyKey is not null)
        {
            request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
        }

        if (body is not null)
        {
            request.Content = JsonContent.Create(body, body.GetType(), options: Json);
        }

        return request;
    }

    // A pack limit is answered 429 too, and waiting a moment does not help.
    private static bool MayRetry(HttpStatusCode status, TimeSpan? retryAfter) => status switch
    {
        HttpStatusCode.TooManyRequests => retryAfter is not null,
        HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => true,
        _ => false,
    };

    private static bool IsLost(Exception exception, CancellationToken cancellationToken) =>
        exception is HttpRequestException or IOException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested);

    private static async Task<PortalException> RefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        JsonElement body = default;
        try
        {
            body = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        }
        catch (JsonException)
        {
            // Not the portal's own words: something between us and it answered.
        }

        return new PortalException(response.StatusCode, Text(body, "code") ?? "", Text(body, "message") ?? Text(body, "error") ?? $"{(int)response.StatusCode}", body);
    }

    private static string? Text(JsonElement body, string name) =>
        body.ValueKind is JsonValueKind.Object && body.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}
