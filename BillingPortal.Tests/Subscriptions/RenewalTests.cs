using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Payments.Sandbox;
using BillingPortal.Purchases;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Subscriptions;

public abstract class RenewalTests<TEngine>(PlanShop<TEngine> plans) : IClassFixture<PlanShop<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static DateTimeOffset Start => PlanShop<TEngine>.Start;

    [Fact]
    public async Task Twelve_renewals_in_a_row_follow_the_thirty_first_and_grant_and_forfeit_once_each()
    {
        var customer = await plans.NewSubscriberAsync("lite");
        var renewals = plans.Shop.Get<Renewals>();
        for (var month = 1; month <= 12; month++)
        {
            var due = Start.AddMonths(month);
            plans.Clock.Now = due.AddMilliseconds(-1);
            await renewals.RunDueAsync(Cancel);
            Assert.Equal(due, (await plans.StandingAsync(customer)).PaidUntil);

            var standing = await plans.RenewAtAsync(customer, due);
            await renewals.RunDueAsync(Cancel);
            await plans.Shop.Get<AllowancePoster>().SweepAsync(Cancel);
            Assert.Equal(Start.AddMonths(month + 1), standing.PaidUntil);
            Assert.Equal(2_150m, await plans.PlanCreditsAsync(customer));
        }

        var payments = await plans.PaymentsAsync(customer);
        Assert.Equal(13, payments.Count(payment => payment.State is PaymentState.Succeeded));
        Assert.All(payments, payment => Assert.Equal(1_000, payment.AmountCents.Cents));
        Assert.Equal(14, (await plans.GrantsAsync(customer)).Count);
        Assert.Equal([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], payments.Skip(1).Select(payment => payment.CreatedAt.Day).Prepend(31).Take(12));
        await plans.Shop.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task A_year_from_the_leap_day_renews_on_the_28th_and_returns_to_the_29th()
    {
        var leapDay = new DateTimeOffset(2028, 2, 29, 8, 0, 0, TimeSpan.Zero);
        var customer = await plans.NewSubscriberAsync("lite", BillingInterval.Yearly, at: leapDay);
        var ends = new List<DateTimeOffset>();
        for (var standing = await plans.StandingAsync(customer); ends.Count < 4; standing = await plans.RenewAtAsync(customer, standing.PaidUntil!.Value))
        {
            ends.Add(standing.PaidUntil!.Value);
            Assert.Equal(24_150m, await plans.PlanCreditsAsync(customer));
        }

        Assert.Equal([(2029, 28), (2030, 28), (2031, 28), (2032, 29)], ends.Select(end => (end.Year, end.Day)));
        Assert.All(await plans.PaymentsAsync(customer), payment => Assert.Equal(10_000, payment.AmountCents.Cents));
    }

    [Fact]
    public async Task Months_asleep_are_neither_charged_nor_granted_and_the_running_one_costs_what_is_left_of_it()
    {
        var customer = await plans.NewSubscriberAsync("lite");
        var woken = new DateTimeOffset(2027, 6, 15, 12, 0, 0, TimeSpan.Zero);
        plans.Clock.Now = woken;
        var before = await plans.PlanCreditsAsync(customer);

        var standing = await plans.RenewAtAsync(customer, woken);

        Assert.Equal(150m, before);
        Assert.Equal(new DateTimeOffset(2027, 6, 30, 12, 0, 0, TimeSpan.Zero), standing.PaidUntil);
        Assert.Equal(500, (await plans.PaymentsAsync(customer))[1].AmountCents.Cents);
        Assert.Equal(3, (await plans.GrantsAsync(customer)).Count);
        Assert.Equal(2_150m, await plans.PlanCreditsAsync(customer));
    }

    [Fact]
    public async Task A_renewal_that_nobody_pays_is_tried_on_days_one_three_five_and_seven_and_then_the_plan_ends()
    {
        var customer = await plans.NewSubscriberAsync("lite", method: SandboxMethod.CardThatDeclinesLater);
        await plans.Shop.Site.Services.FundAsync(customer, 700);
        var due = Start.AddMonths(1);
        var seen = new List<(double Day, string Plan, SubscriptionStatus Status)>();
        foreach (var hours in Enumerable.Range(0, (8 * 4) + 1).Select(quarter => quarter * 6))
        {
            var standing = await plans.RenewAtAsync(customer, due.AddHours(hours));
            if (seen.Count == 0 || (await plans.PaymentsAsync(customer)).Count - 1 > seen.Count)
            {
                seen.Add((hours / 24d, standing.Plan.Id, standing.Status));
            }
        }

        Assert.Equal(
            [(0, "lite", SubscriptionStatus.PastDue), (1, "lite", SubscriptionStatus.PastDue), (3, "lite", SubscriptionStatus.PastDue), (5, "lite", SubscriptionStatus.PastDue), (7d, "free", SubscriptionStatus.Active)],
            seen);
        Assert.Equal(700m, await plans.CreditsAsync(customer, BucketKind.Purchased));
        Assert.Equal(150m, await plans.PlanCreditsAsync(customer));
        Assert.Equal(1_000, (await plans.PaymentsAsync(customer)).Where(payment => payment.State is PaymentState.Succeeded).Sum(payment => payment.AmountCents.Cents));
        var told = await plans.EventsAsync(customer, "subscription.changed");
        Assert.Equal(6, told.Count);
        Assert.Contains("\"failureCode\":\"card_declined\"", told[1], StringComparison.Ordinal);
        Assert.Contains("\"planId\":\"free\"", told[^1], StringComparison.Ordinal);
        await plans.Shop.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task While_the_renewal_is_owed_bought_credit_works_and_the_plan_grants_nothing()
    {
        var customer = await plans.NewSubscriberAsync("lite");
        await plans.Shop.SaveCardAsync(customer, SandboxMethod.CardWithoutFunds);
        await plans.Shop.Site.Services.FundAsync(customer, 700);

        var owing = await plans.RenewAtAsync(customer, Start.AddMonths(1));
        await plans.Shop.Get<AllowancePoster>().SweepAsync(Cancel);

        Assert.Equal((SubscriptionStatus.PastDue, "insufficient_funds", "lite"), (owing.Status, owing.FailureCode, owing.Plan.Id));
        Assert.Equal((150m, 700m), (await plans.PlanCreditsAsync(customer), await plans.CreditsAsync(customer, BucketKind.Purchased)));
        Assert.Equal(3m, await plans.CreditsAsync(customer, BucketKind.Daily, CreditTypes.Flows));
        Assert.True(owing.Plan.ApiAccess);
        Assert.IsType<PurchaseStart.Ready>(await plans.Shop.Purchases.StartAsync(customer, "credits_1000", null, Cancel));
    }

    [Fact]
    public async Task An_unpaid_renewal_is_mended_by_paying_it_and_by_another_card()
    {
        var payer = await plans.NewSubscriberAsync("lite", method: SandboxMethod.CardThatDeclinesLater);
        var changer = await plans.NewSubscriberAsync("lite", method: SandboxMethod.CardThatDeclinesLater);
        await plans.RenewAtAsync(payer, Start.AddMonths(1));

        plans.Clock.Now = Start.AddMonths(1).AddDays(2);
        var paid = await plans.ChangeAsync(payer, "lite");
        await plans.Shop.SaveCardAsync(changer);
        var retried = await plans.RenewAtAsync(changer, Start.AddMonths(1).AddDays(3));

        foreach (var (customer, standing) in new[] { (payer, paid), (changer, retried) })
        {
            Assert.Equal((SubscriptionStatus.Active, Start.AddMonths(2), null as string), (standing.Status, standing.PaidUntil!.Value, standing.FailureCode));
            Assert.Equal(2_150m, await plans.PlanCreditsAsync(customer));
            Assert.Equal(2_000, (await plans.PaymentsAsync(customer)).Where(payment => payment.State is PaymentState.Succeeded).Sum(payment => payment.AmountCents.Cents));
        }
    }

    [Fact]
    public async Task Without_a_card_the_renewal_is_owed_and_nothing_is_ordered()
    {
        var customer = await plans.NewSubscriberAsync("lite");
        var cards = plans.Shop.Get<SavedCards>();
        await cards.RemoveAsync(customer, Assert.Single(await cards.ListAsync(customer, Cancel)).Id, Cancel);

        var owing = await plans.RenewAtAsync(customer, Start.AddMonths(1));

        Assert.Equal((SubscriptionStatus.PastDue, Renewals.NoCard, Start.AddMonths(1).AddDays(1)), (owing.Status, owing.FailureCode, owing.RenewsAt!.Value));
        Assert.Single(await plans.PaymentsAsync(customer));
        Assert.Equal("free", (await plans.ChangeAsync(customer, "free")).Plan.Id);
    }

    [Fact]
    public async Task Any_number_of_instances_renew_once()
    {
        var customers = new List<Caller>();
        for (var i = 0; i < 5; i++)
        {
            customers.Add(await plans.NewSubscriberAsync("lite"));
        }

        await using var other = plans.OpenAnother();
        plans.Clock.Now = Start.AddMonths(1);

        await Task.WhenAll(Enumerable.Range(0, 6).Select(turn => (turn % 2 == 0 ? plans.Shop : other).Get<Renewals>().RunDueAsync(Cancel)));

        foreach (var customer in customers)
        {
            Assert.Equal(Start.AddMonths(2), (await plans.StandingAsync(customer)).PaidUntil);
            Assert.Equal(2, (await plans.PaymentsAsync(customer)).Count);
            Assert.Equal(3, (await plans.GrantsAsync(customer)).Count);
        }

        await plans.Shop.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task A_charge_whose_answer_was_lost_is_asked_about_and_never_made_again()
    {
        var customer = await plans.NewSubscriberAsync("lite", method: SandboxMethod.CardWithLostAnswer);

        await plans.RenewAtAsync(customer, Start.AddMonths(1));
        var renewed = await plans.RenewAtAsync(customer, Start.AddMonths(1).AddMinutes(2));

        Assert.Equal((SubscriptionStatus.Active, Start.AddMonths(2)), (renewed.Status, renewed.PaidUntil!.Value));
        Assert.Equal(2, (await plans.PaymentsAsync(customer)).Count);
        Assert.Equal(2_150m, await plans.PlanCreditsAsync(customer));
    }

    [Fact]
    public async Task While_the_provider_is_away_nothing_is_owed_and_the_renewal_is_made_when_it_is_back()
    {
        var customer = await plans.NewSubscriberAsync("lite");

        plans.Gateway.IsAway = true;
        PlanStanding waiting;
        try
        {
            waiting = await plans.RenewAtAsync(customer, Start.AddMonths(1));
        }
        finally
        {
            plans.Gateway.IsAway = false;
        }

        var renewed = await plans.RenewAtAsync(customer, Start.AddMonths(1).AddMinutes(2));

        Assert.Equal((SubscriptionStatus.Active, Start.AddMonths(1), 0), (waiting.Status, waiting.PaidUntil!.Value, waiting.FailedAttempts));
        Assert.Equal(Start.AddMonths(2), renewed.PaidUntil);
        Assert.Equal(2, (await plans.PaymentsAsync(customer)).Count);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}

internal static class Funding
{
    /// <summary>Puts bought credit into a wallet.</summary>
    public static async Task FundAsync(this IServiceProvider services, Caller customer, long credits) => Assert.IsType<PostResult.Posted>(
        await ((WalletWriter)services.GetService(typeof(WalletWriter))!).ExecuteAsync(
            new Grant
            {
                OrganizationId = customer.OrganizationId,
                CreditType = CreditTypes.Credits,
                Reference = $"test:{Guid.NewGuid()}",
                Source = "pack",
                Actor = "system:test",
                Type = TransactionType.Purchase,
                Deposit = new Deposit(BucketKind.Purchased, Credits.FromWhole(credits)),
            },
            TestContext.Current.CancellationToken));
}

public sealed class RenewalTestsOnSqlite(PlanShop<SqliteEngine> plans) : RenewalTests<SqliteEngine>(plans);

public sealed class RenewalTestsOnPostgres(PlanShop<PostgresEngine> plans) : RenewalTests<PostgresEngine>(plans);
