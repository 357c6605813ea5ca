using System.Text.Json;
using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Tests.Metering;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Api;

/// <summary>Plans, invoices and credit by hand of surface 002, and who the caller is.</summary>
public abstract class BillingAccountTests<TEngine>(MeteredSite<TEngine> portal) : IClassFixture<MeteredSite<TEngine>>, IDisposable
    where TEngine : IStoreEngine, new()
{
    private const string Credit = "api/v1/billing/wallet/credit";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        portal.Clock.Now = MeteredSite<TEngine>.Noon;
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Plans_are_listed_with_what_each_includes()
    {
        var answer = await (await portal.NewCustomerAsync()).GetAsync("api/v1/billing/plans");

        Assert.Equal((200, true), (answer.Status, answer["success"].GetBoolean()));
        Assert.Equal(["free", "lite", "starter", "growth", "pro", "scale", "team"], answer["data"].EnumerateArray().Select(plan => plan.GetProperty("id").GetString()));
        var (lite, team) = (answer["data"][1], answer["data"][6]);
        Assert.StartsWith(
            """{"id":"team","name":"Team","monthlyPriceUsd":209,"yearlyPriceUsd":2090,"includedMinutes":1000,"overageRate":5.5,"monthlyCredits":60000,"dailyFlows":100,"perSeat":true,"apiAccess":true,""",
            team.GetRawText(), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, lite.GetProperty("overageRate").ValueKind);
    }

    [Fact]
    public async Task Invoices_are_listed_newest_first_page_by_page_to_their_organization_alone()
    {
        var customer = await portal.NewCustomerAsync();
        var user = await portal.AsUserAsync(customer);
        foreach (var (pack, count) in (IEnumerable<(string, int)>)[("credits_1000", 1), ("credits_5000", 2)])
        {
            var order = await user.PostAsync("credits/packs/buy", $$"""{"packId":"{{pack}}"}""");
            await portal.PayAsync(order.Text("checkoutUrl")!);
            await Eventually.TrueAsync(async () => (await customer.GetAsync("api/v1/billing/invoices"))["data"].GetArrayLength() == count);
            portal.Clock.Now += TimeSpan.FromSeconds(1);
        }

        var first = await customer.GetAsync("api/v1/billing/invoices?limit=1");
        var second = await customer.GetAsync($"api/v1/billing/invoices?limit=1&cursor={first.Text("nextCursor")}");
        var foreign = await (await portal.NewCustomerAsync()).GetAsync("api/v1/billing/invoices");

        var invoice = Assert.Single(first["data"].EnumerateArray());
        Assert.StartsWith("inv_", invoice.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.Matches("^2027-[0-9]{6}$", invoice.GetProperty("number").GetString());
        Assert.Equal(("2027-03-10T12:00:01.000Z", 39m, "paid"), (invoice.GetProperty("date").GetString(), invoice.GetProperty("amountUsd").GetDecimal(), invoice.GetProperty("status").GetString()));
        Assert.Contains("Growth Pack", invoice.GetProperty("description").GetString(), StringComparison.Ordinal);
        Assert.True(invoice.TryGetProperty("pdfUrl", out _));
        Assert.Equal(9m, Assert.Single(second["data"].EnumerateArray()).GetProperty("amountUsd").GetDecimal());
        Assert.Null(second.Text("nextCursor"));
        Assert.Empty(foreign["data"].EnumerateArray());
    }

    [Fact]
    public async Task A_key_that_mints_credit_gives_it_to_any_organization_once_for_its_reference()
    {
        var minter = await NewMinterAsync();
        var customer = await portal.NewCustomerAsync();
        var before = await portal.BalanceAsync(customer);

        var dollars = await minter.PostAsync(Credit, $$"""{"amountUsd":12.34,"organizationId":"{{customer.Organization}}","note":"Wire of 3 March","reference":"wire-3"}""");
        var again = await minter.PostAsync(Credit, $$"""{"credits":1234,"organizationId":"{{customer.Organization}}","reference":"wire-3"}""");
        var other = await minter.PostAsync(Credit, $$"""{"credits":1235,"organizationId":"{{customer.Organization}}","reference":"wire-3"}""");
        var own = await minter.PostAsync(Credit, """{"credits":0.5,"reference":"wire-3"}""");

        Assert.Equal((200, true), (dollars.Status, dollars["success"].GetBoolean()));
        Assert.StartsWith("tx_", dollars["data"].GetProperty("transactionId").GetString(), StringComparison.Ordinal);
        Assert.Equal(before.ToDecimal() + 1234m, dollars["data"].GetProperty("balanceCredits").GetDecimal());
        Assert.Equal(dollars["data"].GetProperty("transactionId").GetString(), again["data"].GetProperty("transactionId").GetString());
        Assert.Equal((422, "REFERENCE_REUSED"), (other.Status, other.Text("code")));
        Assert.Equal(200, own.Status);
        Assert.Equal(before + Credits.FromWhole(1234), await portal.BalanceAsync(customer));
        var granted = (await customer.GetAsync("credits/transactions?direction=in"))["data"][0];
        Assert.Equal((1234m, "grant", "Wire of 3 March"), (granted.GetProperty("creditAmount").GetDecimal(), granted.GetProperty("type").GetString(), granted.GetProperty("description").GetString()));
        await using var db = await portal.Get<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Cancel);
        Assert.Equal(1, await db.Set<OutboxEvent>().CountAsync(row => row.OrganizationId == customer.Organization && row.Type == "credits.granted", Cancel));
    }

    [Fact]
    public async Task An_idempotency_key_answers_again_and_gives_nothing_more()
    {
        var minter = await NewMinterAsync();
        var before = await portal.BalanceAsync(minter);

        var first = await minter.Client.PostAsync(Credit, """{"credits":3}""", "mint-1");
        var again = await minter.Client.PostAsync(Credit, """{"credits":3}""", "mint-1");

        Assert.Equal((first.Body, false, true), (again.Body, first.IsReplay, again.IsReplay));
        Assert.Equal(before + Credits.FromWhole(3), await portal.BalanceAsync(minter));
    }

    [Fact]
    public async Task Ten_at_once_under_one_reference_give_once()
    {
        var minter = await NewMinterAsync();
        var customer = await portal.NewCustomerAsync();
        var before = await portal.BalanceAsync(customer);

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ =>
            minter.PostAsync(Credit, $$"""{"credits":10,"organizationId":"{{customer.Organization}}","reference":"once"}""")));

        Assert.Single(answers.Select(answer => answer["data"].GetProperty("transactionId").GetString()).Distinct());
        Assert.Equal(before + Credits.FromWhole(10), await portal.BalanceAsync(customer));
    }

    [Theory]
    [InlineData("""{}""", "amountUsd")]
    [InlineData("""{"amountUsd":1,"credits":100}""", "credits")]
    [InlineData("""{"amountUsd":0}""", "amountUsd")]
    [InlineData("""{"amountUsd":-1}""", "amountUsd")]
    [InlineData("""{"amountUsd":0.001}""", "amountUsd")]
    [InlineData("""{"amountUsd":10000.01}""", "amountUsd")]
    [InlineData("""{"amountUsd":"10"}""", "amountUsd")]
    [InlineData("""{"credits":0.0000001}""", "credits")]
    [InlineData("""{"credits":1000001}""", "credits")]
    [InlineData("""{"credits":9223372036854775808}""", "credits")]
    [InlineData("""{"credits":1e30}""", "credits")]
    [InlineData("""{"credits":[1]}""", "credits")]
    [InlineData("""{"credits":1,"reference":""}""", "reference")]
    [InlineData("""{"credits":1,"note":"a\nb"}""", "note")]
    public async Task An_amount_that_is_none_gives_nothing(string body, string field)
    {
        var minter = await NewMinterAsync();
        var before = await portal.BalanceAsync(minter);

        var answer = await minter.PostAsync(Credit, body);

        Assert.Equal((400, field), (answer.Status, answer["errors"][0].GetProperty("field").GetString()));
        Assert.Equal(before, await portal.BalanceAsync(minter));
    }

    [Fact]
    public async Task Nobody_else_gives_credit()
    {
        var customer = await portal.NewCustomerAsync();
        var before = await portal.BalanceAsync(customer);
        using var nobody = portal.Site.NewClient();

        Assert.Equal((403, "MISSING_SCOPE"), Code(await customer.PostAsync(Credit, """{"credits":1}""")));
        Assert.Equal((403, "FORBIDDEN"), Code(await (await portal.AsUserAsync(customer)).PostAsync(Credit, """{"credits":1}""")));
        Assert.Equal((401, "UNAUTHORIZED"), Code(await (customer with { Client = nobody }).PostAsync(Credit, """{"credits":1}""")));
        Assert.Equal((404, "NOT_FOUND"), Code(await (await NewMinterAsync()).PostAsync(Credit, """{"credits":1,"organizationId":"org_nobody"}""")));
        Assert.Equal(before, await portal.BalanceAsync(customer));
    }

    [Theory]
    [InlineData("plans")]
    [InlineData("invoices")]
    public async Task Reading_needs_the_scope(string path)
    {
        var customer = await portal.NewCustomerAsync();
        using var meter = await portal.Site.NewKeyClientAsync(customer.Person, Scopes.UsageWrite);
        using var nobody = portal.Site.NewClient();

        Assert.Equal((403, "MISSING_SCOPE"), Code(await (customer with { Client = meter }).GetAsync($"api/v1/billing/{path}")));
        Assert.Equal((401, "UNAUTHORIZED"), Code(await (customer with { Client = nobody }).GetAsync($"api/v1/billing/{path}")));
    }

    [Fact]
    public async Task Credentials_are_told_who_they_are()
    {
        var customer = await portal.NewCustomerAsync("pro", Scopes.FlowsRead);

        var key = await customer.GetAsync("api/v1/me");
        var user = await (await portal.AsUserAsync(customer)).GetAsync("api/v1/me");

        Assert.Equal((200, "key"), (key.Status, key.Text("kind")));
        Assert.Equal((customer.Organization, "pro", customer.KeyId), (key["organization"].GetProperty("id").GetString(), key["plan"].GetProperty("id").GetString(), key["key"].GetProperty("id").GetString()));
        Assert.Equal([Scopes.FlowsRead], key["scopes"].EnumerateArray().Select(scope => scope.GetString()));
        Assert.False(key.Body.TryGetProperty("user", out _));
        Assert.Equal((200, "user", customer.Person.Email, "owner"), (user.Status, user.Text("kind"), user["user"].GetProperty("email").GetString(), user["user"].GetProperty("role").GetString()));
        Assert.DoesNotContain(Scopes.BillingWrite, user["scopes"].EnumerateArray().Select(scope => scope.GetString()));
        using var nobody = portal.Site.NewClient();
        Assert.Equal(401, (await (customer with { Client = nobody }).GetAsync("api/v1/me")).Status);
    }

    /// <summary>A platform administrator with a key that may mint credit.</summary>
    private async Task<Customer> NewMinterAsync()
    {
        var administrator = await portal.Site.SignUpAsync(administrator: true);
        var (key, secret) = await portal.Site.NewKeyAsync(administrator, Scopes.BillingWrite);
        return new Customer(administrator, key.Id, portal.Site.NewClient(secret));
    }

    private static (int Status, string? Code) Code(Answer answer) => (answer.Status, answer.Text("code"));
}

public sealed class BillingAccountTestsOnSqlite(MeteredSite<SqliteEngine> portal) : BillingAccountTests<SqliteEngine>(portal);

public sealed class BillingAccountTestsOnPostgres(MeteredSite<PostgresEngine> portal) : BillingAccountTests<PostgresEngine>(portal);
