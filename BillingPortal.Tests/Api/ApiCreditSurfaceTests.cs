using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Payments.Sandbox;
using BillingPortal.Tests.Metering;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Api;

/// <summary>Surface 004, field by field.</summary>
public abstract class ApiCreditSurfaceTests<TEngine>(MeteredSite<TEngine> portal) : IClassFixture<MeteredSite<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Packs_are_public_and_show_the_fee_to_the_letter()
    {
        using var nobody = portal.Site.NewClient();

        var text = await nobody.GetStringAsync("v1/billing/packs", Cancel);

        Assert.Equal(
            "{\"data\":["
            + """{"key":"starter","name":"API Starter","price":"$9.99","credits_after_fee":"~949,050","note":"5% fee applied","credits":949050,"fee":"$0.50"},"""
            + """{"key":"growth","name":"API Growth","price":"$24.99","credits_after_fee":"~2,374,050","note":"5% fee applied","credits":2374050,"fee":"$1.25"},"""
            + """{"key":"scale","name":"API Scale","price":"$49.99","credits_after_fee":"~4,749,050","note":"5% fee applied","credits":4749050,"fee":"$2.50"},"""
            + """{"key":"business","name":"API Business","price":"$99.99","credits_after_fee":"~9,499,050","note":"5% fee applied","credits":9499050,"fee":"$5"},"""
            + """{"key":"enterprise","name":"API Enterprise","price":"$199.99","credits_after_fee":"~18,999,050","note":"5% fee applied","credits":18999050,"fee":"$10"}"""
            + "]}",
            text);
    }

    [Fact]
    public async Task A_paid_checkout_returns_with_success_and_stands_in_the_history()
    {
        var customer = await portal.NewCustomerAsync("free");
        var user = await portal.AsUserAsync(customer);

        var order = await user.PostAsync("v1/billing/checkout", """{"pack":"starter"}""");
        var page = await portal.Get<SandboxCheckout>().FindAsync(order.Text("url")![(order.Text("url")!.LastIndexOf('/') + 1)..], Cancel);
        await portal.PayAsync(order.Text("url")!);
        await Eventually.TrueAsync(async () => (await user.GetAsync("v1/billing/history"))["data"].GetArrayLength() == 1);
        var second = await user.PostAsync("v1/billing/checkout", """{"pack":"growth"}""");
        await portal.PayAsync(second.Text("url")!);
        await Eventually.TrueAsync(async () => (await user.GetAsync("v1/billing/history"))["data"].GetArrayLength() == 2);

        Assert.EndsWith("?billing=success", page!.SuccessUrl, StringComparison.Ordinal);
        Assert.StartsWith(portal.Site.Address.ToString(), page.SuccessUrl, StringComparison.Ordinal);
        var history = (await user.GetAsync("v1/billing/history"))["data"];
        Assert.Equal((2374050, 3323100), (history[0].GetProperty("amount").GetInt32(), history[0].GetProperty("balance_after").GetInt32()));
        Assert.Equal((949050, 949050), (history[1].GetProperty("amount").GetInt32(), history[1].GetProperty("balance_after").GetInt32()));
        Assert.StartsWith("tx_", history[0].GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.StartsWith("pi_", history[0].GetProperty("stripe_payment_id").GetString(), StringComparison.Ordinal);
        Assert.Equal("2027-03-10T12:00:00.000Z", history[0].GetProperty("created_at").GetString());
        var balance = await user.GetAsync("v1/api-credits");
        Assert.Equal((3323100, 3323100, 0), (balance["balance"].GetInt32(), balance["total_purchased"].GetInt32(), balance["total_consumed"].GetInt32()));

        var first = await user.GetAsync("v1/billing/history?limit=1");
        var next = await user.GetAsync($"v1/billing/history?limit=1&before={first["next_before"].GetInt64()}");
        Assert.Equal(2374050, Assert.Single(first["data"].EnumerateArray()).GetProperty("amount").GetInt32());
        Assert.Equal(949050, Assert.Single(next["data"].EnumerateArray()).GetProperty("amount").GetInt32());
    }

    [Fact]
    public async Task History_is_of_purchases_only_and_of_ones_own()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.FundAsync(customer, CreditTypes.ApiCredits, Credits.FromWhole(1000));
        await customer.SendAsync("""{"id":"m","operation":"model_call","properties":{"model":"gpt-4.1","inputTokens":1000}}""");

        var own = await (await portal.AsUserAsync(customer)).GetAsync("v1/billing/history");
        var foreign = await (await portal.AsUserAsync(await portal.NewCustomerAsync())).GetAsync("v1/billing/history");

        Assert.Equal(1000, Assert.Single(own["data"].EnumerateArray()).GetProperty("amount").GetInt32());
        Assert.Empty(foreign["data"].EnumerateArray());
    }

    [Fact]
    public async Task Keys_are_refused_wherever_people_are_meant()
    {
        var customer = await portal.NewCustomerAsync();

        foreach (var answer in (Answer[])
            [
                await customer.PostAsync("v1/billing/checkout", """{"pack":"growth"}"""), await customer.GetAsync("v1/billing/history"), await customer.GetAsync("v1/api-credits"),
            ])
        {
            Assert.Equal((403, "DASHBOARD_SESSION_REQUIRED", "Forbidden"), (answer.Status, answer.Text("code"), answer.Text("error")));
            Assert.False(string.IsNullOrEmpty(answer.Text("message")));
        }
    }

    [Theory]
    [InlineData("""{"pack":"credits_5000"}""", "INVALID_PACK")]
    [InlineData("""{"pack":null}""", "INVALID_REQUEST")]
    [InlineData("""{}""", "INVALID_REQUEST")]
    public async Task What_is_no_pack_is_refused(string body, string code)
    {
        var answer = await (await portal.AsUserAsync(await portal.NewCustomerAsync())).PostAsync("v1/billing/checkout", body);

        Assert.Equal((400, code, "pack", "Bad request"), (answer.Status, answer.Text("code"), answer.Text("field"), answer.Text("error")));
    }

    [Fact]
    public async Task A_page_is_named_as_it_was_given()
    {
        var answer = await (await portal.AsUserAsync(await portal.NewCustomerAsync())).GetAsync("v1/billing/history?before=-1");

        Assert.Equal((400, "before"), (answer.Status, answer.Text("field")));
    }
}

public sealed class ApiCreditSurfaceTestsOnSqlite(MeteredSite<SqliteEngine> portal) : ApiCreditSurfaceTests<SqliteEngine>(portal);

public sealed class ApiCreditSurfaceTestsOnPostgres(MeteredSite<PostgresEngine> portal) : ApiCreditSurfaceTests<PostgresEngine>(portal);
