using System.Diagnostics.CodeAnalysis;
using BillingPortal.Catalog;

namespace BillingPortal.Metering;

/// <summary>An event that was found right, with what it costs.</summary>
/// <param name="Event">As reported.</param>
/// <param name="Rate">The operation.</param>
/// <param name="Facts">What its price was made from.</param>
/// <param name="Usage">Its price; null if it costs nothing whatever the price.</param>
/// <param name="OccurredAt">When it happened, to the millisecond.</param>
internal sealed record PricedEvent(UsageEvent Event, OperationRate Rate, UsageFacts Facts, RatedUsage? Usage, DateTimeOffset OccurredAt)
{
    /// <summary>The units as billed; of a free event, as reported.</summary>
    public Quantity Quantity => Usage?.Quantity ?? (Rate.PricedByModel ? Facts.InputTokens + Facts.OutputTokens : Facts.Quantity);

    /// <summary>What people read of it in lists, such as "Voice (toll-free)".</summary>
    public string Description { get; } = Describe(Event.Properties, Rate, Facts);

    private static string Describe(UsageProperties properties, OperationRate rate, UsageFacts facts)
    {
        ReadOnlySpan<string?> details =
        [
            facts.Variant?.Type,
            properties.Model ?? properties.LlmModel,
            facts.TollFree && rate.TollFreeSurcharge.IsPositive ? "toll-free" : null,
            properties.Failed ? "failed" : null,
        ];
        string? inBrackets = null;
        foreach (var detail in details)
        {
            inBrackets = detail is null ? inBrackets : inBrackets is null ? detail : $"{inBrackets}, {detail}";
        }

        return inBrackets is null ? rate.Label : $"{rate.Label} ({inBrackets})";
    }
}

/// <summary>Checks events and prices them by the catalog. Pure.</summary>
internal sealed class UsagePricing(PriceCatalog catalog)
{
    /// <summary>Checks an event and finds its price on <paramref name="plan"/>; null, and why, if it cannot be taken.</summary>
    /// <param name="reported">The event.</param>
    /// <param name="plan">The organization's plan.</param>
    /// <param name="usedInCycle">What was used of the operation in the billing cycle before; matters to tiered prices only.</param>
    /// <param name="now">The instant it came in.</param>
    /// <param name="rejection">Why not.</param>
    public PricedEvent? Price(UsageEvent reported, Plan plan, Quantity usedInCycle, DateTimeOffset now, [NotNullWhen(false)] out UsageRejection? rejection)
    {
        var occurredAt = reported.OccurredAt ?? now;
        rejection = CheckId(reported.Id) ?? CheckOrigin(reported.Origin) ?? CheckTime(occurredAt, now) ?? CheckTexts(reported.Properties);
        if (rejection is not null)
        {
            return null;
        }

        if (catalog.FindOperation(reported.Operation) is not { Reported: true } rate)
        {
            rejection = new(UsageRejection.UnknownOperation, $"There is no operation '{Shortened(reported.Operation)}'.", "operation");
            return null;
        }

        if (Facts(reported, rate, usedInCycle, out rejection) is not { } facts)
        {
            return null;
        }

        rejection = FaultOf(reported, rate, facts, Rating.Check(rate, facts));
        return rejection is not null
            ? null
            : new PricedEvent(reported, rate, facts, reported.Properties.Failed ? null : Rating.Rate(rate, plan, facts), Milliseconds(occurredAt));
    }

    /// <summary>The id of the tiered price that an event would be charged at; null if its price has no tiers, or it has none.</summary>
    public string? TieredPrice(UsageEvent reported, Plan plan)
    {
        if (catalog.FindOperation(reported.Operation) is not { PricedByModel: false } rate || reported.Properties.Failed)
        {
            return null;
        }

        var variant = rate.FindVariant(reported.Properties.NodeType);
        return variant is null == rate.Variants.IsEmpty && rate.TariffOn(plan, variant).IsTiered ? variant?.Id ?? rate.Id : null;
    }

    private UsageFacts? Facts(UsageEvent reported, OperationRate rate, Quantity usedInCycle, out UsageRejection? rejection)
    {
        rejection = null;
        var properties = reported.Properties;
        ModelTier? tier = null;
        if (rate.PricedByModel)
        {
            if (properties.Model is null)
            {
                rejection = Invalid("properties.model", "A model call names its model.");
                return null;
            }

            tier = catalog.FindModel(properties.Model);
            if (tier is null)
            {
                rejection = new(UsageRejection.UnknownModel, $"There is no model '{Shortened(properties.Model)}'.", "properties.model");
                return null;
            }
        }

        var (input, output) = (properties.InputTokens ?? Quantity.Zero, properties.OutputTokens ?? Quantity.Zero);
        if (rate.PricedByModel && !properties.Failed && properties.InputTokens is null && properties.OutputTokens is null)
        {
            rejection = Invalid("properties.inputTokens", "A model call counts its tokens.");
            return null;
        }

        var quantity = QuantityOf(reported, rate);
        if (quantity is null)
        {
            rejection = Invalid("quantity", $"How many of unit '{rate.Unit}' were used must be said.");
            return null;
        }

        var tooLarge = quantity > UsageLimits.LargestQuantity ? "quantity"
            : input > UsageLimits.LargestQuantity ? "properties.inputTokens"
            : output > UsageLimits.LargestQuantity ? "properties.outputTokens"
            : null;
        if (tooLarge is not null)
        {
            rejection = TooLarge(tooLarge);
            return null;
        }

        return new UsageFacts
        {
            Quantity = quantity.Value,
            Variant = rate.Variants.IsEmpty ? null : rate.FindVariant(properties.NodeType),
            Model = tier,
            InputTokens = input,
            OutputTokens = output,
            TollFree = properties.TollFree,
            CarrierCost = properties.CarrierCost,
            UsedInCycle = usedInCycle,
        };
    }

