using System.Text.Json.Serialization;

namespace BillingPortal.Client;

/// <summary>Something that was used.</summary>
/// <param name="Id">Yours; de-duplicates for ever within the organization.</param>
/// <param name="Operation">An operation of the catalog.</param>
/// <param name="Quantity">In its unit; null is one of what comes whole.</param>
/// <param name="OccurredAt">Null: now.</param>
/// <param name="Properties">What else bears on the price, or is told in reports.</param>
public sealed record UsageEvent(string Id, string Operation, decimal? Quantity = null, DateTimeOffset? OccurredAt = null, UsageProperties? Properties = null);

public sealed record UsageProperties
{
    public string? Model { get; init; }

    public long? InputTokens { get; init; }

    public long? OutputTokens { get; init; }

    public bool? TollFree { get; init; }

    public decimal? CarrierCostUsd { get; init; }

    public string? AgentId { get; init; }

    public string? RepoId { get; init; }

    public string? UnitId { get; init; }

    public string? Host { get; init; }

    public string? NodeType { get; init; }

    public string? LlmType { get; init; }

    public string? LlmModel { get; init; }

    public string? Status { get; init; }
}

/// <remarks>Status: "charged", "duplicate", "rejected" or "free".</remarks>
public sealed record UsageResult(
    string Id, string Status, string? CreditType, decimal Credits, decimal? BalanceAfter, string? TransactionId, string? Code, string? Message, string? Field);

public sealed record UsageSummary(UsagePeriod Period, UsageTotals Summary, IReadOnlyList<UsageDay> Daily);

public sealed record UsagePeriod(DateTimeOffset Start, DateTimeOffset End, int Days);

public sealed record UsageTotals(long TotalCalls, decimal TotalCredits, IReadOnlyDictionary<string, EndpointUsage> ByEndpoint);

public sealed record EndpointUsage(long Calls, decimal Credits, string Label);

public sealed record UsageDay(DateOnly Date, long Calls, decimal Credits);

public sealed record HoldRequest(string Operation, decimal? Quantity = null, int? ExpiresInSeconds = null, UsageProperties? Properties = null);

/// <remarks>Status: "open", "captured", "released" or "expired".</remarks>
public sealed record Hold(string Id, decimal Credits, DateTimeOffset ExpiresAt, string Status, string Operation, decimal Quantity, string CreditType, decimal IncludedUnits);

public sealed record CapturedHold(string Id, string Status, string CreditType, decimal Credits, decimal BalanceAfter, string? TransactionId, decimal HeldCredits);

public sealed record RentedNumber(string Id, string Number, string? Label, string Status, DateTimeOffset RentedAt, DateTimeOffset? NextChargeAt);

public sealed record NumberPage(IReadOnlyList<RentedNumber> Data, string? NextAfter);

public sealed record Estimate(IReadOnlyList<EstimateItem> Items, decimal TotalCredits, string? RecommendedPack, IReadOnlyList<PackCover> Packs, PackMix? Cheapest);

public sealed record EstimateItem(string Id, string Label, decimal Quantity, decimal Credits, string CreditType);

public sealed record PackCover(string Id, bool Covers);

public sealed record PackMix(IReadOnlyList<PackCount> Packs, decimal Credits, decimal PriceUsd, decimal Leftover);

public sealed record PackCount(string Id, int Count);

public sealed record PackPurchase(string Url, string PaymentId, PurchasedPack Pack);

public sealed record PurchasedPack(string Id, string Name, decimal Credits, string Price);

public sealed record CallerInfo(string Kind, NamedThing Organization, NamedThing Plan, IReadOnlyList<string> Scopes);

public sealed record NamedThing(string Id, string Name);

public sealed record Wallet(
    decimal BalanceUsd, bool AutoReloadEnabled, decimal? AutoReloadThresholdUsd, decimal? AutoReloadAmountUsd, decimal BalanceCredits, decimal HeldCredits,
    decimal AvailableCredits, IReadOnlyList<WalletBucket> Buckets);

public sealed record WalletBucket(string Id, string Kind, string Source, decimal Amount, decimal Remaining, DateTimeOffset? ExpiresAt);

/// <summary>Credit to be given by hand; either amount, not both.</summary>
public sealed record CreditRequest(decimal? AmountUsd = null, decimal? Credits = null, string? OrganizationId = null, string? Note = null, string? Reference = null);

