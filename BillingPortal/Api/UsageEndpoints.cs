using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using BillingPortal.Accounts;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Store;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace BillingPortal.Api;

/// <summary>Usage in and usage out on the portal's own surface. Source: contract, "The portal's own" and "000 · Credit packs and operations".</summary>
internal static class UsageEndpoints
{
    // A full batch of the longest events that are valid, and some.
    private const int LargestBody = 4 * 1024 * 1024;

    private const string CloudEvent = "application/cloudevents+json";
    private const string CloudEventBatch = "application/cloudevents-batch+json";

    public static IEndpointRouteBuilder MapUsage(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/usage").WithTags("Usage").RequireCaller();
        group.MapPost("/events", IngestAsync)
            .WithSummary("Charges usage: one event, or an array of up to 1,000")
            .WithMetadata(new RequestSizeLimitAttribute(LargestBody))
            .Accepts<EventBody>("application/json", CloudEvent, CloudEventBatch).Produces<EventAnswer>();
        group.MapGet("", GetAsync).WithSummary("Calls and credits of the last days, by operation and day").Produces<UsageSummary>();
        return routes;
    }

    private static async Task<IResult> IngestAsync(HttpContext http, UsageIngestion ingestion, CancellationToken cancellationToken)
    {
        var body = await http.ReadJsonAsync(cancellationToken);
        var (form, one) = FormOf(http);
        switch (body.ValueKind)
        {
            case JsonValueKind.Object when one is not false:
                var answers = await AnswerAsync(http, ingestion, form, [body], cancellationToken);
                return answers[0] is { Rejection: { } rejection } ? throw Refused(rejection) : TypedResults.Ok(EventAnswer.Of(answers[0]));
            case JsonValueKind.Array when one is not true && body.GetArrayLength() is > 0 and <= UsageLimits.BatchSize:
                var results = await AnswerAsync(http, ingestion, form, [.. body.EnumerateArray()], cancellationToken);
                return TypedResults.Ok(new BatchAnswer([.. results.Select(EventAnswer.Of)]));
            default:
                throw ApiException.Invalid(null, one switch
                {
                    true => "The body must be an event.",
                    false => $"The body must be an array of 1 to {UsageLimits.BatchSize} events.",
                    null => $"The body must be an event, or an array of 1 to {UsageLimits.BatchSize} events.",
                });
        }
    }

    /// <summary>How events are written, and whether the body is one of them or several; null: it may be either.</summary>
    private static (EventForm Form, bool? One) FormOf(HttpContext http) => MediaTypeHeaderValue.Parse(http.Request.ContentType).MediaType.Value?.ToLowerInvariant() switch
    {
        CloudEvent => (EventForm.CloudEvents, true),
        CloudEventBatch => (EventForm.CloudEvents, false),
        _ => (EventForm.Own, null),
    };

    /// <summary>An answer to each element; one that is no event is rejected without holding up the others.</summary>
    private static async Task<IReadOnlyList<UsageResult>> AnswerAsync(
        HttpContext http, UsageIngestion ingestion, EventForm form, IReadOnlyList<JsonElement> elements, CancellationToken cancellationToken)
    {
        var answers = new UsageResult?[elements.Count];
        var events = new List<UsageEvent>(elements.Count);
        foreach (var (i, element) in elements.Index())
        {
            if (form.Read(element, out var rejection) is { } reported)
            {
                events.Add(reported);
            }
            else
            {
                answers[i] = UsageResult.Rejected(UsageEventJson.IdOf(element), rejection!);
            }
        }

        var ingested = await ingestion.IngestAsync(http.Caller(), events, cancellationToken);
        var next = 0;
        return [.. answers.Select(answer => form.Name(answer ?? ingested[next++]))];
    }

    /// <summary>A way to write events: how one is read, and what its fields are called when something is wrong with them.</summary>
    private sealed record EventForm(EventForm.Reader Read, Func<string?, string?> FieldOf)
    {
        public delegate UsageEvent? Reader(JsonElement element, out UsageRejection? rejection);

        public static EventForm Own { get; } = new(UsageEventJson.Read, field => field);

        public static EventForm CloudEvents { get; } = new(UsageEventJson.ReadCloudEvent, UsageEventJson.CloudEventField);

        public UsageResult Name(UsageResult result) =>
            result.Rejection is { } rejection ? result with { Rejection = rejection with { Field = FieldOf(rejection.Field) } } : result;
    }

