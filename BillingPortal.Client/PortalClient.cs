using System.Globalization;

namespace BillingPortal.Client;

/// <summary>Client for every surface of the billing portal. One serves a whole program and all its threads.</summary>
/// <remarks>Every method throws <see cref="PortalException"/> for a refusal, and <see cref="HttpRequestException"/> if the portal stayed away.</remarks>
public sealed partial class PortalClient : IDisposable
{
    private readonly Transport transport;

    /// <param name="address">Where the portal is.</param>
    /// <param name="credential">An API key, or a signed-in user's access token.</param>
    /// <param name="options">Null: the defaults.</param>
    /// <param name="handler">What sends the requests; null: the system's own. Not disposed with the client if given.</param>
    public PortalClient(Uri address, string credential, PortalClientOptions? options = null, HttpMessageHandler? handler = null) =>
        transport = new Transport(address, credential, options ?? new PortalClientOptions(), handler);

    /// <summary>Who the credential belongs to, and what it may do.</summary>
    public Task<CallerInfo> GetMeAsync(CancellationToken cancellationToken = default) => transport.GetAsync<CallerInfo>("api/v1/me", cancellationToken);

    /// <summary>What a month's usage would cost, by operation.</summary>
    public Task<Estimate> EstimateAsync(IReadOnlyDictionary<string, decimal> usage, CancellationToken cancellationToken = default) =>
        transport.GetAsync<Estimate>(Address("api/v1/estimate", [.. usage.Select(one => (one.Key, (object?)one.Value))]), cancellationToken);

    /// <summary>Charges one event, once for its id.</summary>
    public Task<UsageResult> ReportUsageAsync(UsageEvent reported, CancellationToken cancellationToken = default) =>
        transport.PostAsync<UsageResult>("api/v1/usage/events", reported, null, cancellationToken);

    /// <summary>Charges up to 1,000 events; one that is rejected leaves the others alone.</summary>
    public async Task<IReadOnlyList<UsageResult>> ReportUsageAsync(IReadOnlyCollection<UsageEvent> reported, CancellationToken cancellationToken = default) =>
        (await transport.PostAsync<Results>("api/v1/usage/events", reported, null, cancellationToken)).Items;

    public Task<UsageSummary> GetUsageSummaryAsync(int days = 30, string? keyId = null, CancellationToken cancellationToken = default) =>
        transport.GetAsync<UsageSummary>(Address("api/v1/usage", ("days", days), ("keyId", keyId)), cancellationToken);

