using System.Globalization;
using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Store;
using BillingPortal.Tests.Api;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Metering;

public abstract class NumberTests<TEngine>(MeteredSite<TEngine> portal) : IClassFixture<MeteredSite<TEngine>>, IDisposable
    where TEngine : IStoreEngine, new()
{
    private const string Numbers = "api/v1/numbers";
    private static int numbers = 5_550_000;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        portal.Clock.Now = MeteredSite<TEngine>.Noon;
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_number_is_rented_for_a_month_and_charged_at_once()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.LeaveAsync(customer, 500);
        var number = NewNumber();

        var answer = await customer.PostAsync(Numbers, $$"""{"number":"{{number}}","label":"Sales"}""");
        var list = await customer.GetAsync(Numbers);

        Assert.Equal((201, number, "Sales", "active", "2027-04-10T12:00:00.000Z"), (answer.Status, answer.Text("number"), answer.Text("label"), answer.Text("status"), answer.Text("nextChargeAt")));
        Assert.StartsWith("num_", answer.Text("id"), StringComparison.Ordinal);
        Assert.Equal(answer.Body.GetRawText(), Assert.Single(list["data"].EnumerateArray()).GetRawText());
        Assert.Equal(Credits.FromWhole(300), await portal.BalanceAsync(customer));
        var item = Assert.Single((await ItemsAsync(customer)).Items);
        Assert.Equal(("number", 1m, 200m, number), (item.Channel, item.Quantity.ToDecimal(), item.Credits.ToDecimal(), item.Properties.UnitId));
    }

    [Fact]
    public async Task Each_month_is_charged_on_its_day_once_and_a_short_month_on_its_last()
    {
        portal.Clock.Now = new DateTimeOffset(2028, 1, 31, 10, 0, 0, TimeSpan.Zero);
        var (customer, _) = await NewRenterAsync();
        var before = await portal.BalanceAsync(customer);
        List<string> days = [];
        for (var day = portal.Clock.Now; day < new DateTimeOffset(2028, 6, 1, 0, 0, 0, TimeSpan.Zero); day = day.AddDays(1))
        {
            portal.Clock.Now = day;
            await Task.WhenAll(Rentals.SweepAsync(Cancel), Rentals.SweepAsync(Cancel));
            var balance = await portal.BalanceAsync(customer);
            if (balance != before)
            {
                Assert.Equal(before - Credits.FromWhole(200), balance);
                days.Add(day.ToString("MM-dd", CultureInfo.InvariantCulture));
                before = balance;
            }
        }

        Assert.Equal(["02-29", "03-31", "04-30", "05-31"], days);
    }

    [Fact]
    public async Task After_a_long_sleep_every_month_is_charged_once()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.FundAsync(customer, "credits", Credits.FromWhole(10_000));
        await customer.PostAsync(Numbers, $$"""{"number":"{{NewNumber()}}"}""");
        portal.Clock.Now = MeteredSite<TEngine>.Noon.AddMonths(3).AddDays(1);

        for (var i = 0; i < 5; i++)
        {
            await Rentals.SweepAsync(Cancel);
        }

        Assert.Equal(4, (await ItemsAsync(customer)).Items.Count(item => item.Channel == "number"));
        Assert.Equal("2027-07-10T12:00:00.000Z", (await customer.GetAsync(Numbers))["data"][0].GetProperty("nextChargeAt").GetString());
    }

    [Fact]
    public async Task Without_credit_it_is_tried_for_seven_days_with_warnings_and_then_released()
    {
        var (customer, number) = await NewRenterAsync();
        await portal.LeaveAsync(customer, 0);
        List<string> states = [];
        for (var day = 0; day <= 7; day++)
        {
            portal.Clock.Now = MeteredSite<TEngine>.Noon.AddMonths(1).AddDays(day);
            await portal.LeaveAsync(customer, 0);
            await Task.WhenAll(Rentals.SweepAsync(Cancel), Rentals.SweepAsync(Cancel));
            await Rentals.SweepAsync(Cancel);
            states.Add((await NumberAsync(customer)).State.Text());
        }

        Assert.Equal(["past_due", "past_due", "past_due", "past_due", "past_due", "past_due", "past_due", "released"], states);
        Assert.Equal((7, 1), (await EventsAsync(customer, "number.payment_failed"), await EventsAsync(customer, "number.released")));

        // Somebody else may rent it now.
        var next = await portal.NewCustomerAsync();
        await portal.FundAsync(next, "credits", Credits.FromWhole(1_000));
        Assert.Equal(201, (await next.PostAsync(Numbers, $$"""{"number":"{{number}}"}""")).Status);
    }

    [Fact]
    public async Task Credit_that_comes_in_time_keeps_the_number_and_its_day()
    {
        var (customer, _) = await NewRenterAsync();
        portal.Clock.Now = MeteredSite<TEngine>.Noon.AddMonths(1);
        await portal.LeaveAsync(customer, 0);
        await Rentals.SweepAsync(Cancel);
        await portal.FundAsync(customer, "credits", Credits.FromWhole(250));
        portal.Clock.Now = MeteredSite<TEngine>.Noon.AddMonths(1).AddDays(1);
        await Rentals.SweepAsync(Cancel);

        var number = await NumberAsync(customer);
        Assert.Equal((NumberState.Active, MeteredSite<TEngine>.Noon.AddMonths(2), null), (number.State, number.DueAt, number.PastDueSince));
        Assert.Equal(Credits.FromWhole(50), await portal.BalanceAsync(customer));
    }

    [Fact]
    public async Task A_number_that_is_given_up_costs_nothing_more()
    {
        var customer = await portal.NewCustomerAsync();
        var id = (await customer.PostAsync(Numbers, $$"""{"number":"{{NewNumber()}}"}""")).Text("id");

        var released = await customer.DeleteAsync($"{Numbers}/{id}");
        var again = await customer.DeleteAsync($"{Numbers}/{id}");
        portal.Clock.Now = MeteredSite<TEngine>.Noon.AddMonths(1);
        await Rentals.SweepAsync(Cancel);

        Assert.Equal((200, "released", "2027-03-10T12:00:00.000Z"), (released.Status, released.Text("status"), released.Text("releasedAt")));
        Assert.Equal(released.Body.GetRawText(), again.Body.GetRawText());
        Assert.Single((await ItemsAsync(customer)).Items);
    }

    [Fact]
    public async Task Of_many_that_want_one_number_one_rents_it()
    {
        var customers = new List<Customer>();
        for (var i = 0; i < 4; i++)
        {
            customers.Add(await portal.NewCustomerAsync());
        }

        var number = NewNumber();
        var answers = await Task.WhenAll(customers.Concat(customers).Select(customer => customer.PostAsync(Numbers, $$"""{"number":"{{number}}"}""")));

        Assert.Single(answers, answer => answer.Status == 201);
        Assert.All(answers.Where(answer => answer.Status != 201), answer => Assert.Equal((409, "NUMBER_TAKEN"), Code(answer)));
        var charged = 0;
        foreach (var customer in customers)
        {
            charged += (await ItemsAsync(customer)).Items.Count;
        }

        Assert.Equal(1, charged);
        Assert.Empty((await portal.Get<LedgerVerification>().VerifyAsync(null, Cancel)).Faults);
    }

    [Fact]
    public async Task The_same_idempotency_key_rents_once()
    {
        var customer = await portal.NewCustomerAsync();
        var wish = $$"""{"number":"{{NewNumber()}}"}""";

        var first = await customer.Client.PostAsync(Numbers, wish, "rent-1");
        var again = await customer.Client.PostAsync(Numbers, wish, "rent-1");

        Assert.Equal((201, 201, first.Body, true), (first.Status, again.Status, again.Body, again.IsReplay));
        Assert.Single((await ItemsAsync(customer)).Items);
    }

    [Fact]
    public async Task What_is_not_covered_is_not_rented()
    {
        var customer = await portal.NewCustomerAsync();
        await portal.LeaveAsync(customer, 199);

        var answer = await customer.PostAsync(Numbers, $$"""{"number":"{{NewNumber()}}"}""");

        Assert.Equal((402, "INSUFFICIENT_CREDITS", 200m), (answer.Status, answer.Text("code"), answer["estimated_cost"].GetDecimal()));
        Assert.Empty((await customer.GetAsync(Numbers))["data"].EnumerateArray());
    }

    [Fact]
    public async Task Another_organizations_number_is_not_there()
    {
        var (customer, _) = await NewRenterAsync();
        var stranger = await portal.NewCustomerAsync();
        var id = (await NumberAsync(customer)).Id;

        Assert.Equal((404, "NOT_FOUND"), Code(await stranger.DeleteAsync($"{Numbers}/{id}")));
        Assert.Empty((await stranger.GetAsync(Numbers))["data"].EnumerateArray());
        Assert.Equal(NumberState.Active, (await NumberAsync(customer)).State);
    }

    [Theory]
    [InlineData("""{"number":"5551234"}""", "number")]
    [InlineData("""{"number":"+05551234"}""", "number")]
    [InlineData("""{"number":"+15551234567\n"}""", "number")]
    [InlineData("""{"number":"+1555123456789012"}""", "number")]
    [InlineData("""{"number":15551234567}""", "number")]
    [InlineData("""{"number":"+15551234567","label":"a\u0007"}""", "label")]
    [InlineData("""{}""", "number")]
    public async Task What_is_no_number_is_refused(string body, string field)
    {
        var answer = await (await portal.NewCustomerAsync()).PostAsync(Numbers, body);

        Assert.Equal((400, field), (answer.Status, answer.Text("field")));
    }

    [Fact]
    public async Task Renting_needs_the_scope_of_usage_and_listing_that_of_billing()
    {
        var reader = await portal.NewCustomerAsync("lite", Scopes.BillingRead);
        var meter = await portal.NewCustomerAsync("lite", Scopes.UsageWrite);

        Assert.Equal((403, "MISSING_SCOPE"), Code(await reader.PostAsync(Numbers, $$"""{"number":"{{NewNumber()}}"}""")));
        Assert.Equal((403, "MISSING_SCOPE"), Code(await reader.DeleteAsync($"{Numbers}/num_1")));
        Assert.Equal((403, "MISSING_SCOPE"), Code(await meter.GetAsync(Numbers)));
    }

    private NumberRentals Rentals => portal.Get<NumberRentals>();

    /// <summary>Somebody whose plan brings no new credit each month.</summary>
    private async Task<(Customer Customer, string Number)> NewRenterAsync()
    {
        var customer = await portal.NewCustomerAsync("free");
        await portal.FundAsync(customer, "credits", Credits.FromWhole(2_000));
        var number = NewNumber();
        Assert.IsType<NumberRental.Rented>(await Rentals.RentAsync(customer.Person.Caller, number, null, null, Cancel));
        return (customer, number);
    }

    private async Task<NumberView> NumberAsync(Customer customer) => Assert.Single((await Rentals.ListAsync(customer.Reader, null, 10, Cancel)).Numbers);

    private async Task<int> EventsAsync(Customer customer, string type)
    {
        await using var db = await portal.Get<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Cancel);
        return await db.Set<OutboxEvent>().CountAsync(row => row.OrganizationId == customer.Organization && row.Type == type, Cancel);
    }

    private static string NewNumber() => $"+1555{Interlocked.Increment(ref numbers)}";

    private Task<UsageItemPage> ItemsAsync(Customer customer) => portal.Get<UsageItems>().ListAsync(customer.Reader, new UsageItemQuery(), Cancel);

    private static (int Status, string? Code) Code(Answer answer) => (answer.Status, answer.Text("code"));
}

public sealed class NumberTestsOnSqlite(MeteredSite<SqliteEngine> portal) : NumberTests<SqliteEngine>(portal);

public sealed class NumberTestsOnPostgres(MeteredSite<PostgresEngine> portal) : NumberTests<PostgresEngine>(portal);
