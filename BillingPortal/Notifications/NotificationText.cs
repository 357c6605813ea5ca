using System.Globalization;
using System.Text;
using System.Text.Json;

namespace BillingPortal.Notifications;

/// <summary>What people are told of an event.</summary>
internal sealed record NotificationText(NotificationKind Kind, Audience Audience, string Title, string Text, string Link)
{
    private const int LongestNote = 500;

    /// <summary>The types of events that anybody is told of.</summary>
    public static IReadOnlySet<string> Types { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        "invoice.paid", "payment.refunded", "payment.refund_failed", "subscription.changed", "auto_reload.failed", "credits.low_balance", "credits.exhausted", "spend_limit.reached",
        "flow.gift_received",
    };

    /// <summary>Says an event in words; null: it is one of those of its type that nobody is told of.</summary>
    /// <param name="type">One of <see cref="Types"/>.</param>
    /// <param name="data">The event's data.</param>
    /// <exception cref="JsonException">The data is no JSON.</exception>
    public static NotificationText? Of(string type, string data)
    {
        using var document = JsonDocument.Parse(data);
        var fields = document.RootElement;
        return type switch
        {
            "invoice.paid" => new(
                NotificationKind.Receipt, Audience.Payers, $"Receipt: {Dollars(fields, "amountUsd")} paid",
                $"Thank you. {Dollars(fields, "amountUsd")} was paid, and the credits are in your wallet. Invoice {Plain(fields, "number")} is ready as PDF.",
                $"/invoices?search={Uri.EscapeDataString(Plain(fields, "number"))}"),
            "payment.refunded" => OfMoneyBack(fields),
            "payment.refund_failed" => new(
                NotificationKind.PaymentAction, Audience.Payers, $"A refund of {Dollars(fields, "amountUsd")} did not arrive",
                $"Your bank sent {Dollars(fields, "amountUsd")} back to us, such as for a card or an account that is closed.{Credits(fields, "creditsGivenAgain", " The {0} credits taken back for it are in your wallet again.")} Contact us, and we find another way to pay you.",
                "/invoices"),
            "subscription.changed" => OfPlan(fields),
            "auto_reload.failed" => OfFailedReload(fields),
            "credits.low_balance" => new(
                NotificationKind.Balance, Audience.Payers, $"Credits are running low: {Number(fields, "balance")} left",
                $"{Number(fields, "balance")} credits are available, less than the {Number(fields, "threshold")} you asked to be told of.", "/buy"),
            "credits.exhausted" => new(
                NotificationKind.Balance, Audience.Payers, "No credits left", "Nothing more can be charged until credits are bought, granted or reset. What is not paid for is refused, not lost.", "/buy"),
            "spend_limit.reached" => OfLimit(fields),
            _ => new(NotificationKind.Gift, Audience.Members, $"You were given {Number(fields, "amount")} flows", GiftText(fields), "/transactions?credits=flows"),
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

    private static NotificationText OfMoneyBack(JsonElement fields)
    {
        var amount = Dollars(fields, "amountUsd");
        var taken = Credits(fields, "creditsTakenBack", " The {0} credits bought with it were taken back.");
        return Plain(fields, "cause") switch
        {
            "dispute_opened" => new(
                NotificationKind.PaymentAction, Audience.Payers, $"A payment of {amount} is disputed",
                $"A cardholder told their bank that they do not know a payment of {amount} to us, and the bank holds the money until it decides.{taken} If this was a mistake, ask the bank to withdraw the dispute.",
                "/invoices"),
            "dispute_won" => new(
                NotificationKind.MoneyBack, Audience.Payers, $"The dispute over {amount} is settled", $"The bank decided that the payment of {amount} stands. What was taken back for it is in your wallet again.", "/transactions"),
            "dispute_lost" => new(
                NotificationKind.MoneyBack, Audience.Payers, $"The dispute over {amount} is decided", $"The bank gave {amount} back to the cardholder. The credit note is with its invoice.", "/invoices"),
            _ => new(NotificationKind.MoneyBack, Audience.Payers, $"{amount} refunded", $"{amount} is on its way back to you.{taken} The credit note is with its invoice.", "/invoices"),
        };
    }

    // A renewal has its receipt; what somebody called off is as it was.
    private static NotificationText? OfPlan(JsonElement fields)
    {
        var plan = Plain(fields, "planName");
        var reason = Plain(fields, "failureCode").Replace('_', ' ');
        return Plain(fields, "change") switch
        {
            "start" or "upgrade" => new(NotificationKind.Plan, Audience.Payers, $"Your plan is {plan} now", $"{plan} began just now, with its credits. What you bought before stays.", "/plan"),
            "add_seats" => new(NotificationKind.Plan, Audience.Payers, "Seats were added", $"The plan {plan} has {Number(fields, "seats")} seats now. Members can be invited to them.", "/members"),
            "downgrade" => new(NotificationKind.Plan, Audience.Payers, "A change of plan is noted", $"It is made on {Day(fields, "paidUntil")}. Until then {plan} goes on as it is, and the change can be called off.", "/plan"),
            "cancel" => new(NotificationKind.Plan, Audience.Payers, $"Your plan ends on {Day(fields, "paidUntil")}", $"{plan} was canceled and goes on until then. Nothing more is charged, and it can be kept until that day.", "/plan"),
            "past_due" => new(
                NotificationKind.PaymentAction, Audience.Payers, $"The renewal of {plan} failed",
                $"The card was refused ({reason}). Until the renewal is paid the plan grants nothing; what you bought works on. It is tried again within days: choose another card, or pay it now.", "/plan"),
            "end" => new(
                NotificationKind.Plan, Audience.Payers, "Your plan has ended",
                $"{(reason.Length > 0 ? $"Its renewal could not be paid ({reason}). " : "")}The organization goes on as {plan}; what you bought stays.", "/plan"),
            _ => null,
        };
    }

    private static NotificationText OfFailedReload(JsonElement fields)
    {
        var amount = Dollars(fields, "amountUsd");
        if (IsTrue(fields, "stopped"))
        {
            return new(
                NotificationKind.FailedReload, Audience.Payers, "Auto-reload is off", $"The card failed too often, so no more is charged by itself. Nothing was charged just now. Choose another card and switch auto-reload on again.",
                "/auto-reload");
        }

        if (IsTrue(fields, "needsOwner"))
        {
            return new(
                NotificationKind.FailedReload, Audience.Payers, $"Your bank asks you to confirm {amount}",
                $"Auto-reload wanted to charge {amount}, and your bank wants to hear from you first. Nothing was charged. Follow the link to confirm it in your browser.",
                Plain(fields, "paymentId") is { Length: > 0 } payment && payment.All(character => char.IsAsciiLetterOrDigit(character) || character == '_')
                    ? $"/billing/payments/{payment}"
                    : "/auto-reload");
        }

        var next = fields.TryGetProperty("nextTryAt", out var at) && at.ValueKind is JsonValueKind.String && at.TryGetDateTimeOffset(out var instant)
            ? $" It is tried again on {instant.UtcDateTime.ToString("d MMMM, HH:mm", CultureInfo.InvariantCulture)} UTC."
            : "";
        return new(
            NotificationKind.FailedReload, Audience.Payers, $"Auto-reload of {amount} failed",
            $"The card was refused ({Plain(fields, "reason").Replace('_', ' ')}). Nothing was charged.{next}", "/auto-reload");
    }

    private static NotificationText OfLimit(JsonElement fields)
    {
        var period = Plain(fields, "period") is "day" ? "day" : "month";
        var kind = Plain(fields, "creditType") is "api_credits" ? "API credits" : "credits";
        return new(
            NotificationKind.SpendLimit, Audience.Payers, $"Spend limit reached: {Number(fields, "limit")} {kind} a {period}",
            $"Usage that would take more than {Number(fields, "limit")} {kind} in this {period} is refused until {Day(fields, "until")}, 00:00 UTC. It costs nothing. Your organization set this limit itself, and can raise it at any time.",
            "/settings/limits");
    }

    private static string GiftText(JsonElement fields) => Plain(fields, "note") is { Length: > 0 } note
        ? $"They are in your bonus flows. The sender wrote: “{note}”"
        : "They are in your bonus flows.";

    private static string Plain(JsonElement fields, string name) =>
        fields.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? Plain(value.GetString()!) : "";

    private static string Credits(JsonElement fields, string name, string sentence) =>
        Decimal(fields, name) is > 0 ? string.Format(CultureInfo.InvariantCulture, sentence, Number(fields, name)) : "";

    private static string Day(JsonElement fields, string name) =>
        fields.TryGetProperty(name, out var at) && at.ValueKind is JsonValueKind.String && at.TryGetDateTimeOffset(out var instant)
            ? instant.UtcDateTime.ToString("d MMMM yyyy", CultureInfo.InvariantCulture)
            : "the end of its cycle";

    private static bool IsTrue(JsonElement fields, string name) => fields.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True;

    private static string Dollars(JsonElement fields, string name) => $"${Decimal(fields, name).ToString("#,0.00", CultureInfo.InvariantCulture)}";

    private static string Number(JsonElement fields, string name) => Decimal(fields, name).ToString("#,0.##", CultureInfo.InvariantCulture);

    private static decimal Decimal(JsonElement fields, string name) =>
        fields.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Number && value.TryGetDecimal(out var number) ? number : 0;
}
