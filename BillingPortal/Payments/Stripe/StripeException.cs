using System.Net;
using System.Text.Json;

namespace BillingPortal.Payments.Stripe;

/// <summary>Stripe answered that it will not: the card is declined, something is missing, a parameter is wrong. It has not done what it was asked.</summary>
/// <remarks>Its text holds codes only, never Stripe's message, which may repeat what was sent. Source: docs.stripe.com/api/errors.</remarks>
internal sealed class StripeException : Exception
{
    public StripeException(HttpStatusCode status, JsonElement error, string? requestId)
        : base($"Stripe answered {(int)status}, {Text(error, "type") ?? "no type"}, {Text(error, "code") ?? "no code"}, parameter {Text(error, "param") ?? "none"}, request {requestId ?? "unnamed"}.") =>
        (Status, Error) = (status, error);

    public HttpStatusCode Status { get; }

    /// <summary>The error as Stripe describes it; an empty object if it did not.</summary>
    public JsonElement Error { get; }

    /// <summary>Such as <c>card_error</c> or <c>invalid_request_error</c>.</summary>
    public string? Type => Text(Error, "type");

    /// <summary>Such as <c>card_declined</c> or <c>resource_missing</c>.</summary>
    public string? Code => Text(Error, "code");

    /// <summary>Whether what was asked for, or with, is not there.</summary>
    public bool IsMissing => Code is "resource_missing" || Status is HttpStatusCode.NotFound;

    /// <summary>The payment intent that the error is about; null if it is about none.</summary>
    public JsonElement? PaymentIntent => Error.TryGetProperty("payment_intent", out var intent) && intent.ValueKind is JsonValueKind.Object ? intent : null;

    private static string? Text(JsonElement error, string name) =>
        error.ValueKind is JsonValueKind.Object && error.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;
}
