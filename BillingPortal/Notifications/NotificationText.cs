using System.Globalization;
using System.Text;
using System.Text.Json;

namespace BillingPortal.Notifications;

/// <summary>What people are told of an event.</summary>
internal sealed record NotificationText(Audience Audience, string Title, string Text, string Link)
{
    private const int LongestNote = 500;

    /// <summary>The types of events that anybody is told of.</summary>
    public static IReadOnlySet<string> Types { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "invoice.paid", "payment.refunded", "auto_reload.failed", "credits.low_balance", "credits.exhausted", "flow.gift_received",
    };

    /// <summary>Says an event in words.</summary>
    /// <param name="type">One of <see cref="Types"/>.</param>
    /// <param name="data">The event's data.</param>
    /// <exception cref="JsonException">The data is no JSON.</exception>
    public static NotificationText Of(string type, string data)
    {
        using var document = JsonDocument.Parse(data);
        var fields = document.RootElement;
        return type switch
        {
            "invoice.paid" => new(
                Audience.Payers, $"Receipt: {Dollars(fields, "amountUsd")} paid",
                $"Thank you. {Dollars(fields, "amountUsd")} was paid, and the credits are in your wallet. Invoice {Plain(fields, "number")} is ready as PDF.",
                $"/invoices?search={Uri.EscapeDataString(Plain(fields, "number"))}"),
            "payment.refunded" => new(
                Audience.Payers, $"{Dollars(fields, "amountUsd")} refunded",
                $"{Dollars(fields, "amountUsd")} is on its way back to you, and the credits bought with it were taken back. The credit note is with its invoice.", "/invoices"),
            "auto_reload.failed" => OfFailedReload(fields),
            "credits.low_balance" => new(
                Audience.Payers, $"Credits are running low: {Number(fields, "balance")} left",
                $"{Number(fields, "balance")} credits are available, less than the {Number(fields, "threshold")} you asked to be told of.", "/buy"),
            "credits.exhausted" => new(
                Audience.Payers, "No credits left", "Nothing more can be charged until credits are bought, granted or reset. What is not paid for is refused, not lost.", "/buy"),
            _ => new(Audience.Members, $"You were given {Number(fields, "amount")} flows", GiftText(fields), "/transactions?credits=flows"),
        };
    }

    /// <summary>Text without characters that could break a header, or turn or hide what follows.</summary>
    public static string Plain(string text)
    {
        var plain = new StringBuilder(Math.Min(text.Length, LongestNote));
        foreach (var character in text.EnumerateRunes())
        {
            if (plain.Length >= LongestNote)
            {
                break;
            }

            plain.Append(Rune.GetUnicodeCategory(character) switch
            {
                UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => " ",
                UnicodeCategory.Format => "",
                _ => character.ToString(),
            });
        }

        return plain.ToString();
    }

    private static NotificationText OfFailedReload(JsonElement fields)
    {
        var amount = Dollars(fields, "amountUsd");
        if (IsTrue(fields, "stopped"))
        {
            return new(
                Audience.Payers, "Auto-reload is off", $"The card failed too often, so no more is charged by itself. Nothing was charged just now. Choose another card and switch auto-reload on again.",
                "/auto-reload");
        }

        if (IsTrue(fields, "needsOwner"))
        {
            return new(
                Audience.Payers, $"Your bank asks you to confirm {amount}",
                $"Auto-reload wanted to charge {amount}, and your bank wants to hear from you first. Nothing was charged. Follow the link to confirm it in your browser.",
                Plain(fields, "paymentId") is { Length: > 0 } payment && payment.All(character => char.IsAsciiLetterOrDigit(character) || character == '_')
                    ? $"/billing/payments/{payment}"
                    : "/auto-reload");
        }

        var next = fields.TryGetProperty("nextTryAt", out var at) && at.ValueKind is JsonValueKind.String && at.TryGetDateTimeOffset(out var instant)
            ? $" It is tried again on {instant.UtcDateTime.ToString("d MMMM, HH:mm", CultureInfo.InvariantCulture)} UTC."
            : "";
        return new(
            Audience.Payers, $"Auto-reload of {amount} failed",
            $"The card was refused ({Plain(fields, "reason").Replace('_', ' ')}). Nothing was charged.{next}", "/auto-reload");
    }

    private static string GiftText(JsonElement fields) => Plain(fields, "note") is { Length: > 0 } note
        ? $"They are in your bonus flows. The sender wrote: “{note}”"
        : "They are in your bonus flows.";

    private static string Plain(JsonElement fields, string name) =>
        fields.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? Plain(value.GetString()!) : "";

    private static bool IsTrue(JsonElement fields, string name) => fields.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True;

    private static string Dollars(JsonElement fields, string name) => $"${Decimal(fields, name).ToString("#,0.00", CultureInfo.InvariantCulture)}";

    private static string Number(JsonElement fields, string name) => Decimal(fields, name).ToString("#,0.##", CultureInfo.InvariantCulture);

    private static decimal Decimal(JsonElement fields, string name) =>
        fields.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Number && value.TryGetDecimal(out var number) ? number : 0;
}
