using System.Net;
using System.Text.Json;
using BillingPortal.Client;
using BillingPortal.Ledger;
using BillingPortal.Tests.Metering;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Clients;

/// <summary>The clients against a live portal, every surface.</summary>
public sealed class ClientTests(Workshop workshop) : IClassFixture<Workshop>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("everything.ts", "ts-1")]
    [InlineData("everything.py", "py-1")]
    public async Task A_client_covers_every_surface(string program, string eventId)
    {
        var customer = await workshop.Portal.NewCustomerAsync();
        var user = await workshop.Portal.AsUserAsync(customer);

        var output = await workshop.RunAsync(program, Workshop.Program(program), CredentialOf(customer), CredentialOf(user));

        var told = JsonElement.Parse(output);
        Assert.Equal((eventId, 30m), (told.GetProperty("report").GetProperty("id").GetString(), told.GetProperty("report").GetProperty("credits").GetDecimal()));
        Assert.Equal(
            """
            "key" "credits_5000" ["charged","duplicate"] 7 4 "captured" "released" "released" 1 0 3 2 7 0 235 2 3 4 4 true "$39" [400,"INVALID_PACK"] 10 "~949,050" true 0 0 2 true
            """,
            string.Join(' ', told.EnumerateObject().Where(field => field.Name != "report").Select(field => field.Value.GetRawText())));

        // One image, one chat of two reports, four messages captured, one number: an answer that was lost on its way cost nothing twice.
        Assert.Equal(Credits.FromWhole(2150 - 30 - 1 - 4 - 200), await workshop.Portal.BalanceAsync(customer));
    }

    [Theory]
    [InlineData("manage.ts")]
    [InlineData("manage.py")]
    public async Task A_client_manages_money_plan_keys_posts_and_webhooks(string program)
    {
        var customer = await workshop.Portal.NewCustomerAsync();
        var user = await workshop.Portal.AsUserAsync(customer);
        var (adminToken, mintingKey) = await NewAdministratorAsync();

        var output = await workshop.RunAsync(
            program, Workshop.Program(program), CredentialOf(user), adminToken, mintingKey, customer.Person.Email, customer.Organization);

        Assert.Equal(
            """
            2500 false true "lite" 5 2157 "daily" 1 "Hello" 1 "whsec_" 1 false true 0 true true
            """,
            string.Join(' ', JsonElement.Parse(output).EnumerateObject().Select(field => field.Value.GetRawText())));
    }

    [Fact]
    public async Task The_typed_client_covers_every_surface()
    {
        var customer = await workshop.Portal.NewCustomerAsync();
        using var portal = NewClient(customer);
        using var user = NewClient(await workshop.Portal.AsUserAsync(customer));

        var hold = await portal.PlaceHoldAsync(new HoldRequest("chat", 10, 60), cancellationToken: Cancel);
        var charged = await portal.ReportUsageAsync(new UsageEvent("cs-1", "storage_egress", 1.25m, Properties: new UsageProperties { NodeType = "private", RepoId = "r" }), Cancel);
        var batch = await portal.ReportUsageAsync([new UsageEvent("cs-2", "chat"), new UsageEvent("cs-2", "chat"), new UsageEvent("cs-3", "fax")], Cancel);
        var captured = await portal.CaptureHoldAsync(hold.Id, 4, cancellationToken: Cancel);
        var number = await portal.RentNumberAsync("+15550003333", "Sales", cancellationToken: Cancel);

        Assert.Equal(("open", 10m, workshop.Portal.Clock.Now.AddMinutes(1)), (hold.Status, hold.Credits, hold.ExpiresAt));
        Assert.Equal(("charged", 1.25m, 2148.75m), (charged.Status, charged.Credits, charged.BalanceAfter));
        Assert.Equal([("charged", null), ("duplicate", null), ("rejected", "UNKNOWN_OPERATION")], batch.Select(one => (one.Status, one.Code)));
        Assert.Equal(("captured", 4m, 10m), (captured.Status, captured.Credits, captured.HeldCredits));
        Assert.Equal("captured", (await portal.GetHoldAsync(hold.Id, Cancel)).Status);
        Assert.Equal("released", (await portal.ReleaseHoldAsync((await portal.PlaceHoldAsync(new HoldRequest("chat", 1), cancellationToken: Cancel)).Id, cancellationToken: Cancel)).Status);
        Assert.Equal(number.Id, Assert.Single((await portal.GetNumbersAsync(cancellationToken: Cancel)).Data).Id);
        Assert.Equal("released", (await portal.ReleaseNumberAsync(number.Id, Cancel)).Status);
        Assert.Equal(customer.Organization, (await portal.GetMeAsync(Cancel)).Organization.Id);
        Assert.Equal((2450m, "credits_5000"), (await EstimateAsync(portal)) is { } estimate ? (estimate.TotalCredits, estimate.RecommendedPack) : default);
        Assert.Equal(1943.75m, (await portal.GetWalletAsync(Cancel)).AvailableCredits);
        Assert.Equal(3, (await portal.GetUsageAsync(cancellationToken: Cancel)).Count);
        Assert.Equal(7, (await portal.GetUsageSummaryAsync(7, cancellationToken: Cancel)).Daily.Count);
        Assert.Equal(2, (await portal.GetUsageItemsAsync(channel: "chat", cancellationToken: Cancel)).Data.Count);
        Assert.Equal((7, 209m), ((await portal.GetPlansAsync(Cancel)).Count, (await portal.GetPlansAsync(Cancel))[^1].MonthlyPriceUsd));
        Assert.Empty((await portal.GetInvoicesAsync(cancellationToken: Cancel)).Data);
        Assert.Equal((2150m, 206.25m), ((await portal.GetCreditBalanceAsync(Cancel)).StartOfDay, (await portal.GetCreditBalanceAsync(Cancel)).PendingConsumption));
        var repo = Assert.Single((await portal.GetCreditTransactionsAsync(repoId: "r", direction: "out", cancellationToken: Cancel)).Data);
        Assert.Equal((-1.25m, "consumption", "Private Node"), (repo.CreditAmount, repo.Type, repo.RateType));
        Assert.Equal(206.25m, (await portal.GetMonthlyStatsAsync(2, Cancel)).Totals.Consumption);
        Assert.Equal((4, 4, 5), ((await portal.GetCreditPacksAsync(Cancel)).Count, (await portal.GetCreditRatesAsync(Cancel)).Count, (await portal.GetApiCreditPacksAsync(Cancel)).Count));
        Assert.NotEmpty((await portal.BuyCreditPackAsync("credits_1000", cancellationToken: Cancel)).SessionId);
        Assert.Equal("Growth Pack", (await portal.PurchasePackAsync("credits_5000", cancellationToken: Cancel)).Pack.Name);
        Assert.Equal(10m, (await portal.GetFlowBalanceAsync(Cancel)).Daily.Limit);
        Assert.Equal((await portal.GetFlowTransactionsAsync(cancellationToken: Cancel)).Count, (await portal.GetFlowTransactionsAsync(cancellationToken: Cancel)).Transactions.Count);
        Assert.Equal("daily", (await portal.CreatePostAsync(new NewPost("channel_1", "Hello"), cancellationToken: Cancel)).FlowSource);
        Assert.NotEmpty((await user.CheckOutApiCreditsAsync("growth", cancellationToken: Cancel)).Url);
        Assert.Empty(await user.GetApiCreditHistoryAsync(cancellationToken: Cancel));
        Assert.Equal(0m, (await user.GetApiCreditsAsync(Cancel)).TotalPurchased);
    }

    [Fact]
    public async Task The_typed_client_manages_money_plan_keys_posts_and_webhooks()
    {
        var customer = await workshop.Portal.NewCustomerAsync();
        using var portal = NewClient(customer);
        using var user = NewClient(await workshop.Portal.AsUserAsync(customer));
        var (adminToken, mintingKey) = await NewAdministratorAsync();
        using var administrator = NewClient(adminToken);
        using var minter = NewClient(mintingKey);

        var topUp = await user.TopUpAsync(25, cancellationToken: Cancel);
        var rule = await user.SetAutoReloadAsync(new AutoReloadRule(false, 10, 50, 200), Cancel);
        var change = await user.ChangePlanAsync("pro", "yearly", cancellationToken: Cancel);
        var made = await user.GenerateKeyAsync("from C#", 30, ["billing:read"], cancellationToken: Cancel);
        var rotated = await user.RotateKeyAsync(made.Id, TimeSpan.FromHours(1), cancellationToken: Cancel);
        await user.RevokeKeyAsync(rotated.Id, cancellationToken: Cancel);
        var post = await portal.CreatePostAsync(new NewPost("channel_1", "Hello"), cancellationToken: Cancel);
        var webhook = await portal.AddWebhookAsync(new Uri("https://example.com/hook"), ["credits.purchased"], cancellationToken: Cancel);
        var queued = await portal.TestWebhookAsync(webhook.Id, cancellationToken: Cancel);
        var granted = await administrator.GrantFlowsAsync(new FlowGrant(customer.Person.Email, 5, Note: "Thanks"), cancellationToken: Cancel);
        var minted = await minter.CreditWalletAsync(new CreditRequest(Credits: 7, OrganizationId: customer.Organization, Reference: "r-1"), cancellationToken: Cancel);

        Assert.Equal((25m, 2_500m), (topUp.AmountUsd, topUp.Credits));
        Assert.Equal((false, 10m, 200m), (rule.Enabled, rule.ThresholdUsd, rule.MonthlyLimitUsd));
        Assert.Equal(rule, await user.GetAutoReloadAsync(Cancel));
        Assert.NotEmpty(change.Url!);
        Assert.Equal(("lite", "active"), ((await portal.GetSubscriptionAsync(Cancel)).Plan.Id, (await portal.GetSubscriptionAsync(Cancel)).Status));
        Assert.Equal(made.Id, rotated.Replaces);
        Assert.Equal(["billing:read"], rotated.Scopes);
        Assert.Equal(workshop.Portal.Clock.Now.AddHours(1), rotated.OldKeyExpiresAt);
        var keys = (await user.GetKeysAsync(cancellationToken: Cancel)).Data;
        Assert.Equal((3, rotated.Id), (keys.Count, Assert.Single(keys, key => key.RevokedAt is not null).Id));
        Assert.Equal(post, await portal.GetPostAsync(post.Id, Cancel));
        Assert.Equal(post, Assert.Single((await portal.GetPostsAsync(cancellationToken: Cancel)).Posts));
        Assert.Equal(webhook.Id, Assert.Single(await portal.GetWebhooksAsync(Cancel)).Id);
        Assert.StartsWith("whsec_", webhook.Secret, StringComparison.Ordinal);
        Assert.Equal(queued.DeliveryId, Assert.Single((await portal.GetDeliveriesAsync(webhook.Id, cancellationToken: Cancel)).Deliveries).Id);
        Assert.False((await portal.ChangeWebhookAsync(webhook.Id, active: false, cancellationToken: Cancel)).Active);
        Assert.Equal(["credits.purchased"], (await portal.GetWebhookAsync(webhook.Id, Cancel)).Events);
        await portal.DeleteWebhookAsync(webhook.Id, Cancel);
        Assert.Empty(await portal.GetWebhooksAsync(Cancel));
        Assert.Equal((5m, 5m, 2_157m), (granted.Granted, granted.NewBalance, minted.BalanceCredits));
        Assert.Equal(5m, (await portal.GetFlowBalanceAsync(Cancel)).Bonus.Available);
    }

    [Fact]
    public async Task A_refusal_tells_its_status_its_code_and_its_body()
    {
        var customer = await workshop.Portal.NewCustomerAsync();
        using var portal = NewClient(customer);

        var unknown = await Assert.ThrowsAsync<PortalException>(() => portal.PurchasePackAsync("credits_7", cancellationToken: Cancel));
        var forbidden = await Assert.ThrowsAsync<PortalException>(() => portal.GetApiCreditsAsync(Cancel));
        var gift = await Assert.ThrowsAsync<PortalException>(() => portal.GiftFlowsAsync(new Gift(customer.Person.Email, 1), cancellationToken: Cancel));
        var mint = await Assert.ThrowsAsync<PortalException>(() => portal.CreditWalletAsync(new CreditRequest(Credits: 5), cancellationToken: Cancel));

        Assert.Equal((HttpStatusCode.BadRequest, "INVALID_PACK", "pack"), (unknown.Status, unknown.Code, unknown.Body.GetProperty("field").GetString()));
        Assert.Equal((HttpStatusCode.Forbidden, "DASHBOARD_SESSION_REQUIRED", false), (forbidden.Status, forbidden.Code, forbidden.Upgrade));
        Assert.Equal((HttpStatusCode.BadRequest, "Cannot gift flows to yourself"), (gift.Status, gift.Message));
        Assert.Equal("MISSING_SCOPE", mint.Code);
    }

    [Fact]
    public async Task An_answer_that_is_lost_is_asked_for_again_and_nothing_is_done_twice()
    {
        var customer = await workshop.Portal.NewCustomerAsync();
        using var lossy = new LossyNetwork();
        using var portal = new PortalClient(workshop.Portal.Site.Address, CredentialOf(customer), new PortalClientOptions { FirstPause = TimeSpan.FromMilliseconds(1) }, lossy);

        lossy.Losses = 2;
        var hold = await portal.PlaceHoldAsync(new HoldRequest("chat", 10), cancellationToken: Cancel);
        lossy.Losses = 3;
        var captured = await portal.CaptureHoldAsync(hold.Id, 7, cancellationToken: Cancel);
        lossy.Losses = 4;
        await Assert.ThrowsAsync<HttpRequestException>(() => portal.GetWalletAsync(Cancel));

        Assert.Equal(7m, captured.Credits);
        Assert.Equal(3 + 4 + 4, lossy.Requests);
        Assert.Equal(Credits.FromWhole(2150 - 7), await workshop.Portal.BalanceAsync(customer));
    }

    private static async Task<Estimate> EstimateAsync(PortalClient portal) => await portal.EstimateAsync(
        new Dictionary<string, decimal> { ["image_to_html"] = 50, ["code_export"] = 50, ["figma_export"] = 20 }, Cancel);

    private PortalClient NewClient(Customer customer) => NewClient(CredentialOf(customer));

    private PortalClient NewClient(string credential) => new(workshop.Portal.Site.Address, credential);

    /// <summary>A platform administrator's access token, and a key of theirs that may give credit.</summary>
    private async Task<(string Token, string MintingKey)> NewAdministratorAsync()
    {
        var administrator = await workshop.Portal.Site.SignUpAsync(administrator: true, plan: "lite");
        using var client = await workshop.Portal.Site.NewUserClientAsync(administrator);
        var (_, secret) = await workshop.Portal.Site.NewKeyAsync(administrator, "billing:read", "billing:write");
        return (client.DefaultRequestHeaders.Authorization!.Parameter!, secret);
    }

    private static string CredentialOf(Customer customer) => customer.Client.DefaultRequestHeaders.Authorization!.Parameter!;

    /// <summary>Carries requests to the portal and loses its answers.</summary>
    private sealed class LossyNetwork() : DelegatingHandler(new SocketsHttpHandler())
    {
        public int Losses { get; set; }

        public int Requests { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            Requests++;
            if (Losses-- > 0)
            {
                answer.Dispose();
                throw new HttpRequestException("The connection was reset.");
            }

            return answer;
        }
    }
}
