using BillingPortal.Access;
using BillingPortal.Administration;
using BillingPortal.Ledger;
using BillingPortal.Tests.Api;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Administration;

public abstract class CustomersTests<TEngine>(KeyedSite<TEngine> portal) : IClassFixture<KeyedSite<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Customers Finder => portal.Get<Customers>();

    [Fact]
    public async Task A_customer_is_found_by_part_of_a_name_the_beginning_of_an_address_or_an_id()
    {
        var administrator = (await portal.Site.SignUpAsync(administrator: true)).Caller;
        var word = Guid.NewGuid().ToString("N");
        var person = await portal.Site.SignUpAsync($"{word}@example.com", plan: "pro");
        await portal.Site.GiveAsync(person, 7, BucketKind.Purchased);

        foreach (var search in new[] { word[..12], word.ToUpperInvariant(), person.OrganizationId, person.Email })
        {
            var found = Assert.Single((await Finder.ListAsync(administrator, search, null, Ct)).Customers);
            Assert.Equal((person.OrganizationId, person.Email, true, "Pro"), (found.Id, found.Email, found.IsPersonal, found.PlanName));
            Assert.True(found.Available >= Credits.FromWhole(7));
        }

        Assert.Empty((await Finder.ListAsync(administrator, "%", null, Ct)).Customers);
        Assert.Empty((await Finder.ListAsync(administrator, $"x{word}", null, Ct)).Customers);
    }

    [Fact]
    public async Task Many_customers_come_in_pages_each_of_them_once()
    {
        var administrator = (await portal.Site.SignUpAsync(administrator: true)).Caller;
        for (var i = 0; i < Customers.PageSize + 1; i++)
        {
            portal.Clock.Now += TimeSpan.FromSeconds(1);
            await portal.Site.SignUpAsync();
        }

        var first = await Finder.ListAsync(administrator, null, null, Ct);
        var second = await Finder.ListAsync(administrator, null, first.NextBefore, Ct);

        Assert.Equal(Customers.PageSize, first.Customers.Count);
        Assert.NotEmpty(second.Customers);
        Assert.Empty(first.Customers.Select(customer => customer.Id).Intersect(second.Customers.Select(customer => customer.Id)));
        Assert.Equal(first.Customers.Select(customer => customer.Id).OrderDescending(StringComparer.Ordinal), first.Customers.Select(customer => customer.Id));
    }

    [Fact]
    public async Task Nobody_else_finds_anybody()
    {
        var (person, other) = (await portal.Site.SignUpAsync(), await portal.Site.SignUpAsync());

        await Assert.ThrowsAsync<AccessDeniedException>(() => Finder.ListAsync(person.Caller, null, null, Ct));
        await Assert.ThrowsAsync<AccessDeniedException>(() => Finder.FindAsync(person.Caller, other.OrganizationId, Ct));
        await Assert.ThrowsAsync<AccessDeniedException>(() =>
            Finder.FindAsync(Caller.ForKey("key_1", person.OrganizationId, Scopes.All, mintsCredit: true), other.OrganizationId, Ct));
    }
}

public sealed class CustomersTestsOnSqlite(KeyedSite<SqliteEngine> portal) : CustomersTests<SqliteEngine>(portal);

public sealed class CustomersTestsOnPostgres(KeyedSite<PostgresEngine> portal) : CustomersTests<PostgresEngine>(portal);
