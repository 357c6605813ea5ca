using BillingPortal.Accounts;
using BillingPortal.Store;
using BillingPortal.Tests.Support;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace BillingPortal.Tests.Accounts;

public sealed class CircuitRevalidationTests(StoreFixture<PostgresEngine> store) : IClassFixture<StoreFixture<PostgresEngine>>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_was_disabled_is_signed_out_and_an_absent_database_signs_nobody_out()
    {
        var (wire, reached) = Wire.To(store.Database);
        await using var _ = wire;
        await using var site = Site.Start(reached);
        var (state, revalidation) = await OpenAsync(site, await site.SignUpAsync());
        var (disabled, sameRevalidation) = await OpenAsync(site, await site.SignUpAsync());

        await using (var db = await site.Services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Ct))
        {
            var id = disabled.User.Claims.First(claim => claim.Type.EndsWith("nameidentifier", StringComparison.Ordinal)).Value;
            await db.Users.Where(user => user.Id == id).ExecuteUpdateAsync(update => update.SetProperty(user => user.DisabledAt, DateTimeOffset.UtcNow), Ct);
        }

        Assert.True(await revalidation.MayStayAsync(state, Ct));
        Assert.False(await sameRevalidation.MayStayAsync(disabled, Ct));
        wire.Cut();
        Assert.True(await revalidation.MayStayAsync(disabled, Ct));
        wire.Mend();
        Assert.False(await revalidation.MayStayAsync(disabled, Ct));
    }

    [Fact]
    public async Task A_page_that_outlives_its_portal_asks_nobody()
    {
        var site = Site.Start(store.Database);
        var (state, revalidation) = await OpenAsync(site, await site.SignUpAsync());

        await site.DisposeAsync();

        Assert.True(await revalidation.MayStayAsync(state, Ct));
    }

    private static async Task<(AuthenticationState State, CircuitRevalidation Revalidation)> OpenAsync(Site site, Person person)
    {
        await using var scope = site.Services.CreateAsyncScope();
        var user = await scope.ServiceProvider.GetRequiredService<UserManager<User>>().FindByIdAsync(person.Id);
        var principal = await scope.ServiceProvider.GetRequiredService<IUserClaimsPrincipalFactory<User>>().CreateAsync(user!);
        return (new AuthenticationState(principal), new CircuitRevalidation(
            NullLoggerFactory.Instance, site.Services.GetRequiredService<Callers>(), site.Services.GetRequiredService<IStoreSessions>(),
            site.Services.GetRequiredService<IHostApplicationLifetime>()));
    }
}
