using BillingPortal.Catalog;
using BillingPortal.Ledger;

namespace BillingPortal.Metering;

/// <summary>Something that was used, as an integrator reports it.</summary>
/// <param name="Id">The integrator's id; de-duplicates for ever within the organization. 1 to <see cref="UsageLimits.IdLength"/> characters.</param>
/// <param name="Operation">An operation of the catalog.</param>
/// <param name="Quantity">In the operation's unit; null is one of what comes whole.</param>
/// <param name="OccurredAt">When it happened; null: now.</param>
/// <param name="Properties">What else bears on its price or is told in reports.</param>
/// <param name="Origin">Where the id comes from, if it de-duplicates only together with that: a CloudEvent's source. 1 to <see cref="UsageLimits.OriginLength"/> characters.</param>
public sealed record UsageEvent(
    string Id, string Operation, Quantity? Quantity, DateTimeOffset? OccurredAt, UsageProperties Properties, string? Origin = null);

/// <summary>What an event may say of itself. Source: contract, "The portal's own", usage events.</summary>
public sealed record UsageProperties
{
    public static UsageProperties None { get; } = new();

    public string? Model { get; init; }

    public Quantity? InputTokens { get; init; }

    public Quantity? OutputTokens { get; init; }

    public bool TollFree { get; init; }

    /// <summary>What the carrier charged, in credits of $0.01.</summary>
    public Credits CarrierCost { get; init; }

    public string? AgentId { get; init; }

    public string? RepoId { get; init; }

    public string? UnitId { get; init; }

    public string? Host { get; init; }

    public string? NodeType { get; init; }

    public string? LlmType { get; init; }

    public string? LlmModel { get; init; }

    /// <summary>"failed" is recorded and costs nothing; anything else is charged.</summary>
    public string? Status { get; init; }

    /// <summary>These properties, and those of <paramref name="earlier"/> that these do not tell.</summary>
    public UsageProperties Over(UsageProperties earlier) => new()
    {
        Model = Model ?? earlier.Model,
        InputTokens = InputTokens ?? earlier.InputTokens,
        OutputTokens = OutputTokens ?? earlier.OutputTokens,
        TollFree = TollFree || earlier.TollFree,
        CarrierCost = CarrierCost.IsZero ? earlier.CarrierCost : CarrierCost,
        AgentId = AgentId ?? earlier.AgentId,
        RepoId = RepoId ?? earlier.RepoId,
        UnitId = UnitId ?? earlier.UnitId,
        Host = Host ?? earlier.Host,
        NodeType = NodeType ?? earlier.NodeType,
        LlmType = LlmType ?? earlier.LlmType,
        LlmModel = LlmModel ?? earlier.LlmModel,
        Status = Status ?? earlier.Status,
    };

    public bool Failed => string.Equals(Status, "failed", StringComparison.OrdinalIgnoreCase);
}

/// <summary>The bounds of what is accepted.</summary>
public static class UsageLimits
{
    /// <summary>Most events in one batch.</summary>
    public const int BatchSize = 1000;

    public const int IdLength = 200;

    /// <summary>Longest origin of an id.</summary>
    public const int OriginLength = 500;

    /// <summary>Longest text of a property.</summary>
    public const int PropertyLength = 200;

    /// <summary>How late an event may come. Source: design §5.</summary>
    public static readonly TimeSpan OldestEvent = TimeSpan.FromDays(35);

    /// <summary>How far a reporter's clock may be ahead of ours.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    /// <summary>Most units in one event, so that a day's sum always fits.</summary>
    public static Quantity LargestQuantity { get; } = Quantity.FromWhole(1_000_000_000);
}

/// <summary>What became of an event.</summary>
public enum UsageStatus
{
    /// <summary>Credits, included minutes or both were debited.</summary>
    Charged,

    /// <summary>The id was recorded before; nothing was done now, whatever else the event says.</summary>
    Duplicate,

    /// <summary>Nothing was stored; it may be sent again under the same id.</summary>
    Rejected,

    /// <summary>Recorded, and cost nothing.</summary>
    Free,
}

/// <summary>The answer to one event; of a duplicate, what the first was answered.</summary>
/// <param name="Id">The event's id.</param>
/// <param name="Status">What became of it.</param>
/// <param name="CreditType">The kind of credit it is priced in; null if that is not known.</param>
/// <param name="Credits">What was debited of it.</param>
/// <param name="BalanceAfter">The posted balance of that wallet after it; null if rejected.</param>
/// <param name="TransactionId">The debit; null if there was none.</param>
/// <param name="Rejection">Why not, if rejected.</param>
public sealed record UsageResult(
    string Id, UsageStatus Status, string? CreditType, Credits Credits, Credits? BalanceAfter, string? TransactionId, UsageRejection? Rejection)
{
    public static UsageResult Rejected(string id, UsageRejection rejection, string? creditType = null) =>
        new(id, UsageStatus.Rejected, creditType, Credits.Zero, null, null, rejection);
}

/// <summary>Why an event was not taken.</summary>
/// <param name="Code">Stable and machine-readable.</param>
/// <param name="Message">A sentence for people.</param>
/// <param name="Field">The field at fault, as <c>properties.model</c>; null if none is.</param>
/// <param name="Shortage">What was needed and what there was, if credit was short.</param>
/// <param name="OverLimit">The limit, if the organization's or the key's own forbids it.</param>
public sealed record UsageRejection(string Code, string Message, string? Field, Refusal.Insufficient? Shortage = null, Refusal.OverLimit? OverLimit = null)
{
    public const string Invalid = "INVALID_REQUEST";
    public const string UnknownOperation = "UNKNOWN_OPERATION";
    public const string UnknownModel = "UNKNOWN_MODEL";
    public const string InsufficientCredits = "INSUFFICIENT_CREDITS";
    public const string SpendLimitReached = "SPEND_LIMIT_REACHED";

    internal static UsageRejection Short(Refusal.Insufficient shortage) =>
        new(InsufficientCredits, $"Need ~{shortage.Needed} credits, have {shortage.Available}", null, shortage);

    internal static UsageRejection Over(Refusal.OverLimit over) => new(
        SpendLimitReached,
        $"Need {over.Needed} credits; {(over.KeyId is null ? "the organization's limit" : "this API key's own limit")} of {over.Limit} a {(over.Period is SpendPeriod.Day ? "day" : "month")} leaves {over.Left}.",
        null, OverLimit: over);
}
