using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace BillingPortal.Tests.Payments;

/// <summary>The parameters that Stripe's published API reference knows for the calls the portal makes; a number in brackets is written <c>[#]</c>, a free name <c>[*]</c>.</summary>
/// <remarks>Source: docs.stripe.com/api, the pages named beside each call. Typed off by hand, so that a name that is wrong in the client is not wrong here too.</remarks>
internal static partial class StripePublishedApi
{
    private static readonly FrozenDictionary<string, string[]> Calls = new Dictionary<string, string[]>
    {
        // /checkout/sessions/create
        ["POST /v1/checkout/sessions"] =
        [
            "mode", "client_reference_id", "metadata[*]", "customer", "customer_email", "customer_creation", "currency", "success_url", "cancel_url", "return_url", "ui_mode",
            "expires_at", "locale", "submit_type", "allow_promotion_codes", "billing_address_collection", "automatic_tax[enabled]", "tax_id_collection[enabled]",
            "payment_method_types[#]", "payment_method_collection", "payment_method_configuration", "line_items[#][quantity]", "line_items[#][price]",
            "line_items[#][price_data][currency]", "line_items[#][price_data][unit_amount]", "line_items[#][price_data][unit_amount_decimal]",
            "line_items[#][price_data][product]", "line_items[#][price_data][product_data][name]", "line_items[#][price_data][product_data][description]",
            "line_items[#][price_data][product_data][images][#]", "line_items[#][price_data][product_data][metadata][*]", "line_items[#][price_data][tax_behavior]",
            "payment_intent_data[description]", "payment_intent_data[metadata][*]", "payment_intent_data[setup_future_usage]", "payment_intent_data[receipt_email]",
            "payment_intent_data[statement_descriptor]", "payment_intent_data[statement_descriptor_suffix]", "payment_intent_data[capture_method]",
            "setup_intent_data[description]", "setup_intent_data[metadata][*]", "saved_payment_method_options[payment_method_save]", "expand[#]",
        ],
        ["GET /v1/checkout/sessions/:id"] = ["expand[#]"],
        // /payment_intents/create
        ["POST /v1/payment_intents"] =
        [
            "amount", "currency", "automatic_payment_methods[enabled]", "automatic_payment_methods[allow_redirects]", "capture_method", "confirm", "confirmation_method", "customer",
            "description", "error_on_requires_action", "mandate", "metadata[*]", "off_session", "on_behalf_of", "payment_method", "payment_method_types[#]", "receipt_email",
            "return_url", "setup_future_usage", "statement_descriptor", "statement_descriptor_suffix", "use_stripe_sdk", "expand[#]",
        ],
        // /payment_intents/list
        ["GET /v1/payment_intents"] =
            ["created[gt]", "created[gte]", "created[lt]", "created[lte]", "customer", "ending_before", "limit", "starting_after", "expand[#]"],
        ["GET /v1/payment_intents/:id"] = ["client_secret", "expand[#]"],
        // /payment_intents/cancel
        ["POST /v1/payment_intents/:id/cancel"] = ["cancellation_reason", "expand[#]"],
        // /customers/create
        ["POST /v1/customers"] = ["address[*]", "description", "email", "metadata[*]", "name", "phone", "payment_method", "preferred_locales[#]", "tax_exempt", "expand[#]"],
        // /payment_methods/customer_list
        ["GET /v1/customers/:id/payment_methods"] = ["allow_redisplay", "ending_before", "limit", "starting_after", "type", "expand[#]"],
        ["GET /v1/payment_methods/:id"] = ["expand[#]"],
        // /payment_methods/detach
        ["POST /v1/payment_methods/:id/detach"] = ["expand[#]"],
        // /refunds/create
        ["POST /v1/refunds"] =
        [
            "amount", "charge", "currency", "customer", "instructions_email", "metadata[*]", "origin", "payment_intent", "reason", "refund_application_fee", "reverse_transfer", "expand[#]",
        ],
        // /refunds/list
        ["GET /v1/refunds"] =
            ["charge", "created[gt]", "created[gte]", "created[lt]", "created[lte]", "ending_before", "limit", "payment_intent", "starting_after", "expand[#]"],
        // /disputes/list
        ["GET /v1/disputes"] =
            ["charge", "created[gt]", "created[gte]", "created[lt]", "created[lte]", "ending_before", "limit", "payment_intent", "starting_after", "expand[#]"],
    }.ToFrozenDictionary();

    /// <summary>What of a request the published API does not know; empty if it knows all of it.</summary>
    public static IReadOnlyList<string> UnknownIn(string method, string path, IEnumerable<string> parameters)
    {
        var call = $"{method} {Ids().Replace(path, ":id")}";
        return Calls.TryGetValue(call, out var known)
            ? [.. parameters.Where(name => !known.Any(pattern => Matches(pattern, name))).Select(name => $"{call}: {name}")]
            : [$"{call}: no such call"];
    }

    private static bool Matches(string pattern, string name) => Regex.IsMatch(
        name, $"^{Regex.Escape(pattern).Replace(@"\[\#]", @"\[\d+\]", StringComparison.Ordinal).Replace(@"\[\*]", @"\[[a-z_]+\]", StringComparison.Ordinal)}$");

    [GeneratedRegex(@"(?<=/)(cs|pi|cus|pm|re)_[A-Za-z0-9_]+")]
    private static partial Regex Ids();
}