    private static Quantity? QuantityOf(UsageEvent reported, OperationRate rate)
    {
        if (reported.Quantity is not null)
        {
            return reported.Quantity;
        }

        if (rate.PricedByModel || reported.Properties.Failed)
        {
            return Quantity.Zero;
        }

        // Tokens may come in the property named after them; calls and messages come one at a time.
        return rate.UnitSize > 1
            ? reported.Properties.OutputTokens
            : rate.PartUnits is PartUnits.Refuse ? Quantity.FromWhole(1) : null;
    }

    private static UsageRejection? FaultOf(UsageEvent reported, OperationRate rate, UsageFacts facts, UsageFault fault) => fault switch
    {
        UsageFault.None => null,
        UsageFault.QuantityNotWhole => Invalid(QuantityField(rate, facts, part: true), $"The unit '{rate.Unit}' comes whole."),
        UsageFault.QuantityTooLarge => TooLarge(QuantityField(rate, facts, part: false)),
        UsageFault.VariantMissing => Invalid(
            $"properties.{rate.VariantProperty}",
            $"{rate.VariantProperty} must be one of {string.Join(", ", rate.Variants.Select(variant => variant.Value))}, not '{Shortened(reported.Properties.NodeType ?? "")}'."),
        UsageFault.CarrierCostOutOfRange => Invalid("properties.carrierCostUsd", "A carrier's cost is from 0 to 10,000 dollars."),
        _ => Invalid("properties.model", "A model call names its model."),
    };

    private static string QuantityField(OperationRate rate, UsageFacts facts, bool part)
    {
        if (!rate.PricedByModel)
        {
            return "quantity";
        }

        var input = part ? !facts.InputTokens.IsWhole : facts.InputTokens > facts.OutputTokens;
        return input ? "properties.inputTokens" : "properties.outputTokens";
    }

    private static UsageRejection? CheckId(string id) =>
        id.Length is 0 or > UsageLimits.IdLength || HasControls(id)
            ? Invalid("id", $"An event's id has 1 to {UsageLimits.IdLength} characters, none of them a control character.")
            : null;

    private static UsageRejection? CheckOrigin(string? origin) =>
        origin is not null && (origin.Length is 0 or > UsageLimits.OriginLength || HasControls(origin))
            ? Invalid("origin", $"An origin has 1 to {UsageLimits.OriginLength} characters, none of them a control character.")
            : null;

    private static UsageRejection? CheckTime(DateTimeOffset occurredAt, DateTimeOffset now)
    {
        if (occurredAt < now - UsageLimits.OldestEvent)
        {
            return Invalid("occurredAt", $"An event is accepted for {UsageLimits.OldestEvent.Days} days.");
        }

        return occurredAt > now + UsageLimits.ClockSkew ? Invalid("occurredAt", "An event cannot lie in the future.") : null;
    }

    private static UsageRejection? CheckTexts(UsageProperties properties)
    {
        ReadOnlySpan<(string Field, string? Text)> texts =
        [
            ("model", properties.Model), ("agentId", properties.AgentId), ("repoId", properties.RepoId), ("unitId", properties.UnitId),
            ("host", properties.Host), ("nodeType", properties.NodeType), ("llmType", properties.LlmType), ("llmModel", properties.LlmModel),
            ("status", properties.Status),
        ];
        foreach (var (field, text) in texts)
        {
            if (text is not null && (text.Length > UsageLimits.PropertyLength || HasControls(text)))
            {
                return Invalid($"properties.{field}", $"A property has at most {UsageLimits.PropertyLength} characters, none of them a control character.");
            }
        }

        return null;
    }

    private static bool HasControls(string text) => text.AsSpan().ContainsAnyInRange('\0', '\u001f') || text.Contains('\u007f', StringComparison.Ordinal);

    private static UsageRejection TooLarge(string field) => Invalid(field, "That is more than one event may report.");

    private static UsageRejection Invalid(string field, string message) => new(UsageRejection.Invalid, message, field);

    private static string Shortened(string text) => text.Length <= 60 ? text : $"{text[..60]}…";

    private static DateTimeOffset Milliseconds(DateTimeOffset instant) => DateTimeOffset.FromUnixTimeMilliseconds(instant.ToUnixTimeMilliseconds());
}