public sealed record CreditReceipt(string TransactionId, decimal BalanceCredits);

public sealed record ChannelDay(DateOnly Date, string Channel, decimal Quantity, decimal Credits, long Items);

public sealed record UsageItem(DateTimeOffset Time, string Type, string Channel, decimal Quantity, decimal Credits, string Description, string? AgentId, string Id);

public sealed record UsageItemPage(IReadOnlyList<UsageItem> Data, string? NextCursor);

public sealed record Plan(
    string Id, string Name, decimal MonthlyPriceUsd, decimal YearlyPriceUsd, int IncludedMinutes, decimal? OverageRate, decimal MonthlyCredits, int DailyFlows,
    bool PerSeat, bool ApiAccess);

public sealed record Invoice(string Id, string Number, DateTimeOffset Date, string Description, decimal AmountUsd, string Status, string? PdfUrl);

public sealed record InvoicePage(IReadOnlyList<Invoice> Data, string? NextCursor);

/// <remarks>StartOfDay: The balance without what the UTC day has consumed.</remarks>
public sealed record CreditBalance(
    [property: JsonPropertyName("creditBalance")] decimal StartOfDay, DateTimeOffset DateBalance, decimal RealtimeBalance, decimal PendingConsumption, ConsumptionBreakdown Breakdown);

public sealed record ConsumptionBreakdown(decimal Storage, decimal Ai, decimal Operations, decimal Voice);

/// <remarks>Type: "consumption", "purchase" or "grant".</remarks>
public sealed record CreditTransaction(
    string Id, decimal CreditAmount, DateTimeOffset CreatedAt, string Description, string Type, string? RateType, string? RateConcept, decimal? RateUsed,
    string? RepoId, string? UnitId, string? Host, string? LlmType, string? LlmModel, string? SubscriptionName, string? PackName);

public sealed record TransactionPage(IReadOnlyList<CreditTransaction> Data, Pagination Pagination);

public sealed record Pagination(long Total, int Page, int Limit);

public sealed record MonthlyStats(IReadOnlyList<MonthSums> Data, MonthSums Totals);

/// <remarks>Month: The first instant of the month; the default for totals.</remarks>
public sealed record MonthSums(DateTimeOffset Month, decimal Consumption, decimal Purchases, decimal Grants, decimal Balance);

public sealed record CreditPack(string Id, string Name, string Code, decimal Credits, decimal Price);

public sealed record CreditRate(string Id, string Type, string TypeCode, string Concept, string ConceptCode, string Unit, decimal Rate);

public sealed record PackCheckout(string CheckoutUrl, string SessionId);

public sealed record FlowBalance(DailyFlows Daily, AvailableFlows Bonus, AvailableFlows Total);

public sealed record DailyFlows(decimal Used, decimal Limit, decimal Remaining);

public sealed record AvailableFlows(decimal Available);

public sealed record FlowTransactions(IReadOnlyList<FlowTransaction> Transactions, int Count);

/// <remarks>CreatedAt: Epoch milliseconds.</remarks>
public sealed record FlowTransaction(string Id, string Type, decimal Amount, decimal BalanceAfter, string Source, string? Note, long CreatedAt);

public sealed record Gift(string RecipientEmail, int Amount, string? Note = null);

public sealed record GiftReceipt(bool Success, decimal Transferred, decimal YourBalance, string RecipientEmail, string TransactionId);

public sealed record FlowGrant(string UserEmail, int Amount, string? Source = null, string? Note = null);

public sealed record FlowGrantReceipt(decimal Granted, decimal NewBalance, string UserEmail, string TransactionId);

public sealed record PostPage(IReadOnlyList<Post> Posts, int Count, string? NextAfter);

public sealed record NewPost(string ChannelId, string Content, DateTimeOffset? ScheduledFor = null);

/// <remarks>ScheduledFor: Epoch milliseconds. FlowSource: "daily" or "bonus".</remarks>
public sealed record Post(string Id, string Content, long ScheduledFor, string Status, string FlowSource);

public sealed record ApiCreditPack(
    string Key, string Name, string Price, [property: JsonPropertyName("credits_after_fee")] string CreditsAfterFee, string Note, decimal Credits, string Fee);

