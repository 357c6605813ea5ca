using System.Text.Json.Serialization;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Purchases;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;

namespace BillingPortal.Api;

/// <summary>Transactions and monthly sums of the credit surface. Source: contract, "003 · Organization credits".</summary>
internal static class CreditHistory
{
    private const int LastPage = 10_000_000;

    public static async Task<TransactionPageAnswer> GetTransactionsAsync(
        HttpContext http, CreditStatements statements, PriceCatalog catalog, CancellationToken cancellationToken)
    {
        var query = new StatementQuery(
            CreditTypes.Credits,
            http.QueryChoice("direction", "all", "in", "out") switch
            {
                "in" => TransactionDirection.In,
                "out" => TransactionDirection.Out,
                _ => TransactionDirection.All,
            },
            http.QueryInstant("startDate"),
            http.QueryEnd("endDate"),
            http.QueryText("repoId"),
            http.QueryInt("page", 1, 1, LastPage),
            http.QueryInt("limit", 50, 1, TransactionPages.LargestPage));
        if (query.From > query.To)
        {
            throw ApiException.Invalid("startDate", "startDate must not lie after endDate.");
        }

        var page = await statements.GetAsync(http.Caller(), query, cancellationToken);
        return new TransactionPageAnswer(
            [.. page.Lines.Select(line => TransactionAnswer.Of(line, catalog))], new Pagination(page.Total, query.Page, query.Limit, page.IsTotalExact));
    }

    public static async Task<MonthsAnswer> GetMonthsAsync(HttpContext http, WalletMonths wallets, CancellationToken cancellationToken)
    {
        var months = await wallets.GetAsync(http.Caller(), CreditTypes.Credits, http.QueryInt("months", 12, 1, WalletMonths.MostMonths), cancellationToken);
        return new MonthsAnswer(
            [.. months.Select(month => new MonthAnswer(month.Start, month.Consumption, month.Purchases, month.Grants, month.Balance, month.Usage))],
            new MonthTotals(
                months.Sum(month => month.Consumption), months.Sum(month => month.Purchases), months.Sum(month => month.Grants),
                months.Sum(month => month.Balance), months.Sum(month => month.Usage)));
    }

    internal sealed record TransactionPageAnswer(IReadOnlyList<TransactionAnswer> Data, Pagination Pagination)
    {
        public bool Success { get; } = true;
    }

    /// <param name="Total">Of all pages.</param>
    /// <param name="Page">From 1.</param>
    /// <param name="Limit">Of one page.</param>
    /// <param name="TotalIsExact">False if there are more than the total says.</param>
    internal sealed record Pagination(long Total, int Page, int Limit, bool TotalIsExact);

    /// <summary>A transaction; what does not concern it is left out.</summary>
    internal sealed record TransactionAnswer
    {
        public required string Id { get; init; }

        public required Credits CreditAmount { get; init; }

        public required DateTimeOffset CreatedAt { get; init; }

        public required string Description { get; init; }

        /// <summary>"consumption", "purchase" or "grant".</summary>
        public required string Type { get; init; }

        /// <summary>What exactly it was: "charge", "expired", "gift_sent" …</summary>
        public required string Reason { get; init; }

        public required Credits BalanceAfter { get; init; }

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? RateType { get; init; }

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? RateConcept { get; init; }

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public Credits? RateUsed { get; init; }

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? RepoId { get; init; }

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? UnitId { get; init; }

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? Host { get; init; }

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? LlmType { get; init; }

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? LlmModel { get; init; }

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? SubscriptionName { get; init; }

        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        public string? PackName { get; init; }

        public static TransactionAnswer Of(StatementLine line, PriceCatalog catalog)
        {
            var (transaction, item) = line;
            var rate = item is null ? null : catalog.FindOperation(item.Operation);
            return new TransactionAnswer
            {
                Id = transaction.Id,
                CreditAmount = transaction.Amount,
                CreatedAt = transaction.RecordedAt,
                Description = item?.Description ?? transaction.Note ?? transaction.Source,
                Type = TypeOf(transaction.Type),
                Reason = transaction.Type.Text(),
                BalanceAfter = transaction.BalanceAfter,
                RateType = rate?.FindVariant(item!.Properties.NodeType)?.Type,
                RateConcept = rate is null ? null : rate.Concept ?? rate.Label,
                RateUsed = item?.Rate,
                RepoId = item?.Properties.RepoId,
                UnitId = item?.Properties.UnitId,
                Host = item?.Properties.Host,
                LlmType = item?.Properties.LlmType,
                LlmModel = item?.Properties.LlmModel,
                SubscriptionName = transaction.Source == DueAllowances.Source ? DueAllowances.PlanNameIn(transaction.Note) : null,
                PackName = transaction.Type is TransactionType.Purchase && transaction.Source == PackPurchases.Source ? transaction.Note : null,
            };
        }

        private static string TypeOf(TransactionType type) => type switch
        {
            TransactionType.Purchase => "purchase",
            TransactionType.Grant or TransactionType.GiftReceived => "grant",
            _ => "consumption",
        };
    }

    internal sealed record MonthsAnswer(IReadOnlyList<MonthAnswer> Data, MonthTotals Totals)
    {
        public bool Success { get; } = true;
    }

    internal sealed record MonthAnswer(DateTimeOffset Month, decimal Consumption, decimal Purchases, decimal Grants, decimal Balance, decimal Usage);

    internal sealed record MonthTotals(decimal Consumption, decimal Purchases, decimal Grants, decimal Balance, decimal Usage);
}
