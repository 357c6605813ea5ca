using System.ComponentModel.DataAnnotations;

namespace BillingPortal.Payments;

/// <summary>Who takes the money.</summary>
public enum PaymentProvider
{
    /// <summary>A gateway of the portal's own that moves no money.</summary>
    Sandbox,

    /// <summary>Stripe, with the account that <c>Stripe:ApiKey</c> names.</summary>
    Stripe,
}

/// <summary>Configuration section <c>Payments</c>.</summary>
public sealed class PaymentOptions : IValidatableObject
{
    public const string Section = "Payments";

    public PaymentProvider Provider { get; set; } = PaymentProvider.Sandbox;

    /// <summary>How long a checkout stays open; a minute to a day.</summary>
    public TimeSpan CheckoutLifetime { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>How long the gateway may take to open a checkout.</summary>
    public TimeSpan CheckoutTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the gateway may take to charge a saved card before the outcome counts as unknown.</summary>
    public TimeSpan ChargeTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How long the gateway may take to say how a checkout stands.</summary>
    public TimeSpan InquiryTimeout { get; set; } = TimeSpan.FromSeconds(2.5);

    public SandboxOptions Sandbox { get; set; } = new();

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (CheckoutLifetime < TimeSpan.FromMinutes(1) || CheckoutLifetime > TimeSpan.FromDays(1))
        {
            yield return new ValidationResult("Payments:CheckoutLifetime: from a minute to a day.");
        }

        if (CheckoutTimeout <= TimeSpan.Zero || CheckoutTimeout > TimeSpan.FromSeconds(25))
        {
            yield return new ValidationResult("Payments:CheckoutTimeout: more than nothing and at most 25 seconds.");
        }

        if (ChargeTimeout <= TimeSpan.Zero || ChargeTimeout > TimeSpan.FromSeconds(60))
        {
            yield return new ValidationResult("Payments:ChargeTimeout: more than nothing and at most a minute.");
        }

        if (InquiryTimeout <= TimeSpan.Zero || InquiryTimeout > TimeSpan.FromSeconds(25))
        {
            yield return new ValidationResult("Payments:InquiryTimeout: more than nothing and at most 25 seconds.");
        }

        if (Sandbox.BankDelay < TimeSpan.Zero || Sandbox.BankDelay > TimeSpan.FromDays(1))
        {
            yield return new ValidationResult("Payments:Sandbox:BankDelay: from nothing to a day.");
        }

        if (Sandbox.WebhookUrl is { Length: > 0 } url && !PortalAddress.IsWebAddress(url))
        {
            yield return new ValidationResult("Payments:Sandbox:WebhookUrl: an absolute http or https address.");
        }
    }
}

/// <summary>Configuration section <c>Payments:Sandbox</c>.</summary>
public sealed class SandboxOptions
{
    /// <summary>How long a bank transfer takes to arrive, or to fail.</summary>
    public TimeSpan BankDelay { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Where events are sent; unset: this portal's own door, at the address it is bound to.</summary>
    public string? WebhookUrl { get; set; }
}
