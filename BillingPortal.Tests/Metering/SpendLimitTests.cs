using System.Text.Json;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Store;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Metering;

public abstract class SpendLimitTests<TEngine>(MeteredSite<TEngine> portal) : IClassFixture<MeteredSite<TEngine>>, IDisposable
    where TEngine : IStoreEngine, new()
{
    private static readonly DateTimeOffset Midnight = MeteredSite<TEngine>.Noon.AddHours(-12);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        portal.Clock.Now = MeteredSite<TEngine>.Noon;
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Usage_beyond_the_days_limit_is_refused_with_what_is_left_and_costs_nothing()
    {
        var customer = await portal.NewCustomerAsync();
        await LimitAsync(customer, perDay: 50);

        var first = await customer.SendAsync("""{"id":"1","operation":"image_to_html"}""");
        var tooMuch = await customer.SendAsync("""{"id":"2","operation":"image_to_html"}""");
        var fits = await customer.SendAsync("""{"id":"3","operation":"chat","quantity":20}""");
        var batch = await customer.SendAsync("""[{"id":"4","operation":"chat"},{"id":"5","operation":"figma_export","properties":{"status":"failed"}}]""");

        Assert.Equal((200, 200), (first.Status, fits.Status));
        Assert.Equal((402, "SPEND_LIMIT_REACHED", "day", 50m, 20m, 30m), (
            tooMuch.Status, tooMuch.Text("code"), tooMuch.Text("period"), tooMuch["limit"].GetDecimal(), tooMuch["left"].GetDecimal(), tooMuch["estimated_cost"].GetDecimal()));
        var results = batch["results"].EnumerateArray().ToList();
        Assert.Equal(("rejected", "SPEND_LIMIT_REACHED"), (results[0].GetProperty("status").GetString(), results[0].GetProperty("code").GetString()));
        Assert.Equal("free", results[1].GetProperty("status").GetString());
        Assert.Equal(Credits.FromWhole(2_100), await portal.BalanceAsync(customer));
        var view = await ViewAsync(customer);
        Assert.Equal((50m, 50m), (view.InDay.ToDecimal(), view.InMonth.ToDecimal()));
    }

    [Fact]
    public async Task A_day_and_a_month_begin_anew_and_a_limit_set_in_their_middle_counts_all_of_them()
    {
        var customer = await portal.NewCustomerAsync();
        Assert.Equal(200, (await ChatAsync(customer, 30)).Status);
        await LimitAsync(customer, perDay: 40, perMonth: 100);

        Assert.Equal("day", (await ChatAsync(customer, 11)).Text("period"));
        Assert.Equal(200, (await ChatAsync(customer, 10)).Status);
        portal.Clock.Now = Midnight.AddDays(1).AddMilliseconds(-1);
        Assert.Equal(402, (await ChatAsync(customer, 1)).Status);
        portal.Clock.Now = Midnight.AddDays(1);
        Assert.Equal(200, (await ChatAsync(customer, 40)).Status);
        portal.Clock.Now = Midnight.AddDays(2);
        var month = await ChatAsync(customer, 21);
        Assert.Equal(("month", 20m), (month.Text("period"), month["left"].GetDecimal()));
        portal.Clock.Now = new DateTimeOffset(2027, 4, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(200, (await ChatAsync(customer, 40)).Status);
        await LimitAsync(customer);
        Assert.Equal(200, (await ChatAsync(customer, 100)).Status);
    }

    [Fact]
    public async Task What_is_held_counts_as_taken_and_a_capture_within_its_hold_fits()
    {
        var customer = await portal.NewCustomerAsync();
        await LimitAsync(customer, perDay: 50);

        var hold = await customer.PostAsync("api/v1/holds", """{"operation":"chat","quantity":40,"expiresInSeconds":60}""");
        var another = await customer.PostAsync("api/v1/holds", """{"operation":"chat","quantity":11,"expiresInSeconds":60}""");
        var beside = await ChatAsync(customer, 10);
        var more = await customer.PostAsync($"api/v1/holds/{hold.Text("id")}/capture", """{"quantity":41}""");
        var captured = await customer.PostAsync($"api/v1/holds/{hold.Text("id")}/capture", """{"quantity":40}""");

        Assert.Equal((402, "SPEND_LIMIT_REACHED", 10m), (another.Status, another.Text("code"), another["left"].GetDecimal()));
        Assert.Equal((200, 402, 200), (beside.Status, more.Status, captured.Status));
        Assert.Equal("SPEND_LIMIT_REACHED", more.Text("code"));
        Assert.Equal(402, (await ChatAsync(customer, 1)).Status);
    }

    [Fact]
    public async Task However_many_charge_at_once_on_however_many_instances_the_limit_is_met_and_never_passed()
    {
        var (customer, neighbour) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        await LimitAsync(customer, perDay: 100);
        await using var other = portal.StartAnother();
        var instances = new[] { portal.Site, other }.Select(site => site.Services.GetRequiredService<UsageIngestion>()).ToList();

        var results = await Task.WhenAll(Enumerable.Range(0, 120).Select(i => Task.Run(async () => (await instances[i % instances.Count].IngestAsync(
            customer.Person.Caller, [new UsageEvent($"{i}", "figma_export", null, null, UsageProperties.None)], Cancel)).Single())));
        var beside = await ChatAsync(neighbour, 500);

        Assert.Equal((10, 110), (results.Count(result => result.Status is UsageStatus.Charged), results.Count(result => result.Rejection?.Code == UsageRejection.SpendLimitReached)));
        Assert.Equal(Credits.FromWhole(2_050), await portal.BalanceAsync(customer));
        Assert.Equal(100m, (await ViewAsync(customer)).InDay.ToDecimal());
        Assert.Equal(200, beside.Status);
        Assert.True((await portal.Get<LedgerVerification>().VerifyAsync(null, Cancel)).IsSound);
    }

    [Fact]
    public async Task The_month_of_a_rented_number_is_charged_whatever_the_limit_says_and_counts()
    {
        var customer = await portal.NewCustomerAsync();
        await LimitAsync(customer, perDay: 1);

        var rented = await customer.PostAsync("api/v1/numbers", """{"number":"+15557654321"}""");

        Assert.InRange(rented.Status, 200, 201);
        Assert.True((await ViewAsync(customer)).InDay > Credits.FromWhole(1));
        Assert.Equal(402, (await ChatAsync(customer, 1)).Status);
    }

    [Fact]
    public async Task A_limit_that_refuses_is_told_once_for_its_period_and_amount_however_much_is_refused_on_however_many_instances()
    {
        var (customer, neighbour) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        await LimitAsync(customer, perDay: 50);
        await using var other = portal.StartAnother();
        var instances = new[] { portal.Site, other }.Select(site => site.Services.GetRequiredService<UsageIngestion>()).ToList();

        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => instances[i % instances.Count].IngestAsync(
            customer.Person.Caller, [new UsageEvent($"{i}", "chat", Quantity.FromWhole(51), null, UsageProperties.None)], Cancel))));

        var told = Assert.Single(await ToldAsync(customer));
        Assert.Equal(("credits", "day", 50m, Midnight.AddDays(1)), (
            told.GetProperty("creditType").GetString(), told.GetProperty("period").GetString(), told.GetProperty("limit").GetDecimal(), told.GetProperty("until").GetDateTimeOffset()));
        Assert.Equal([(SpendPeriod.Day, 50m, 0m)], await ReachedAsync(customer));
        Assert.Empty(await ReachedAsync(neighbour));

        // Raised, and reached again; then the month's, by a hold; then the next day.
        await LimitAsync(customer, perDay: 60, perMonth: 70);
        Assert.Empty(await ReachedAsync(customer));
        Assert.Equal(200, (await ChatAsync(customer, 60)).Status);
        Assert.Equal(402, (await ChatAsync(customer, 1)).Status);
        Assert.Equal(402, (await ChatAsync(customer, 1)).Status);
        Assert.Equal(2, (await ToldAsync(customer)).Count);
        portal.Clock.Now = Midnight.AddDays(1);
        Assert.Empty(await ReachedAsync(customer));
        Assert.Equal("month", (await customer.PostAsync("api/v1/holds", """{"operation":"chat","quantity":11,"expiresInSeconds":60}""")).Text("period"));
        Assert.Equal("day", (await ChatAsync(customer, 61)).Text("period"));
        Assert.Equal([(SpendPeriod.Day, 60m, 0m), (SpendPeriod.Month, 70m, 60m)], await ReachedAsync(customer));
        Assert.Equal(["day", "day", "day", "month"], (await ToldAsync(customer)).Select(data => data.GetProperty("period").GetString()).Order(StringComparer.Ordinal));
        await LimitAsync(customer);
        Assert.Empty(await ReachedAsync(customer));
    }

    private static Task<Answer> ChatAsync(Customer customer, int messages) =>
        customer.SendAsync(new { id = Guid.NewGuid().ToString(), operation = "chat", quantity = messages });

    private Task LimitAsync(Customer customer, long? perDay = null, long? perMonth = null) => portal.Get<SpendLimitSettings>().SetAsync(
        customer.Person.Caller, CreditTypes.Credits, new SpendLimits(Whole(perDay), Whole(perMonth)), Cancel);

    private async Task<List<JsonElement>> ToldAsync(Customer customer)
    {
        await using var db = await portal.Get<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Cancel);
        var data = await db.Set<OutboxEvent>().Where(row => row.OrganizationId == customer.Organization && row.Type == "spend_limit.reached")
            .OrderBy(row => row.Id).Select(row => row.Data).ToListAsync(Cancel);
        return data.ConvertAll(text => JsonSerializer.Deserialize<JsonElement>(text));
    }

    private async Task<List<(SpendPeriod Period, decimal Limit, decimal Used)>> ReachedAsync(Customer customer) =>
        [.. (await portal.Get<SpendLimitNotices>().FindReachedAsync(customer.Person.Caller, Cancel)).Select(reached => (reached.Period, reached.Limit.ToDecimal(), reached.Used.ToDecimal()))];

    private static Credits? Whole(long? credits) => credits is { } whole ? Credits.FromWhole(whole) : null;

    private async Task<SpendLimitView> ViewAsync(Customer customer) => (await portal.Get<SpendLimitSettings>().GetAsync(customer.Person.Caller, Cancel))[0];
}

public sealed class SpendLimitTestsOnSqlite(MeteredSite<SqliteEngine> portal) : SpendLimitTests<SqliteEngine>(portal);

public sealed class SpendLimitTestsOnPostgres(MeteredSite<PostgresEngine> portal) : SpendLimitTests<PostgresEngine>(portal);
