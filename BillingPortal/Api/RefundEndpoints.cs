using System.ComponentModel.DataAnnotations;
using System.Diagnostics;
using BillingPortal.Ledger;
using BillingPortal.Purchases;
using BillingPortal.Store;

namespace BillingPortal.Api;

/// <summary>Giving money back, for platform administrators.</summary>
internal static class RefundEndpoints
{
    public static IEndpointRouteBuilder MapRefunds(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/v1/admin/payments/{paymentId}/refund", RefundAsync)
            .WithTags("Administration").WithSummary("Gives a payment back, whole or in part, and takes its credit with it")
            .Accepts<RefundRequest>("application/json").Produces<RefundAnswer>()
            .RequireCaller();
        return routes;
    }

    private static async Task<RefundAnswer> RefundAsync(string paymentId, HttpContext http, Refunds refunds, CancellationToken cancellationToken)
    {
        http.Caller().DemandPlatformAdministrator();
        var request = await http.ReadBodyAsync<RefundRequest>(cancellationToken);
        Money? amount = request.AmountUsd is not { } dollars ? null
            : Money.TryFromDecimal(dollars, out var money) ? money
            : throw ApiException.Invalid("amountUsd", "amountUsd must be an amount in dollars with at most two decimals.");
        var key = http.IdempotencyKey();
        return await refunds.RefundAsync(http.Caller(), paymentId, amount, request.Reason, key is null ? null : $"api:{key}", cancellationToken) switch
        {
            RefundResult.Accepted { Refund: var refund } => new RefundAnswer(refund.Id, refund.PaymentId, refund.AmountCents.ToDecimal(), refund.State.Text()),
            RefundResult.NoSuchPayment => throw ApiException.NotFound("There is no such payment."),
            RefundResult.NotRefundable { Left: var left } => throw new ApiException(
                StatusCodes.Status409Conflict, "NOT_REFUNDABLE", left == Money.Zero ? "Nothing of this payment can be given back." : $"At most {left} can be given back."),
            RefundResult.Refused { Code: var code } => throw new ApiException(
                StatusCodes.Status409Conflict, "REFUND_REFUSED", $"The payment provider will not give this back: {code}."),
            _ => throw new UnreachableException(),
        };
    }

    internal sealed record RefundRequest([property: StringLength(Refunds.MaxReasonLength, MinimumLength = 1)] string Reason, decimal? AmountUsd = null);

    internal sealed record RefundAnswer(string Id, string PaymentId, decimal AmountUsd, string State);
}