    public Task<Hold> PlaceHoldAsync(HoldRequest request, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        transport.PostAsync<Hold>("api/v1/holds", request, idempotencyKey, cancellationToken);

    public Task<Hold> GetHoldAsync(string holdId, CancellationToken cancellationToken = default) =>
        transport.GetAsync<Hold>($"api/v1/holds/{Uri.EscapeDataString(holdId)}", cancellationToken);

    /// <summary>Charges what was really used and frees the rest.</summary>
    public Task<CapturedHold> CaptureHoldAsync(
        string holdId, decimal? quantity, UsageProperties? properties = null, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        transport.PostAsync<CapturedHold>(
            $"api/v1/holds/{Uri.EscapeDataString(holdId)}/capture", new { Quantity = quantity, Properties = properties }, idempotencyKey, cancellationToken);

    public Task<Hold> ReleaseHoldAsync(string holdId, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        transport.PostAsync<Hold>($"api/v1/holds/{Uri.EscapeDataString(holdId)}/release", null, idempotencyKey, cancellationToken);

    public Task<RentedNumber> RentNumberAsync(string number, string? label = null, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        transport.PostAsync<RentedNumber>("api/v1/numbers", new { Number = number, Label = label }, idempotencyKey, cancellationToken);

    public Task<NumberPage> GetNumbersAsync(string? after = null, int limit = 50, CancellationToken cancellationToken = default) =>
        transport.GetAsync<NumberPage>(Address("api/v1/numbers", ("after", after), ("limit", limit)), cancellationToken);

    public Task<RentedNumber> ReleaseNumberAsync(string numberId, CancellationToken cancellationToken = default) =>
        transport.DeleteAsync<RentedNumber>($"api/v1/numbers/{Uri.EscapeDataString(numberId)}", cancellationToken);

    /// <summary>Starts buying a pack; send the buyer's browser to its address.</summary>
    public Task<PackPurchase> PurchasePackAsync(string pack, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        transport.PostAsync<PackPurchase>("api/v1/credits/purchase", new { Pack = pack }, idempotencyKey, cancellationToken);

    public async Task<Wallet> GetWalletAsync(CancellationToken cancellationToken = default) =>
        (await transport.GetAsync<Data<Wallet>>("api/v1/billing/wallet", cancellationToken)).Value;

    /// <summary>Gives credit by hand; for keys with <c>billing:write</c>.</summary>
    public async Task<CreditReceipt> CreditWalletAsync(CreditRequest request, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        (await transport.PostAsync<Data<CreditReceipt>>("api/v1/billing/wallet/credit", request, idempotencyKey, cancellationToken)).Value;

    public async Task<IReadOnlyList<ChannelDay>> GetUsageAsync(DateOnly? from = null, DateOnly? to = null, CancellationToken cancellationToken = default) =>
        (await transport.GetAsync<Data<IReadOnlyList<ChannelDay>>>(Address("api/v1/billing/usage", ("from", from), ("to", to)), cancellationToken)).Value;

    public Task<UsageItemPage> GetUsageItemsAsync(
        DateTimeOffset? from = null, DateTimeOffset? to = null, string? channel = null, string? cursor = null, int limit = 50, CancellationToken cancellationToken = default) =>
        transport.GetAsync<UsageItemPage>(
            Address("api/v1/billing/usage/items", ("from", from), ("to", to), ("channel", channel), ("cursor", cursor), ("limit", limit)), cancellationToken);

    public async Task<IReadOnlyList<Plan>> GetPlansAsync(CancellationToken cancellationToken = default) =>
        (await transport.GetAsync<Data<IReadOnlyList<Plan>>>("api/v1/billing/plans", cancellationToken)).Value;

    public Task<InvoicePage> GetInvoicesAsync(string? cursor = null, int limit = 50, CancellationToken cancellationToken = default) =>
        transport.GetAsync<InvoicePage>(Address("api/v1/billing/invoices", ("cursor", cursor), ("limit", limit)), cancellationToken);

    public async Task<CreditBalance> GetCreditBalanceAsync(CancellationToken cancellationToken = default) =>
        (await transport.GetAsync<Data<CreditBalance>>("credits/balance", cancellationToken)).Value;

    /// <param name="page">From 1.</param>
    /// <param name="limit">Of one page.</param>
    /// <param name="direction">"in", "out" or "all".</param>
    /// <param name="startDate">Null: from the first.</param>
    /// <param name="endDate">Null: to the last; that instant is not included.</param>
    /// <param name="repoId">Only usage of this repository.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<TransactionPage> GetCreditTransactionsAsync(
        int page = 1, int limit = 50, string direction = "all", DateTimeOffset? startDate = null, DateTimeOffset? endDate = null, string? repoId = null,
        CancellationToken cancellationToken = default) =>
        transport.GetAsync<TransactionPage>(
            Address(
                "credits/transactions", ("page", page), ("limit", limit), ("direction", direction), ("startDate", startDate), ("endDate", endDate), ("repoId", repoId)),
            cancellationToken);

    public Task<MonthlyStats> GetMonthlyStatsAsync(int months = 12, CancellationToken cancellationToken = default) =>
        transport.GetAsync<MonthlyStats>(Address("credits/stats/monthly", ("months", months)), cancellationToken);

    public async Task<IReadOnlyList<CreditPack>> GetCreditPacksAsync(CancellationToken cancellationToken = default) =>
        (await transport.GetAsync<Data<IReadOnlyList<CreditPack>>>("credits/packs", cancellationToken)).Value;

    public async Task<IReadOnlyList<CreditRate>> GetCreditRatesAsync(CancellationToken cancellationToken = default) =>
        (await transport.GetAsync<Data<IReadOnlyList<CreditRate>>>("credits/rates", cancellationToken)).Value;

    public Task<PackCheckout> BuyCreditPackAsync(string packId, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        transport.PostAsync<PackCheckout>("credits/packs/buy", new { PackId = packId }, idempotencyKey, cancellationToken);

    public Task<FlowBalance> GetFlowBalanceAsync(CancellationToken cancellationToken = default) =>
        transport.GetAsync<FlowBalance>("api/flows/balance", cancellationToken);

    public Task<FlowTransactions> GetFlowTransactionsAsync(int limit = 50, CancellationToken cancellationToken = default) =>
        transport.GetAsync<FlowTransactions>(Address("api/flows/transactions", ("limit", limit)), cancellationToken);

    public Task<GiftReceipt> GiftFlowsAsync(Gift gift, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        transport.PostAsync<GiftReceipt>("api/flows/gift", gift, idempotencyKey, cancellationToken);

    /// <summary>Gives bonus flows to a person; for platform administrators.</summary>
    public Task<FlowGrantReceipt> GrantFlowsAsync(FlowGrant grant, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        transport.PostAsync<FlowGrantReceipt>("api/flows/admin/grant", grant, idempotencyKey, cancellationToken);

    public Task<PostPage> GetPostsAsync(string? after = null, int limit = 50, CancellationToken cancellationToken = default) =>
        transport.GetAsync<PostPage>(Address("api/posts", ("after", after), ("limit", limit)), cancellationToken);

    public Task<Post> GetPostAsync(string postId, CancellationToken cancellationToken = default) =>
        transport.GetAsync<Post>($"api/posts/{Uri.EscapeDataString(postId)}", cancellationToken);

    public Task<Post> CreatePostAsync(NewPost post, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        transport.PostAsync<Post>("api/posts", post, idempotencyKey, cancellationToken);

    public async Task<IReadOnlyList<ApiCreditPack>> GetApiCreditPacksAsync(CancellationToken cancellationToken = default) =>
        (await transport.GetAsync<Data<IReadOnlyList<ApiCreditPack>>>("v1/billing/packs", cancellationToken)).Value;

    /// <summary>Starts buying API credits; for signed-in users.</summary>
    public Task<CheckoutLink> CheckOutApiCreditsAsync(string pack, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        transport.PostAsync<CheckoutLink>("v1/billing/checkout", new { Pack = pack }, idempotencyKey, cancellationToken);

    /// <summary>For signed-in users.</summary>
    public async Task<IReadOnlyList<ApiCreditPurchase>> GetApiCreditHistoryAsync(int limit = 50, CancellationToken cancellationToken = default) =>
        (await transport.GetAsync<Data<IReadOnlyList<ApiCreditPurchase>>>(Address("v1/billing/history", ("limit", limit)), cancellationToken)).Value;

    /// <summary>For signed-in users.</summary>
    public Task<ApiCreditStatement> GetApiCreditsAsync(CancellationToken cancellationToken = default) =>
        transport.GetAsync<ApiCreditStatement>("v1/api-credits", cancellationToken);

    public void Dispose() => transport.Dispose();

    private static string Address(string path, params (string Name, object? Value)[] query)
    {
        var pairs = query.Where(pair => pair.Value is not null).Select(pair => $"{Uri.EscapeDataString(pair.Name)}={Uri.EscapeDataString(Text(pair.Value!))}").ToList();
        return pairs.Count == 0 ? path : $"{path}?{string.Join('&', pairs)}";
    }

    private static string Text(object value) => value switch
    {
        DateTimeOffset instant => instant.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private sealed record Data<T>([property: System.Text.Json.Serialization.JsonPropertyName("data")] T Value);

    private sealed record Results([property: System.Text.Json.Serialization.JsonPropertyName("results")] IReadOnlyList<UsageResult> Items);
}
