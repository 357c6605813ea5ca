using System.Text.Json;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Tests.Metering;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;

namespace BillingPortal.Tests.Clients;

/// <summary>The samples that integrators already have, run as printed: only host and key are replaced.</summary>
public sealed class SampleTests(Workshop workshop) : IClassFixture<Workshop>
{
    [Theory]
    [InlineData("purchase.curl.sh")]
    [InlineData("purchase.mjs")]
    [InlineData("purchase.py")]
    public async Task A_pack_is_bought(string sample)
    {
        var (_, key) = await NewCustomerAsync("lite");
        var text = Workshop.Sample(sample).Replace("https://www.floow.design", workshop.Address).Replace("fl_your_api_key", key);

        var output = await workshop.RunAsync(sample, sample == "purchase.mjs" ? InABrowser(text) : text);

        if (sample == "purchase.curl.sh")
        {
            var answer = JsonElement.Parse(output);
            Assert.Equal("""{"id":"credits_5000","name":"Growth Pack","credits":5000,"price":"$39"}""", answer.GetProperty("pack").GetRawText());
            output = answer.GetProperty("url").GetString()!;
        }

        Assert.Matches("^(Checkout URL: )?http://localhost:[0-9]+/sandbox/checkout/cs_", output);
    }

    [Fact]
    public async Task The_wallet_is_read()
    {
        var (_, key) = await NewCustomerAsync("lite");

        var answer = await AskAsync("wallet.curl.sh", "https://builder.flowyte.com", "flowyte_sk_…", key);

        Assert.True(answer.GetProperty("success").GetBoolean());
        Assert.Equal(2150m, answer.GetProperty("data").GetProperty("balanceCredits").GetDecimal());
    }

    [Fact]
    public async Task Api_credits_are_listed_and_bought()
    {
        var customer = await workshop.Portal.NewCustomerAsync("free");
        var user = await workshop.Portal.AsUserAsync(customer);
        var token = user.Client.DefaultRequestHeaders.Authorization!.Parameter!;

        var packs = await AskAsync("packs.curl.sh", "https://theconflux.com", "YOUR_JWT", token);
        var checkout = await AskAsync("checkout.curl.sh", "https://theconflux.com", "YOUR_JWT", token);
        await workshop.Portal.PayAsync(checkout.GetProperty("url").GetString()!);
        await Eventually.TrueAsync(async () => (await user.GetAsync("v1/billing/history"))["data"].GetArrayLength() == 1);
        var history = await AskAsync("history.curl.sh", "https://theconflux.com", "YOUR_JWT", token);
        var balance = await AskAsync("api-credits.curl.sh", "https://theconflux.com", "YOUR_JWT", token);

        Assert.Equal(
            ["~949,050", "~2,374,050", "~4,749,050", "~9,499,050", "~18,999,050"], packs.GetProperty("data").EnumerateArray().Select(pack => pack.GetProperty("credits_after_fee").GetString()));
        var purchase = history.GetProperty("data")[0];
        Assert.Equal((2374050, 2374050), (purchase.GetProperty("amount").GetInt32(), purchase.GetProperty("balance_after").GetInt32()));
        Assert.StartsWith("pi_", purchase.GetProperty("stripe_payment_id").GetString(), StringComparison.Ordinal);
        Assert.Equal((2374050, 2374050, 0), (balance.GetProperty("balance").GetInt32(), balance.GetProperty("total_purchased").GetInt32(), balance.GetProperty("total_consumed").GetInt32()));
    }

    [Theory]
    [InlineData("flows.ts")]
    [InlineData("flows.py")]
    public async Task Flows_are_read_and_given(string sample)
    {
        var friend = await workshop.Portal.Site.SignUpAsync($"friend-{Path.GetExtension(sample)[1..]}@example.com");
        var (customer, key) = await NewCustomerAsync("lite");
        Assert.IsType<PostResult.Posted>(await workshop.Portal.Get<WalletWriter>().ExecuteAsync(
            new Grant
            {
                OrganizationId = customer.Organization,
                CreditType = CreditTypes.Flows,
                Reference = "test:bonus",
                Source = "promo",
                Actor = "system:test",
                Deposit = new Deposit(BucketKind.Promotional, Credits.FromWhole(25), Giftable: true),
            },
            TestContext.Current.CancellationToken));
        var before = await BonusAsync(customer);
        var text = Workshop.Sample(sample).Replace("flow_sk_live_...", key).Replace("friend@example.com", friend.Email);

        var output = await workshop.RunAsync(sample, text);

        Assert.Equal($"Daily: 10/10\nBonus: {before}", output.ReplaceLineEndings("\n"));
        Assert.Equal(before - 5, await BonusAsync(customer));
        Assert.Equal(5m, await BonusAsync(new Customer(friend, "", customer.Client)));
    }

    private async Task<decimal> BonusAsync(Customer customer)
    {
        var wallet = await workshop.Portal.Get<WalletReader>().GetWalletAsync(customer.Reader, CreditTypes.Flows, TestContext.Current.CancellationToken);
        return Credits.Sum(wallet.Buckets.Where(bucket => bucket.Giftable).Select(bucket => bucket.Remaining)).ToDecimal();
    }

    private async Task<(Customer Customer, string Key)> NewCustomerAsync(string plan)
    {
        var customer = await workshop.Portal.NewCustomerAsync(plan);
        return (customer, customer.Client.DefaultRequestHeaders.Authorization!.Parameter!);
    }

    private async Task<JsonElement> AskAsync(string sample, string host, string credential, string own) =>
        JsonElement.Parse(await workshop.RunAsync(sample, Workshop.Sample(sample).Replace(host, workshop.Address).Replace(credential, own)));

    /// <summary>What a browser has and Node has not, and where it went.</summary>
    private static string InABrowser(string sample) => $"globalThis.window = {{ location: {{}} }};\n{sample}\nconsole.log(window.location.href);";
}
