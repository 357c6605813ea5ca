using BillingPortal.Purchases;

namespace BillingPortal.Api;

/// <summary>Why a purchase did not start, in the codes that all surfaces share.</summary>
internal static class PurchaseRefusal
{
    /// <param name="start">Anything but <see cref="PurchaseStart.Ready"/>.</param>
    /// <param name="noSuchPack">The surface's own answer to a pack that is unknown.</param>
    public static ApiException Of(PurchaseStart start, ApiException noSuchPack) => start switch
    {
        PurchaseStart.NoSuchPack => noSuchPack,
        PurchaseStart.UpgradeRequired upgrade => new ApiException(
            StatusCodes.Status403Forbidden, "UPGRADE_REQUIRED", $"Credit packs need the {upgrade.Required.Name} plan or higher.", upgrade: true),
        PurchaseStart.LimitReached limit => new ApiException(
            StatusCodes.Status429TooManyRequests, "PACK_LIMIT_REACHED", "This billing cycle allows no more of this pack.",
            extra: new Dictionary<string, object?> { ["nextAvailableAt"] = limit.NextAvailableAt }),
        PurchaseStart.KeyReused => new ApiException(
            StatusCodes.Status422UnprocessableEntity, "IDEMPOTENCY_KEY_REUSED", "This idempotency key was used for another purchase. Nothing was ordered."),
        _ => new ApiException(
            StatusCodes.Status503ServiceUnavailable, "PAYMENT_PROVIDER_UNAVAILABLE",
            "The payment provider does not answer just now. Nothing was charged; try again with the same idempotency key."),
    };
}
