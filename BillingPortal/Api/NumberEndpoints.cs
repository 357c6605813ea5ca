using System.ComponentModel.DataAnnotations;
using BillingPortal.Metering;
using BillingPortal.Store;

namespace BillingPortal.Api;

/// <summary>Phone numbers that the organization rents: <c>/api/v1/numbers</c>. Source: design §5.</summary>
internal static class NumberEndpoints
{
    public static IEndpointRouteBuilder MapNumbers(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/v1/numbers").WithTags("Numbers").RequireCaller();
        group.MapPost("", RentAsync)
            .WithSummary("Rents a number and charges its first month").Accepts<RentRequest>("application/json").Produces<NumberAnswer>(StatusCodes.Status201Created);
        group.MapGet("", ListAsync).WithSummary("The organization's numbers, newest first").Produces<NumberList>();
        group.MapDelete("/{id}", ReleaseAsync).WithSummary("Gives a number up at once").Produces<NumberAnswer>();
        return routes;
    }

    private static async Task<IResult> RentAsync(HttpContext http, NumberRentals rentals, CancellationToken cancellationToken)
    {
        var request = await http.ReadBodyAsync<RentRequest>(cancellationToken);
        var receipt = http.Receipt<NumberRental.Rented>(rented => NumberAnswer.Of(rented.Number), StatusCodes.Status201Created);
        return await rentals.RentAsync(http.Caller(), request.Number, request.Label, receipt, cancellationToken) switch
        {
            NumberRental.Rented rented => receipt.Answer(rented),
            NumberRental.Invalid invalid => throw ApiException.Invalid(invalid.Field, invalid.Message),
            NumberRental.NotOffered => throw ApiException.NotFound("This installation rents no numbers."),
            NumberRental.NotCovered uncovered => throw UsageEndpoints.Refused(uncovered.Rejection),
            NumberRental.TooMany many => throw new ApiException(
                StatusCodes.Status409Conflict, "NUMBER_LIMIT_REACHED", $"An organization rents at most {many.Limit} numbers."),
            _ => throw new ApiException(StatusCodes.Status409Conflict, "NUMBER_TAKEN", "This number is rented already.", "number"),
        };
    }

    private static async Task<NumberList> ListAsync(HttpContext http, NumberRentals rentals, CancellationToken cancellationToken)
    {
        var page = await rentals.ListAsync(
            http.Caller(), http.QueryText("after"), http.QueryInt("limit", 50, 1, NumberRentals.LargestPage), cancellationToken);
        return new NumberList([.. page.Numbers.Select(NumberAnswer.Of)], page.NextAfter);
    }

    private static async Task<NumberAnswer> ReleaseAsync(HttpContext http, string id, NumberRentals rentals, CancellationToken cancellationToken) =>
        await rentals.ReleaseAsync(http.Caller(), id, cancellationToken) is { } number
            ? NumberAnswer.Of(number)
            : throw ApiException.NotFound("There is no such number.");

    internal sealed record RentRequest([property: StringLength(20)] string Number, string? Label = null);

    internal sealed record NumberList(IReadOnlyList<NumberAnswer> Data, string? NextAfter);

    internal sealed record NumberAnswer(
        string Id, string Number, string? Label, string Status, DateTimeOffset RentedAt, DateTimeOffset? NextChargeAt, DateTimeOffset? PastDueSince, DateTimeOffset? ReleasedAt)
    {
        public static NumberAnswer Of(NumberView number) => new(
            number.Id, number.Number, number.Label, number.State.Text(), number.RentedAt, number.DueAt, number.PastDueSince, number.ReleasedAt);
    }
}
