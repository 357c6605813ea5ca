using System.Net;
using BillingPortal.Store;
using BillingPortal.Tests.Metering;
using BillingPortal.Tests.Support;
using BillingPortal.Webhooks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Webhooks;

/// <summary>A portal that may send to this machine, with a clock set by hand.</summary>
public sealed class WebhookSite<TEngine> : IAsyncLifetime
    where TEngine : IStoreEngine, new()
{
    private readonly StoreFixture<TEngine> store = new();
    private Site? site;

    public SetClock Clock { get; } = new(new DateTimeOffset(2027, 3, 10, 12, 0, 0, TimeSpan.Zero));

    public Site Site => site ?? throw new InvalidOperationException("The fixture has not been started.");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public T Get<T>()
        where T : notnull => Site.Services.GetRequiredService<T>();

    /// <summary>One more portal on the same rows.</summary>
    public Site StartAnother(bool allowsPrivate = true, HostResolver? resolver = null) => Site.Start(
        store.Database,
        new Dictionary<string, string?>
        {
            ["RateLimits:PerMinute"] = "0",
            ["Demo:Enabled"] = "false",
            ["Webhooks:AllowPrivateNetworks"] = allowsPrivate ? "true" : "false",
            ["Webhooks:Timeout"] = "00:00:01",
        },
        services =>
        {
            services.AddSingleton<TimeProvider>(Clock);
            if (resolver is not null)
            {
                services.AddSingleton(resolver);
            }
        });

    /// <summary>Takes the portal down in good order and starts it anew.</summary>
    public async Task RestartAsync(bool allowsPrivate = true, HostResolver? resolver = null)
    {
        await Site.DisposeAsync();
        site = StartAnother(allowsPrivate, resolver);
    }

    public async ValueTask InitializeAsync()
    {
        await store.InitializeAsync();
        site = StartAnother();
    }

    public async ValueTask DisposeAsync()
    {
        if (site is not null)
        {
            await site.DisposeAsync();
        }

        await store.DisposeAsync();
    }

    internal async Task<Customer> NewCustomerAsync()
    {
        var person = await Site.SignUpAsync(plan: "lite");
        var (key, secret) = await Site.NewKeyAsync(person);
        return new Customer(person, key.Id, Site.NewClient(secret));
    }

    /// <summary>An endpoint for somebody, and its secret.</summary>
    internal async Task<(WebhookEndpoint Endpoint, string Secret)> AddAsync(Customer customer, Uri url, params string[] events)
    {
        var added = Assert.IsType<WebhookChange.Done>(
            await Get<WebhookSubscriptions>().AddAsync(customer.Person.Caller, url.ToString(), events.Length == 0 ? ["*"] : events, null, Ct));
        return (added.Endpoint, added.Secret!);
    }

    /// <summary>Something happens that is to be told, a millisecond after what happened before.</summary>
    internal async Task HappenAsync(Customer customer, string type, object data)
    {
        Clock.Now += TimeSpan.FromMilliseconds(1);
        await using var db = await Get<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Ct);
        db.Add(OutboxEvent.Of(customer.Organization, type, data, Clock.Now));
        await db.SaveChangesAsync(Ct);
    }

    /// <summary>The one delivery to an endpoint, once it is there.</summary>
    internal async Task<WebhookDelivery> DeliveryAsync(Customer customer, WebhookEndpoint endpoint)
    {
        IReadOnlyList<WebhookDelivery> deliveries = [];
        await Eventually.TrueAsync(async () =>
        {
            deliveries = (await Get<WebhookLog>().ListAsync(customer.Person.Caller, endpoint.Id, null, 1, 100, Ct))!.Deliveries;
            return deliveries.Count > 0;
        });
        return Assert.Single(deliveries);
    }

    internal async Task<WebhookEndpoint> EndpointAsync(Customer customer, WebhookEndpoint endpoint) =>
        (await Get<WebhookSubscriptions>().FindAsync(customer.Person.Caller, endpoint.Id, Ct))!;

    /// <summary>A resolver that knows one name.</summary>
    internal static HostResolver Names(string host, params string[] addresses) => (asked, _) =>
        asked == host ? Task.FromResult(addresses.Select(IPAddress.Parse).ToArray()) : throw new System.Net.Sockets.SocketException(11001);
}
