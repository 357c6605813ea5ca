using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Tests.Api;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;

namespace BillingPortal.Tests.Wallets;

public abstract class CreditFlowsTests<TEngine>(KeyedSite<TEngine> portal) : IClassFixture<KeyedSite<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private CreditFlows Flows => portal.Get<CreditFlows>();

    [Fact]
    public async Task What_is_owed_is_summed_over_all_customers_month_by_month_and_adds_up()
    {
        var administrator = (await portal.Site.SignUpAsync(administrator: true)).Caller;
        var (one, other) = (await portal.Site.SignUpAsync(), await portal.Site.SignUpAsync());
        await portal.Site.GiveAsync(one, 100, BucketKind.Purchased, CreditTypes.ApiCredits);
        await portal.Site.GiveAsync(other, 40, BucketKind.Promotional, CreditTypes.ApiCredits, TimeSpan.FromDays(10));
        await portal.Site.UseAsync(one, 30, "model_call", CreditTypes.ApiCredits);
        portal.Clock.Now += TimeSpan.FromDays(31);
        await portal.Get<ExpirySweep>().SweepAsync(Ct);
        await portal.Site.GiveAsync(other, 5, BucketKind.Promotional, CreditTypes.ApiCredits);

        var liability = await Flows.GetAsync(administrator, CreditTypes.ApiCredits, Ct);

        var (before, now) = (liability.Months[^2], liability.Months[^1]);
        Assert.Equal(CreditFlows.Months, liability.Months.Count);
        Assert.Equal((100, 40, 30, 0, 110), (before.Bought, before.Granted, before.Used, before.Expired, before.Outstanding));
        Assert.Equal((0, 5, 0, 40, 75), (now.Bought, now.Granted, now.Used, now.Expired, now.Outstanding));
        Assert.Equal((70, 5), (liability.ByKind[BucketKind.Purchased], liability.ByKind[BucketKind.Promotional]));
        Assert.Equal(75, liability.Outstanding);
        Assert.Equal(0, liability.Months[0].Outstanding);
        foreach (var (month, last) in liability.Months.Skip(1).Zip(liability.Months))
        {
            Assert.Equal(month.Outstanding, last.Outstanding + month.Issued - month.Used - month.Expired - month.TakenBack);
        }
    }

    [Fact]
    public async Task Nobody_else_reads_it_nor_starts_a_verification()
    {
        var person = (await portal.Site.SignUpAsync()).Caller;
        var inspection = portal.Get<LedgerInspection>();

        await Assert.ThrowsAsync<AccessDeniedException>(() => Flows.GetAsync(person, CreditTypes.Credits, Ct));
        Assert.Throws<AccessDeniedException>(() => inspection.Read(person));
        Assert.Throws<AccessDeniedException>(() => inspection.Start(person));
    }

    [Fact]
    public async Task A_verification_that_is_asked_for_ends_and_says_what_it_found()
    {
        var administrator = (await portal.Site.SignUpAsync(administrator: true)).Caller;
        var inspection = portal.Get<LedgerInspection>();
        await Eventually.TrueAsync(() => inspection.Read(administrator).Last is not null);
        portal.Clock.Now += TimeSpan.FromSeconds(1);

        inspection.Start(administrator);
        inspection.Start(administrator);

        await Eventually.TrueAsync(() => inspection.Read(administrator) is { Share: null, Last: { } last } && last.At == portal.Clock.Now);
        Assert.True(inspection.Read(administrator).Last!.Report.IsSound);
    }
}

public sealed class CreditFlowsTestsOnSqlite(KeyedSite<SqliteEngine> portal) : CreditFlowsTests<SqliteEngine>(portal);

public sealed class CreditFlowsTestsOnPostgres(KeyedSite<PostgresEngine> portal) : CreditFlowsTests<PostgresEngine>(portal);
