using System.ComponentModel.DataAnnotations;

namespace BillingPortal.Payments.Stripe;

/// <summary>Configuration section <c>Stripe</c>. Checked at the start where Stripe is the provider.</summary>
public sealed class StripeOptions : IValidatableObject
{
    public const string Section = "Stripe";

    /// <summary>The secret key, or a restricted one: <c>sk_live_…</c>, <c>sk_test_…</c>, <c>rk_…</c>. It also says whether real money moves.</summary>
    public string ApiKey { get; set; } = "";

    /// <summary>Where Stripe's API is; another address only for tests and proxies.</summary>
    public string ApiBase { get; set; } = "https://api.stripe.com";

    /// <summary>How long one attempt may take. What the portal asks for has a limit of its own over all attempts.</summary>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>How often a request is sent again that got no answer, or one that may be better next time.</summary>
    [Range(0, 5)]
    public int MaxRetries { get; set; } = 2;

    /// <summary>Whether real money moves with this key.</summary>
    public bool IsLive => ApiKey.StartsWith("sk_live_", StringComparison.Ordinal) || ApiKey.StartsWith("rk_live_", StringComparison.Ordinal);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!IsLive && !ApiKey.StartsWith("sk_test_", StringComparison.Ordinal) && !ApiKey.StartsWith("rk_test_", StringComparison.Ordinal))
        {
            yield return new ValidationResult("Stripe:ApiKey: a secret key (sk_live_…, sk_test_…) or a restricted one (rk_live_…, rk_test_…) of your Stripe account.");
        }

        if (!Uri.TryCreate(ApiBase, UriKind.Absolute, out var uri) || (uri.Scheme != Uri.UriSchemeHttps && !(uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)))
        {
            yield return new ValidationResult("Stripe:ApiBase: an https address, for the key travels to it; http only on this machine.");
        }

        if (AttemptTimeout <= TimeSpan.Zero || AttemptTimeout > TimeSpan.FromSeconds(30))
        {
            yield return new ValidationResult("Stripe:AttemptTimeout: more than nothing and at most 30 seconds.");
        }
    }
}