public sealed record ApiCreditPurchase(
    string Id, decimal Amount, [property: JsonPropertyName("balance_after")] decimal BalanceAfter,
    [property: JsonPropertyName("stripe_payment_id")] string? StripePaymentId, [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt);

public sealed record ApiCreditStatement(
    decimal Balance, [property: JsonPropertyName("total_purchased")] decimal TotalPurchased, [property: JsonPropertyName("total_consumed")] decimal TotalConsumed);

public sealed record CheckoutLink(string Url);

/// <remarks>ClientSecret: for the payment form of the payment provider; null where the buyer is sent to Url.</remarks>
public sealed record TopUp(string? ClientSecret, string Url, string PaymentId, decimal AmountUsd, decimal Credits);

/// <param name="Enabled">Whether the saved card is charged by itself.</param>
/// <param name="ThresholdUsd">Below this.</param>
/// <param name="AmountUsd">So much at a time.</param>
/// <param name="MonthlyLimitUsd">Never more than this in a month; null: no limit of yours.</param>
public sealed record AutoReloadRule(bool Enabled, decimal? ThresholdUsd = null, decimal? AmountUsd = null, decimal? MonthlyLimitUsd = null);

/// <remarks>Problem: why it does nothing at present; null: it works.</remarks>
public sealed record AutoReload(
    bool Enabled, decimal? ThresholdUsd, decimal? AmountUsd, decimal? MonthlyLimitUsd, decimal ChargedThisMonthUsd, string? Problem, DateTimeOffset? NotBefore,
    string? OpenPaymentId, Card? Card);

public sealed record Card(string Brand, string Last4, int ExpiryMonth, int ExpiryYear);

/// <remarks>Status: "active" or "past_due". Interval: "monthly" or "yearly".</remarks>
public sealed record Subscription(
    Plan Plan, string Status, string Interval, int Seats, DateTimeOffset CurrentPeriodStart, DateTimeOffset CurrentPeriodEnd, bool CancelAtPeriodEnd, string? PendingPlanId);

/// <summary>The subscription as it stands now, or the address at which its change is paid first.</summary>
public sealed record PlanChange(string? Url, string? PaymentId, Plan? Plan, string? Status, int? Seats, DateTimeOffset? CurrentPeriodEnd);

/// <summary>A key that was made, with its secret.</summary>
/// <remarks>Replaces, OldKeyExpiresAt: of a rotation.</remarks>
public sealed record NewKey(
    string Id,
    [property: JsonPropertyName("api_key")] string ApiKey,
    [property: JsonPropertyName("key_prefix")] string KeyPrefix,
    string Name,
    IReadOnlyList<string> Scopes,
    [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt,
    [property: JsonPropertyName("expires_at")] DateTimeOffset? ExpiresAt,
    string? Replaces,
    [property: JsonPropertyName("old_key_expires_at")] DateTimeOffset? OldKeyExpiresAt);

public sealed record ApiKey(
    string Id,
    [property: JsonPropertyName("key_prefix")] string KeyPrefix,
    string Name,
    IReadOnlyList<string> Scopes,
    [property: JsonPropertyName("is_active")] bool IsActive,
    [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt,
    [property: JsonPropertyName("expires_at")] DateTimeOffset? ExpiresAt,
    [property: JsonPropertyName("last_used_at")] DateTimeOffset? LastUsedAt,
    [property: JsonPropertyName("revoked_at")] DateTimeOffset? RevokedAt);

public sealed record KeyPage(IReadOnlyList<ApiKey> Data, [property: JsonPropertyName("next_after")] string? NextAfter);

/// <remarks>CreatedAt: Epoch milliseconds. Secret: what signatures are checked with.</remarks>
public sealed record NewWebhook(string Id, string Url, IReadOnlyList<string> Events, string Secret, bool Active, long CreatedAt);

/// <remarks>Times: Epoch milliseconds. PauseReason: why nothing is sent at present.</remarks>
public sealed record Webhook(string Id, string Url, IReadOnlyList<string> Events, bool Active, long CreatedAt, long? PausedAt, string? PauseReason, long? LastAttemptAt);

public sealed record DeliveryPage(IReadOnlyList<Delivery> Deliveries, int Page, int PerPage, long Total);

/// <remarks>Times: Epoch milliseconds.</remarks>
public sealed record Delivery(
    string Id, string EventId, string Event, string Status, int Attempts, int? ResponseStatus, string? Error, long CreatedAt, long? NextAttemptAt, long? DeliveredAt);

public sealed record QueuedDelivery(string DeliveryId);
