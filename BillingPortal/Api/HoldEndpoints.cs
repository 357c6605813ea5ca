using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Store;
using BillingPortal.Wallets;

namespace BillingPortal.Api;

/// <summary>Credit set aside for usage under way: <c>/api/v1/holds</c>. Source: contract, "The portal's own".</summary>
internal static class HoldEndpoints
{
    private const int LongestSeconds = 604_800;

    public static IEndpointRouteBuilder MapHolds(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/holds").WithTags("Usage").RequireCaller();
        group.MapPost("", PlaceAsync).WithSummary("Sets credit aside for usage that begins").Accepts<HoldBody>("application/json").Produces<HoldAnswer>();
        group.MapGet("/{id}", GetAsync).WithSummary("A hold as it stands").Produces<HoldAnswer>();
        group.MapPost("/{id}/capture", CaptureAsync)
            .WithSummary("Charges what was really used and frees the rest").Accepts<CaptureBody>("application/json").Produces<CaptureAnswer>();
        group.MapPost("/{id}/release", ReleaseAsync).WithSummary("Frees a hold and charges nothing").Produces<HoldAnswer>();
        return routes;
    }

    private static async Task<IResult> PlaceAsync(HttpContext http, UsageHolds holds, TimeProvider clock, CancellationToken cancellationToken)
    {
        var body = await http.ReadJsonAsync(cancellationToken);
        var request = RequestBody.As<HoldRequest>(body);
        var (quantity, properties) = UsageEventJson.ReadUse(body);
        var receipt = http.Receipt<HoldResult.Held>(held => HoldAnswer.Of(held, held.CreatedAt));
        var wish = new HoldWish(request.Operation, quantity, TimeSpan.FromSeconds(request.ExpiresInSeconds), properties);
        var result = await holds.PlaceAsync(http.Caller(), wish, receipt, cancellationToken);
        return result is HoldResult.Held held ? receipt.Answer(held) : throw Refused(result);
    }

    private static async Task<HoldAnswer> GetAsync(HttpContext http, string id, UsageHolds holds, TimeProvider clock, CancellationToken cancellationToken) =>
        await holds.FindAsync(http.Caller(), id, cancellationToken) is { } held ? HoldAnswer.Of(held, clock.Now()) : throw Refused(new HoldResult.NotFound());

    private static async Task<IResult> CaptureAsync(HttpContext http, string id, UsageHolds holds, CancellationToken cancellationToken)
    {
        var body = await http.ReadJsonAsync(cancellationToken);
        if (body.ValueKind is not JsonValueKind.Object)
        {
            throw ApiException.Invalid(null, "The body must be a JSON object.");
        }

        var (quantity, properties) = UsageEventJson.ReadUse(body);
        var receipt = http.Receipt<HoldResult.Captured>(CaptureAnswer.Of);
        var result = await holds.CaptureAsync(http.Caller(), id, quantity, properties, receipt, cancellationToken);
        return result is HoldResult.Captured captured ? receipt.Answer(captured) : throw Refused(result);
    }

    private static async Task<IResult> ReleaseAsync(HttpContext http, string id, UsageHolds holds, CancellationToken cancellationToken)
    {
        var receipt = http.Receipt<HoldResult.Held>(held => HoldAnswer.Of(held, held.CreatedAt));
        var result = await holds.ReleaseAsync(http.Caller(), id, receipt, cancellationToken);
        return result is HoldResult.Held held ? receipt.Answer(held) : throw Refused(result);
    }

    private static ApiException Refused(HoldResult result) => result switch
    {
        HoldResult.Rejected { Rejection: { Code: PlaceUsageHold.TooMany } rejection } =>
            new ApiException(StatusCodes.Status409Conflict, rejection.Code, rejection.Message),
        HoldResult.Rejected rejected => UsageEndpoints.Refused(rejected.Rejection),
        HoldResult.Ended { State: UsageHoldState.Captured } => new ApiException(StatusCodes.Status409Conflict, "HOLD_CAPTURED", "This hold was captured before."),
        HoldResult.Ended { State: UsageHoldState.Released } => new ApiException(StatusCodes.Status409Conflict, "HOLD_RELEASED", "This hold was released before."),
        HoldResult.Ended => new ApiException(StatusCodes.Status409Conflict, "HOLD_EXPIRED", "This hold has expired; what it held is free again."),
        _ => ApiException.NotFound("There is no such hold."),
    };

    /// <summary>A hold as it is described to integrators.</summary>
    internal sealed record HoldBody(
        string Operation, decimal? Quantity = null, int? ExpiresInSeconds = null, UsageEndpoints.EventProperties? Properties = null);

    internal sealed record CaptureBody(decimal? Quantity = null, UsageEndpoints.EventProperties? Properties = null);

    /// <summary>The part of it that is read by its type; the rest is read as an event's.</summary>
    internal sealed record HoldRequest(
        [property: StringLength(100)] string Operation,
        [property: Range(1, LongestSeconds)] int ExpiresInSeconds = 900);

    internal sealed record HoldAnswer(
        string Id, Credits Credits, DateTimeOffset ExpiresAt, string Status, string Operation, decimal Quantity, string CreditType, decimal IncludedUnits, DateTimeOffset CreatedAt)
    {
        /// <param name="held">The hold.</param>
        /// <param name="now">The instant at which its status is told.</param>
        public static HoldAnswer Of(HoldResult.Held held, DateTimeOffset now) => new(
            held.Id, held.Credits, held.ExpiresAt, held.State is UsageHoldState.Open && now >= held.ExpiresAt ? "expired" : held.State.Text(),
            held.Operation, held.Quantity.ToDecimal(), held.CreditType, held.Included.ToDecimal(), held.CreatedAt);
    }

    internal sealed record CaptureAnswer(
        string Id, string Status, string CreditType, Credits Credits, decimal IncludedUnits, Credits BalanceAfter, string? TransactionId, Credits HeldCredits)
    {
        public static CaptureAnswer Of(HoldResult.Captured captured) => new(
            captured.Hold.Id, captured.Hold.State.Text(), captured.Hold.CreditType, captured.Credits, captured.Included.ToDecimal(), captured.BalanceAfter,
            captured.TransactionId, captured.Hold.Credits);
    }
}
