using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Catalog;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Payments.Sandbox;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Subscriptions;

public abstract class PlanChangeTests<TEngine>(PlanShop<TEngine> plans) : IClassFixture<PlanShop<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static DateTimeOffset Start => PlanShop<TEngine>.Start;

    [Fact]
    public async Task A_plan_begins_with_its_payment_and_not_before()
    {
        var customer = await plans.NewCustomerAsync();

        var checkout = await plans.OrderAsync(customer, "pro");
        var before = await plans.StandingAsync(customer);
        await plans.PayAsync(customer, checkout);

        Assert.True(before.Plan.IsFree);
        var standing = await plans.StandingAsync(customer);
        Assert.Equal(("pro", SubscriptionStatus.Active, Start.AddMonths(1)), (standing.Plan.Id, standing.Status, standing.PaidUntil!.Value));
        Assert.Equal(40_150m, await plans.PlanCreditsAsync(customer));
        Assert.Equal(1_500m, await plans.CreditsAsync(customer, BucketKind.Plan, CreditTypes.IncludedMinutes));
        var invoice = await plans.Shop.Get<InvoiceBook>().FindByPaymentAsync(customer, checkout.PaymentId, Cancel);
        Assert.Equal(15_900, invoice!.TotalCents.Cents);
        Assert.Equal("Pro plan, monthly, 31 Jan 2027 to 28 Feb 2027", Assert.Single(invoice.Lines).Description);
        Assert.Contains("\"planId\":\"pro\"", Assert.Single(await plans.EventsAsync(customer, "subscription.changed")), StringComparison.Ordinal);
        Assert.Equal("4242", Assert.Single(await plans.Shop.Get<SavedCards>().ListAsync(customer, Cancel)).Last4);
        await plans.Shop.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task An_upgrade_is_credited_the_unused_part_begins_a_new_cycle_and_leaves_the_old_credits_until_their_end()
    {
        var customer = await plans.NewSubscriberAsync("starter");
        plans.Clock.Now = Start.AddDays(14);

        var standing = await plans.ChangeAsync(customer, "pro");

        Assert.Equal(("pro", Start.AddDays(14), Start.AddDays(14).AddMonths(1)), (standing.Plan.Id, standing.StartedAt, standing.PaidUntil!.Value));
        Assert.Equal(48_150m, await plans.PlanCreditsAsync(customer));
        var paid = (await plans.PaymentsAsync(customer))[^1];
        Assert.Equal(15_900 - 1_950, paid.AmountCents.Cents);
        var invoice = await plans.Shop.Get<InvoiceBook>().FindByPaymentAsync(customer, paid.Id, Cancel);
        Assert.Equal([15_900L, -1_950L], invoice!.Lines.OrderBy(line => line.Position).Select(line => line.AmountCents.Cents));
        plans.Clock.Now = Start.AddMonths(1);
        Assert.Equal(40_150m, await plans.PlanCreditsAsync(customer));
    }

    [Fact]
    public async Task With_a_saved_card_a_change_is_paid_at_once_however_often_it_is_sent_and_never_for_more_than_was_agreed()
    {
        var customer = await plans.NewSubscriberAsync("starter");
        plans.Clock.Now = Start.AddDays(14);
        var due = (await plans.Plans.PreviewAsync(customer, new PlanRequest("pro"), Cancel)).Quote!.DueNow;
        var member = Caller.ForUser("usr_m", customer.OrganizationId, MemberRole.Member);
        await Assert.ThrowsAsync<AccessDeniedException>(() => plans.Plans.ChangeWithCardAsync(member, new PlanRequest("pro"), due, "k", Cancel));

        Assert.IsType<PlanChangeResult.CostsMore>(await plans.Plans.ChangeWithCardAsync(customer, new PlanRequest("pro"), due - Money.FromCents(1), "k", Cancel));
        Assert.Equal("starter", (await plans.StandingAsync(customer)).Plan.Id);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => plans.Plans.ChangeWithCardAsync(customer, new PlanRequest("pro"), due, "k", Cancel)));

        await Eventually.TrueAsync(async () => (await plans.StandingAsync(customer)).Plan.Id == "pro");
        Assert.IsType<PlanChangeResult.Done>(await plans.Plans.ChangeWithCardAsync(customer, new PlanRequest("pro"), due, "k", Cancel));
        var paid = (await plans.PaymentsAsync(customer))[1..];
        Assert.Equal((PaymentState.Succeeded, due.Cents), (Assert.Single(paid).State, paid[0].AmountCents.Cents));
        Assert.NotNull(await plans.Shop.Get<InvoiceBook>().FindByPaymentAsync(customer, paid[0].Id, Cancel));
        await plans.Shop.AssertLedgerHoldsAsync();
    }

    [Theory]
    [InlineData(SandboxMethod.CardThatDeclinesLater)]
    [InlineData(SandboxMethod.CardThatAlwaysAsks)]
    public async Task A_card_that_is_not_charged_leads_to_a_checkout_and_is_no_failed_renewal(SandboxMethod method)
    {
        var customer = await plans.NewSubscriberAsync("starter", method: method);
        var due = (await plans.Plans.PreviewAsync(customer, new PlanRequest("pro"), Cancel)).Quote!.DueNow;

        var checkout = Assert.IsType<PlanChangeResult.Checkout>(await plans.Plans.ChangeWithCardAsync(customer, new PlanRequest("pro"), due, "k", Cancel));
        Assert.Equal(checkout.PaymentId, Assert.IsType<PlanChangeResult.Checkout>(await plans.Plans.ChangeWithCardAsync(customer, new PlanRequest("pro"), due, "k", Cancel)).PaymentId);
        Assert.Equal("starter", (await plans.StandingAsync(customer)).Plan.Id);
        await plans.PayAsync(customer, checkout);
        Assert.Equal("pro", (await plans.StandingAsync(customer)).Plan.Id);

        await plans.Shop.SaveCardAsync(customer, method);
        var owing = await plans.RenewAtAsync(customer, (await plans.StandingAsync(customer)).PaidUntil!.Value);
        Assert.Equal(1, owing.FailedAttempts);
        Assert.IsType<PlanChangeResult.Checkout>(await plans.Plans.ChangeWithCardAsync(customer, new PlanRequest("pro"), Money.FromDollars(1000), "renew", Cancel));
        Assert.Equal(1, (await plans.StandingAsync(customer)).FailedAttempts);
    }

    [Fact]
    public async Task An_answer_that_is_lost_charges_once_and_lets_nothing_else_be_charged_until_it_is_known()
    {
        var customer = await plans.NewSubscriberAsync("starter", method: SandboxMethod.CardWithLostAnswer);
        var due = (await plans.Plans.PreviewAsync(customer, new PlanRequest("pro"), Cancel)).Quote!.DueNow;

        var paying = Assert.IsType<PlanChangeResult.Paying>(await plans.Plans.ChangeWithCardAsync(customer, new PlanRequest("pro"), due, "k", Cancel));
        if (await plans.Plans.ChangeWithCardAsync(customer, new PlanRequest("growth"), Money.FromDollars(1000), "other", Cancel) is PlanChangeResult.Paying same)
        {
            Assert.Equal(paying.PaymentId, same.PaymentId);
        }

        plans.Clock.Now += TimeSpan.FromMinutes(1);
        await Eventually.TrueAsync(async () =>
        {
            await plans.Shop.Get<PaymentInquiry>().AskDueAsync(Cancel);
            return (await plans.StandingAsync(customer)).Plan.Id == "pro";
        });
        Assert.Equal(2, (await plans.PaymentsAsync(customer)).Count);
    }

    [Fact]
    public async Task A_downgrade_waits_for_the_end_and_can_be_called_off_until_then()
    {
        var customer = await plans.NewSubscriberAsync("pro");

        var scheduled = await plans.ChangeAsync(customer, "lite");
        var kept = Assert.IsType<PlanChangeResult.Done>(await plans.Plans.ResumeAsync(customer, Cancel)).Standing;
        await plans.ChangeAsync(customer, "lite");
        var renewed = await plans.RenewAtAsync(customer, Start.AddMonths(1));

        Assert.Equal(("pro", "lite"), (scheduled.Plan.Id, scheduled.Pending!.Plan.Id));
        Assert.Null(kept.Pending);
        Assert.Equal(("lite", null as PlanWish, Start.AddMonths(2)), (renewed.Plan.Id, renewed.Pending, renewed.PaidUntil!.Value));
        Assert.Equal(1_000, (await plans.PaymentsAsync(customer))[^1].AmountCents.Cents);
        Assert.Equal(2_150m, await plans.PlanCreditsAsync(customer));
    }

    [Fact]
    public async Task A_canceled_plan_ends_with_its_cycle_and_costs_nothing_more()
    {
        var customer = await plans.NewSubscriberAsync("lite");

        Assert.IsType<PlanChangeResult.Done>(await plans.Plans.CancelAsync(customer, Cancel));
        plans.Clock.Now = Start.AddMonths(1).AddMilliseconds(-1);
        var last = await plans.PlanCreditsAsync(customer);
        var ended = await plans.RenewAtAsync(customer, Start.AddMonths(1));

        Assert.Equal(2_150m, last);
        Assert.Equal(("free", SubscriptionStatus.Active, null as DateTimeOffset?), (ended.Plan.Id, ended.Status, ended.PaidUntil));
        Assert.Equal(150m, await plans.PlanCreditsAsync(customer));
        Assert.Single(await plans.PaymentsAsync(customer));
    }

    [Fact]
    public async Task Seats_that_are_added_cost_and_grant_the_rest_of_the_cycle_and_fewer_come_with_the_next()
    {
        var customer = await plans.NewSubscriberAsync("team", seats: 2);
        plans.Clock.Now = Start.AddDays(14);

        var more = await plans.ChangeAsync(customer, "team", seats: 4);
        var credits = await plans.PlanCreditsAsync(customer);
        var minutes = await plans.CreditsAsync(customer, BucketKind.Plan, CreditTypes.IncludedMinutes);
        var fewer = await plans.ChangeAsync(customer, "team", seats: 1);
        var next = await plans.RenewAtAsync(customer, Start.AddMonths(1));

        Assert.Equal((4, Start.AddMonths(1)), (more.Seats, more.PaidUntil!.Value));
        Assert.Equal(20_900, (await plans.PaymentsAsync(customer))[1].AmountCents.Cents);
        Assert.Equal((180_150m, 3_000m), (credits, minutes));
        Assert.Equal((4, 1), (fewer.Seats, fewer.Pending!.Seats));
        Assert.Equal(1, next.Seats);
        Assert.Equal(60_150m, await plans.PlanCreditsAsync(customer));
        Assert.Equal([41_800L, 20_900L, 20_900L], (await plans.PaymentsAsync(customer)).Select(payment => payment.AmountCents.Cents));
    }

    [Fact]
    public async Task Seats_never_fall_below_the_members_and_the_invited()
    {
        var customer = await plans.NewSubscriberAsync("team", seats: 3);
        var members = plans.Shop.Get<Members>();
        Assert.IsType<InviteResult.Made>(await members.InviteAsync(customer, "ana@example.com", MemberRole.Member, Cancel));

        Assert.Equal(2, Assert.IsType<PlanChangeResult.SeatsOutOfRange>(await plans.Plans.ChangeAsync(customer, new PlanRequest("team", null, 1), null, Cancel)).Least);
        Assert.IsType<InviteResult.Made>(await members.InviteAsync(customer, "ben@example.com", MemberRole.Member, Cancel));
        Assert.Equal(3, Assert.IsType<InviteResult.SeatsFull>(await members.InviteAsync(customer, "cy@example.com", MemberRole.Member, Cancel)).Seats);
    }

    [Fact]
    public async Task A_double_click_is_one_order_and_a_second_payment_becomes_credit_of_the_same_worth()
    {
        var customer = await plans.NewCustomerAsync();
        var clicks = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => plans.OrderAsync(customer, "lite", key: "page:form-1")));
        var other = await plans.OrderAsync(customer, "lite", key: "page:form-2");

        await plans.PayAsync(customer, clicks[0]);
        await plans.PayAsync(customer, other);

        Assert.Single(clicks.Select(click => click.PaymentId).Distinct());
        Assert.Equal("lite", (await plans.StandingAsync(customer)).Plan.Id);
        Assert.Equal((2_150m, 1_000m), (await plans.PlanCreditsAsync(customer), await plans.CreditsAsync(customer, BucketKind.Purchased)));
        Assert.Equal([0L, 1_000_000_000L], (await plans.PaymentsAsync(customer)).Select(payment => payment.CreditMicros.Micros).Order());
        Assert.NotNull(await plans.Shop.Get<InvoiceBook>().FindByPaymentAsync(customer, other.PaymentId, Cancel));
        await plans.Shop.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task A_checkout_paid_after_another_change_is_done_if_it_still_makes_sense_and_what_is_over_is_carried_over()
    {
        var customer = await plans.NewCustomerAsync();
        var dearer = await plans.OrderAsync(customer, "pro");
        await plans.ChangeAsync(customer, "lite");

        await plans.PayAsync(customer, dearer);

        var standing = await plans.StandingAsync(customer);
        Assert.Equal(("pro", 1_000L), (standing.Plan.Id, standing.CarriedOver.Cents));
        var next = await plans.RenewAtAsync(customer, standing.PaidUntil!.Value);
        Assert.Equal(0, next.CarriedOver.Cents);
        Assert.Equal(14_900, (await plans.PaymentsAsync(customer))[^1].AmountCents.Cents);
    }

    [Fact]
    public async Task A_pack_paid_after_the_plan_has_ended_is_honoured()
    {
        var customer = await plans.NewSubscriberAsync("lite", method: SandboxMethod.CardThatDeclinesLater);
        await plans.RenewAtAsync(customer, Start.AddMonths(1));
        var pack = await plans.Shop.BuyAsync(customer, "credits_1000");
        Assert.True((await plans.ChangeAsync(customer, "free")).Plan.IsFree);

        await plans.Shop.PayAsync(pack, tells: true);

        await plans.Shop.UntilAsync(customer, pack.PaymentId, payment => payment.IsCredited);
        Assert.Equal(1_000m, await plans.CreditsAsync(customer, BucketKind.Purchased));
    }

    [Fact]
    public async Task Only_people_of_role_billing_change_the_plan_and_everyone_with_the_scope_may_look()
    {
        var customer = await plans.NewSubscriberAsync("lite");
        var member = Caller.ForUser(customer.UserId!, customer.OrganizationId, MemberRole.Member);
        var key = Caller.ForKey("key_1", customer.OrganizationId, [Scopes.BillingRead]);
        var blind = Caller.ForKey("key_2", customer.OrganizationId, [Scopes.UsageWrite]);

        foreach (var caller in new[] { member, key })
        {
            Assert.Equal("lite", (await plans.Plans.GetAsync(caller, Cancel)).Plan.Id);
            Assert.NotNull((await plans.Plans.PreviewAsync(caller, new PlanRequest("pro"), Cancel)).Quote);
            await Assert.ThrowsAsync<AccessDeniedException>(() => plans.Plans.ChangeAsync(caller, new PlanRequest("pro"), null, Cancel));
            await Assert.ThrowsAsync<AccessDeniedException>(() => plans.Plans.CancelAsync(caller, Cancel));
            await Assert.ThrowsAsync<AccessDeniedException>(() => plans.Plans.ResumeAsync(caller, Cancel));
        }

        await Assert.ThrowsAsync<AccessDeniedException>(() => plans.Plans.GetAsync(blind, Cancel));
        Assert.IsType<PlanChangeResult.NoSuchPlan>(await plans.Plans.ChangeAsync(customer, new PlanRequest("platinum"), null, Cancel));
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}

public sealed class PlanChangeTestsOnSqlite(PlanShop<SqliteEngine> plans) : PlanChangeTests<SqliteEngine>(plans);

public sealed class PlanChangeTestsOnPostgres(PlanShop<PostgresEngine> plans) : PlanChangeTests<PostgresEngine>(plans);
