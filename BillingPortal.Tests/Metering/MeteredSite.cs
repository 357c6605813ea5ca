using System.Data.Common;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Payments.Sandbox;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Metering;

/// <summary>A portal for the tests of one class, at noon on a Wednesday until a test moves its clock.</summary>
public sealed class MeteredSite<TEngine> : IAsyncLifetime
    where TEngine : IStoreEngine, new()
{
    private readonly StoreFixture<TEngine> store = new();
    private Site? site;

    internal static readonly DateTimeOffset Noon = new(2027, 3, 10, 12, 0, 0, TimeSpan.Zero);

    public SetClock Clock { get; } = new(Noon);

    public Site Site => site ?? throw new InvalidOperationException("The fixture has not been started.");

    public TService Get<TService>()
        where TService : notnull => Site.Services.GetRequiredService<TService>();

    /// <summary>A connection beside the portal's.</summary>
    internal Task<DbConnection> ConnectAsync() => store.Engine.ConnectAsync(store.Database);

    public async ValueTask InitializeAsync()
    {
        await store.InitializeAsync();
        site = StartAnother();
    }

    /// <summary>One more instance on the same database and clock; the caller disposes it.</summary>
    public Site StartAnother() => Site.Start(
        store.Database, new Dictionary<string, string?> { ["RateLimits:PerMinute"] = "0", ["Demo:Enabled"] = "false" }, services => services.AddSingleton<TimeProvider>(Clock));

    public async ValueTask DisposeAsync()
    {
        if (site is not null)
        {
            await site.DisposeAsync();
        }

        await store.DisposeAsync();
    }

    /// <summary>Somebody new on a plan that started at <see cref="Noon"/>, with an API key.</summary>
    internal async Task<Customer> NewCustomerAsync(string plan = "lite", params string[] scopes)
    {
        var person = await Site.SignUpAsync();
        await Get<PlanSubscriptions>().StartAsync(
            person.OrganizationId, plan, BillingInterval.Monthly, 1, Noon, "system:test", TestContext.Current.CancellationToken);
        var (key, secret) = await Site.NewKeyAsync(person, scopes);
        return new Customer(person, key.Id, Site.NewClient(secret));
    }

    /// <summary>Puts purchased credit into a customer's wallet.</summary>
    internal async Task FundAsync(Customer customer, string creditType, Credits amount) => Assert.IsType<PostResult.Posted>(
        await Get<WalletWriter>().ExecuteAsync(
            new Grant
            {
                OrganizationId = customer.Organization,
                CreditType = creditType,
                Reference = $"test:{Guid.NewGuid()}",
                Source = "pack",
                Actor = "system:test",
                Type = TransactionType.Purchase,
                Deposit = new Deposit(BucketKind.Purchased, amount),
            },
            TestContext.Current.CancellationToken));

    /// <summary>Takes credit away until exactly <paramref name="credits"/> are left.</summary>
    internal async Task LeaveAsync(Customer customer, long credits)
    {
        var surplus = await BalanceAsync(customer) - Credits.FromWhole(credits);
        if (surplus.IsNegative)
        {
            await FundAsync(customer, CreditTypes.Credits, -surplus);
        }
        else if (surplus.IsPositive)
        {
            var deduction = new Deduction
            {
                OrganizationId = customer.Organization,
                CreditType = CreditTypes.Credits,
                Amount = surplus,
                Reference = $"test:{Guid.NewGuid()}",
                Source = "test",
                Actor = "system:test",
            };
            Assert.IsType<PostResult.Posted>(await Get<WalletWriter>().ExecuteAsync(deduction, TestContext.Current.CancellationToken));
        }
    }

    /// <summary>The same customer with the access token of the person instead of a key.</summary>
    internal async Task<Customer> AsUserAsync(Customer customer) => customer with { KeyId = "", Client = await Site.NewUserClientAsync(customer.Person) };

    /// <summary>Pays a checkout at the sandbox, which tells the portal.</summary>
    internal async Task PayAsync(string checkoutUrl) => Assert.Equal(
        SandboxAnswer.Accepted,
        await Get<SandboxCheckout>().PayAsync(
            checkoutUrl[(checkoutUrl.LastIndexOf('/') + 1)..], SandboxMethod.CardThatPays, isAuthenticated: true, SandboxWebhooks.AsTheyShould, TestContext.Current.CancellationToken));

    internal async Task<Credits> BalanceAsync(Customer customer, string creditType = CreditTypes.Credits) =>
        (await Get<CurrentWallets>().GetBalanceAsync(customer.Reader, creditType, TestContext.Current.CancellationToken)).Available;
}

/// <summary>Somebody with an organization, and a client that sends its API key.</summary>
internal sealed record Customer(Person Person, string KeyId, HttpClient Client)
{
    public string Organization => Person.OrganizationId;

    public Caller Reader => Caller.ForSystem("test", Organization);

    /// <summary>Sends one event or an array of them, as it stands.</summary>
    public Task<Answer> SendAsync(string json) => AskAsync(HttpMethod.Post, "api/v1/usage/events", json);

    public Task<Answer> SendAsync(object body) => SendAsync(JsonSerializer.Serialize(body, JsonSerializerOptions.Web));

    public Task<Answer> GetAsync(string path) => AskAsync(HttpMethod.Get, path, null);

    public Task<Answer> PostAsync(string path, string? json = null, string contentType = "application/json") => AskAsync(HttpMethod.Post, path, json, contentType);

    public Task<Answer> DeleteAsync(string path) => AskAsync(HttpMethod.Delete, path, null);

    private async Task<Answer> AskAsync(HttpMethod method, string path, string? json, string contentType = "application/json")
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = json is null ? null : new StringContent(json, Encoding.UTF8, contentType);
        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        return await Answer.OfAsync(response);
    }
}

/// <summary>A status and a JSON body.</summary>
internal sealed record Answer(int Status, JsonElement Body)
{
    public JsonElement this[string field] => Body.GetProperty(field);

    public static async Task<Answer> OfAsync(HttpResponseMessage response) =>
        new((int)response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken));

    public string? Text(string field) => Body.TryGetProperty(field, out var value) ? value.GetString() : null;

    public override string ToString() => $"{Status} {Body.GetRawText()}";
}
