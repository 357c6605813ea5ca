using BillingPortal.Components;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Components;

public abstract class WalletMoodTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    [Fact]
    public async Task A_wallet_goes_from_new_to_fine_to_low_to_empty_as_it_is_used()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync();
        await site.PutOnPlanAsync(person, "lite");
        Assert.Equal(WalletMood.New, (await ReadAsync(site, person)).Mood);

        await site.ReportAsync(person, "image_to_html");
        var fine = await ReadAsync(site, person);
        Assert.Equal((WalletMood.Fine, "Lite"), (fine.Mood, fine.Plan.Name));
        Assert.Equal(Credits.FromWhole(-30), fine.Latest[0].Amount);

        await LeaveAsync(site, person, 40);
        Assert.Equal(WalletMood.Low, (await ReadAsync(site, person)).Mood);

        await LeaveAsync(site, person, 0);
        Assert.Equal(WalletMood.Empty, (await ReadAsync(site, person)).Mood);
    }

    private static async Task LeaveAsync(Site site, Person person, long credits)
    {
        var available = (await ReadAsync(site, person)).Credits.Available - Credits.FromWhole(credits);
        await site.UseAsync(person, available.Micros / Credits.MicrosPerCredit);
    }

    private static Task<WalletOverview> ReadAsync(Site site, Person person) =>
        site.Services.GetRequiredService<WalletOverviews>().ReadAsync(person.Caller, TestContext.Current.CancellationToken);
}

public sealed class WalletMoodTestsOnSqlite(StoreFixture<SqliteEngine> store) : WalletMoodTests<SqliteEngine>(store);

public sealed class WalletMoodTestsOnPostgres(StoreFixture<PostgresEngine> store) : WalletMoodTests<PostgresEngine>(store);
