using System.Text.Json;
using BillingPortal.Store;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;

namespace BillingPortal.Api;

/// <summary>How an endpoint lets its answer be stored with the effect, where that is one commit. See docs/idempotency.md.</summary>
internal static class Receipts
{
    private const string Json = "application/json; charset=utf-8";

    /// <summary>The receipt that a handler hands to its service.</summary>
    /// <param name="http">The request.</param>
    /// <param name="body">The answer to a result, as it becomes JSON. Pure: it runs inside the effect's transaction.</param>
    /// <param name="status">The answer's HTTP status.</param>
    public static Receipt<TResult> Receipt<TResult>(this HttpContext http, Func<TResult, object> body, int status = StatusCodes.Status200OK)
        where TResult : class
    {
        var options = http.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        return new Receipt<TResult>(
            http.Features.Get<IdempotencyClaim>(), result => new StoredAnswer(status, Json, JsonSerializer.SerializeToUtf8Bytes(body(result), options)));
    }

    /// <summary>What the handler returns for a result that its service gave back.</summary>
    public static IResult Answer<TResult>(this Receipt<TResult> receipt, TResult result)
        where TResult : class => new Bytes(receipt.AnswerTo(result));

    /// <summary>The request's idempotency key, for a gateway's order that carries it on; null if it has none.</summary>
    public static string? IdempotencyKey(this HttpContext http) => http.Features.Get<IdempotencyClaim>()?.Key;

    private sealed class Bytes(StoredAnswer answer) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = answer.Status;
            httpContext.Response.ContentType = answer.ContentType;
            await httpContext.Response.Body.WriteAsync(answer.Body, httpContext.RequestAborted);
        }
    }
}
