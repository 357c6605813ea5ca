using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Wallets;
using static BillingPortal.Store.TableShape;

namespace BillingPortal.Metering;

/// <summary>Writes an event's item and adds it to its day, in the commit that charges it.</summary>
internal sealed class UsageRider(string itemId, PricedEvent priced, string organizationId, string? keyId, DateTimeOffset receivedAt) : CommitRider
{
    private static readonly TableShape NewItems = new("usage_items", RowVerb.Insert, 2,
        [Text("organization_id"), Text("id"), Text("event_id"), Number("occurred_at"), Number("recorded_at"), Text("operation"), Text("channel"),
            Text("category"), Number("quantity_micros"), Number("included_micros"), Text("credit_type"), Number("credits_micros"), Number("rate_micros"),
            Number("output_rate_micros"), Number("input_tokens"), Text("outcome"), Text("description"), Text("model"), Text("agent_id"), Text("repo_id"),
            Text("unit_id"), Text("host"), Text("node_type"), Text("llm_type"), Text("llm_model"), Text("key_id"), Text("transaction_id"),
            Number("balance_after_micros")]);

    private static readonly TableShape DaySums = new("usage_days", RowVerb.Accumulate, 7,
        [Text("organization_id"), Number("day"), Number("recorded_on"), Text("channel"), Text("operation"), Text("key_id"), Text("credit_type"),
            Number("quantity_micros"), Number("included_micros"), Number("credits_micros"), Number("items")]);

    public override void Write(StoreSession session, PostResult.Posted posted)
    {
        var rate = priced.Rate;
        var debit = UsageDebit.Of(posted, organizationId, rate.CreditType);
        var properties = priced.Event.Properties;
        var free = debit.IsFree;
        var recordedAt = debit.RecordedAt ?? receivedAt;
        session.Rows(NewItems).Add(
            organizationId, itemId, priced.Event.Id, priced.OccurredAt.ToUnixTimeMilliseconds(), recordedAt.ToUnixTimeMilliseconds(), rate.Id, rate.Channel,
            rate.Category, priced.Quantity.Micros, debit.Included.Micros, rate.CreditType, debit.Credits.Micros, RateUsed(debit.Included).Micros,
            priced.Facts.Model?.OutputRate.Micros, InputTokens, (free ? UsageOutcome.Free : UsageOutcome.Charged).Text(), priced.Description,
            properties.Model, properties.AgentId, properties.RepoId, properties.UnitId, properties.Host, priced.Facts.Variant?.Value ?? properties.NodeType,
            properties.LlmType, properties.LlmModel, keyId ?? "", debit.TransactionId, debit.BalanceAfter.Micros);
        session.Rows(DaySums).Add(
            organizationId, DayOf(priced.OccurredAt), DayOf(recordedAt), rate.Channel, rate.Id, keyId ?? "", rate.CreditType,
            free ? 0L : priced.Quantity.Micros, debit.Included.Micros, debit.Credits.Micros, 1L);
    }

    private long? InputTokens => priced.Rate.PricedByModel ? priced.Facts.InputTokens.Micros / Quantity.MicrosPerUnit : null;

    private Credits RateUsed(Credits included) => priced.Usage?.Lines(included)[0].Rate ?? Credits.Zero;

    private static long DayOf(DateTimeOffset instant) => DateOnly.FromDateTime(instant.UtcDateTime).DayNumber;
}

/// <summary>What a posted command debited for an event.</summary>
/// <param name="Credits">Of the credit type the event is priced in.</param>
/// <param name="Included">Included minutes.</param>
/// <param name="BalanceAfter">Of the wallet of that credit type.</param>
/// <param name="TransactionId">The debit of that credit type, else the one of included minutes; null if there was none.</param>
/// <param name="RecordedAt">When it was posted; null if nothing was.</param>
internal readonly record struct UsageDebit(Credits Credits, Credits Included, Credits BalanceAfter, string? TransactionId, DateTimeOffset? RecordedAt)
{
    public bool IsFree => TransactionId is null;

    public static UsageDebit Of(PostResult.Posted posted, string organizationId, string creditType)
    {
        var (credits, included) = (Credits.Zero, Credits.Zero);
        Transaction? shown = null;
        foreach (var transaction in posted.Transactions)
        {
            if (transaction.Wallet.CreditType == creditType)
            {
                credits -= transaction.Amount;
                shown = transaction;
            }
            else if (transaction.Wallet.CreditType == CreditTypes.IncludedMinutes)
            {
                included -= transaction.Amount;
                shown ??= transaction;
            }
        }

        return new(credits, included, posted.BalanceOf(new(organizationId, creditType)).Balance, shown?.Id, shown?.Header.RecordedAt);
    }
}