    /// <summary>The error of usage that was not taken.</summary>
    internal static ApiException Refused(UsageRejection rejection) => rejection switch
    {
        { Shortage: { } shortage } => new ApiException(StatusCodes.Status402PaymentRequired, rejection.Code, "Insufficient credits", extra: new Dictionary<string, object?>
        {
            ["message"] = rejection.Message,
            ["balance"] = shortage.Available,
            ["estimated_cost"] = shortage.Needed,
            ["creditType"] = shortage.CreditType,
        }),
        { OverLimit: { } over } => new ApiException(StatusCodes.Status402PaymentRequired, rejection.Code, "Spend limit reached", extra: new Dictionary<string, object?>
        {
            ["message"] = rejection.Message,
            ["limitOf"] = over.KeyId is null ? "organization" : "key",
            ["period"] = over.Period.Text(),
            ["limit"] = over.Limit,
            ["left"] = over.Left,
            ["estimated_cost"] = over.Needed,
            ["creditType"] = over.CreditType,
        }),
        _ => new ApiException(StatusCodes.Status400BadRequest, rejection.Code, rejection.Message, rejection.Field),
    };

    private static async Task<UsageSummary> GetAsync(
        HttpContext http, UsageReports reports, ApiKeys keys, PriceCatalog catalog, TimeProvider clock, CancellationToken cancellationToken)
    {
        var caller = http.Caller();
        var days = http.QueryInt("days", 30, 1, 90);
        var keyId = http.QueryText("keyId") ?? caller.KeyId;
        var key = keyId is null ? null : await keys.FindAsync(caller, keyId, cancellationToken) ?? throw ApiException.NotFound("There is no such key.");
        var now = clock.Now();
        var range = DayRange.LastDays(days, now);

        // This surface speaks of credits alone: other kinds cannot be added to them.
        var rows = (await reports.GetDaysAsync(caller, range, keyId, cancellationToken)).Where(row => row.CreditType == CreditTypes.Credits).ToList();
        var byDay = rows.ToLookup(row => row.Day);
        return new UsageSummary(
            new Period(new DateTimeOffset(range.First.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero), now, days),
            key is null ? null : new KeyInfo(key.Id, key.Name, key.LastUsedAt),
            new Totals(
                rows.Sum(row => row.Sums.Items),
                Credits.Sum(rows.Select(row => row.Sums.Credits)),
                rows.GroupBy(row => row.Operation).ToDictionary(
                    operation => operation.Key,
                    operation => new EndpointTotals(
                        operation.Sum(row => row.Sums.Items),
                        Credits.Sum(operation.Select(row => row.Sums.Credits)),
                        catalog.FindOperation(operation.Key)?.Label ?? operation.Key))),
            [.. range.All.Select(day => new DayTotals(day, byDay[day].Sum(row => row.Sums.Items), Credits.Sum(byDay[day].Select(row => row.Sums.Credits))))]);
    }

    /// <summary>An event as it is described to integrators; it is read by <see cref="UsageEventJson"/>.</summary>
    internal sealed record EventBody(
        string Id, string Operation, decimal? Quantity = null, DateTimeOffset? OccurredAt = null, EventProperties? Properties = null);

    internal sealed record EventProperties(
        string? Model = null, long? InputTokens = null, long? OutputTokens = null, bool? TollFree = null, decimal? CarrierCostUsd = null, string? AgentId = null,
        string? RepoId = null, string? UnitId = null, string? Host = null, string? NodeType = null, string? LlmType = null, string? LlmModel = null, string? Status = null);

    internal sealed record BatchAnswer(IReadOnlyList<EventAnswer> Results);

    internal sealed record EventAnswer(
        string Id,
        string Status,
        string? CreditType,
        Credits Credits,
        Credits? BalanceAfter,
        string? TransactionId,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Code,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Message,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Field)
    {
        public static EventAnswer Of(UsageResult result) => new(
            result.Id,
            result.Status switch
            {
                UsageStatus.Charged => "charged",
                UsageStatus.Duplicate => "duplicate",
                UsageStatus.Rejected => "rejected",
                UsageStatus.Free => "free",
                _ => throw new UnreachableException(),
            },
            result.CreditType,
            result.Credits,
            result.BalanceAfter,
            result.TransactionId,
            result.Rejection?.Code,
            result.Rejection?.Message,
            result.Rejection?.Field);
    }

    internal sealed record UsageSummary(
        Period Period,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] KeyInfo? Key,
        Totals Summary,
        IReadOnlyList<DayTotals> Daily);

    internal sealed record Period(DateTimeOffset Start, DateTimeOffset End, int Days);

    internal sealed record KeyInfo(string Id, string Name, DateTimeOffset? LastUsed);

    internal sealed record Totals(long TotalCalls, Credits TotalCredits, IReadOnlyDictionary<string, EndpointTotals> ByEndpoint);

    internal sealed record EndpointTotals(long Calls, Credits Credits, string Label);

    internal sealed record DayTotals(DateOnly Date, long Calls, Credits Credits);
}
