using BillingPortal.Access;
using BillingPortal.Administration;
using BillingPortal.Audit;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Api;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;

namespace BillingPortal.Tests.Administration;

public abstract class CreditAdjustmentTests<TEngine>(KeyedSite<TEngine> portal) : IClassFixture<KeyedSite<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private CreditAdjustments Adjustments => portal.Get<CreditAdjustments>();

    [Fact]
    public async Task A_grant_shows_its_effect_first_then_has_it_once_for_its_reference()
    {
        var (administrator, person) = await PeopleAsync();
        var wish = GrantOf(person, 50, CreditTypes.ApiCredits) with { ExpiresAt = portal.Clock.Now.AddDays(30) };
        await portal.Site.GiveAsync(person, 7, BucketKind.Purchased, CreditTypes.ApiCredits);
        var before = await AvailableAsync(person, CreditTypes.ApiCredits);

        var possible = Assert.IsType<AdjustmentResult.Possible>(await Adjustments.PreviewAsync(administrator, wish, Ct));
        var done = Assert.IsType<AdjustmentResult.Done>(await Adjustments.DoAsync(administrator, wish, Ct));
        var repeated = Assert.IsType<AdjustmentResult.Done>(await Adjustments.DoAsync(administrator, wish, Ct));

        Assert.Equal((before, before + 50), (possible.Before.ToDecimal(), possible.After.ToDecimal()));
        Assert.Equal((possible.Before, possible.After), (done.Before, done.After));
        Assert.True(repeated.IsReplay);
        Assert.Equal(done.Adjustment.Id, repeated.Adjustment.Id);
        Assert.Equal(before + 50, await AvailableAsync(person, CreditTypes.ApiCredits));
        Assert.IsType<AdjustmentResult.Invalid>(await Adjustments.DoAsync(administrator, wish with { Amount = Credits.FromWhole(60) }, Ct));
        portal.Clock.Now += TimeSpan.FromDays(31);
        Assert.Equal(before, await AvailableAsync(person, CreditTypes.ApiCredits));
    }

    [Fact]
    public async Task What_is_alike_within_a_day_is_pointed_at_unless_it_was_undone()
    {
        var (administrator, person) = await PeopleAsync();
        async Task<int> AlikeAsync() =>
            Assert.IsType<AdjustmentResult.Possible>(await Adjustments.PreviewAsync(administrator, GrantOf(person, 50), Ct)).Alike.Count;

        Assert.Equal(0, await AlikeAsync());
        var done = Assert.IsType<AdjustmentResult.Done>(await Adjustments.DoAsync(administrator, GrantOf(person, 50), Ct));
        await Adjustments.DoAsync(administrator, GrantOf(person, 51), Ct);
        Assert.Equal(1, await AlikeAsync());
        await Adjustments.UndoAsync(administrator, done.Adjustment.Id, Ct);
        Assert.Equal(0, await AlikeAsync());
    }

    [Fact]
    public async Task A_grant_is_undone_as_far_as_it_was_not_used_and_once()
    {
        var (administrator, person) = await PeopleAsync();
        var start = await AvailableAsync(person);
        var done = Assert.IsType<AdjustmentResult.Done>(await Adjustments.DoAsync(administrator, GrantOf(person, 50, CreditTypes.ApiCredits), Ct));
        await portal.Site.UseAsync(person, 20, "model_call", CreditTypes.ApiCredits);

        var undone = Assert.IsType<AdjustmentUndo.Undone>(await Adjustments.UndoAsync(administrator, done.Adjustment.Id, Ct));
        await Adjustments.UndoAsync(administrator, done.Adjustment.Id, Ct);

        Assert.Equal(30, undone.Amount.ToDecimal());
        Assert.Equal(0, await AvailableAsync(person, CreditTypes.ApiCredits));
        Assert.Equal(start, await AvailableAsync(person));
        var row = Assert.Single(await Adjustments.ListAsync(administrator, person.OrganizationId, null, 10, Ct));
        Assert.NotNull(row.UndoTransactionId);
        Assert.Equal(administrator.Actor, row.UndoneBy);
    }

    [Fact]
    public async Task A_used_up_grant_leaves_nothing_to_undo_and_an_old_one_is_not_undone()
    {
        var (administrator, person) = await PeopleAsync();
        var used = Assert.IsType<AdjustmentResult.Done>(await Adjustments.DoAsync(administrator, GrantOf(person, 5, CreditTypes.ApiCredits), Ct));
        await portal.Site.UseAsync(person, 5, "model_call", CreditTypes.ApiCredits);
        var old = Assert.IsType<AdjustmentResult.Done>(await Adjustments.DoAsync(administrator, GrantOf(person, 7), Ct));

        Assert.IsType<AdjustmentUndo.NothingLeft>(await Adjustments.UndoAsync(administrator, used.Adjustment.Id, Ct));
        portal.Clock.Now += CreditAdjustments.UndoWithin;
        Assert.IsType<AdjustmentUndo.TooLate>(await Adjustments.UndoAsync(Confirmed(administrator), old.Adjustment.Id, Ct));
        Assert.IsType<AdjustmentUndo.NotFound>(await Adjustments.UndoAsync(Confirmed(administrator), "adj_nothing", Ct));
    }

    [Fact]
    public async Task A_deduction_never_takes_more_than_there_is_and_comes_back_when_it_is_undone()
    {
        var (administrator, person) = await PeopleAsync();
        await portal.Site.GiveAsync(person, 40, BucketKind.Purchased, CreditTypes.ApiCredits);
        var wish = GrantOf(person, 30, CreditTypes.ApiCredits) with { Kind = AdjustmentKind.Deduction };

        var tooMuch = Assert.IsType<AdjustmentResult.Invalid>(await Adjustments.DoAsync(administrator, wish with { Amount = Credits.FromWhole(41) }, Ct));
        Assert.IsType<AdjustmentResult.Invalid>(await Adjustments.PreviewAsync(administrator, wish with { Amount = Credits.FromWhole(41) }, Ct));
        var done = Assert.IsType<AdjustmentResult.Done>(await Adjustments.DoAsync(administrator, wish, Ct));

        Assert.Equal("amount", tooMuch.Field);
        Assert.Equal(10, await AvailableAsync(person, CreditTypes.ApiCredits));
        Assert.IsType<AdjustmentUndo.Undone>(await Adjustments.UndoAsync(administrator, done.Adjustment.Id, Ct));
        Assert.Equal(40, await AvailableAsync(person, CreditTypes.ApiCredits));
    }

    [Fact]
    public async Task Voiding_takes_what_is_left_of_one_grant_and_touches_nothing_that_was_bought()
    {
        var (administrator, person) = await PeopleAsync();
        await portal.Site.GiveAsync(person, 40, BucketKind.Purchased, CreditTypes.ApiCredits);
        var granted = Assert.IsType<AdjustmentResult.Done>(await Adjustments.DoAsync(administrator, GrantOf(person, 25, CreditTypes.ApiCredits), Ct));
        await portal.Site.UseAsync(person, 5, "model_call", CreditTypes.ApiCredits);
        var bought = (await portal.Get<WalletReader>().GetWalletAsync(person.Caller, CreditTypes.ApiCredits, Ct)).Buckets.Single(bucket => bucket.Kind is BucketKind.Purchased);
        var wish = GrantOf(person, 25, CreditTypes.ApiCredits) with { Kind = AdjustmentKind.Void };

        Assert.IsType<AdjustmentResult.Invalid>(await Adjustments.DoAsync(administrator, wish with { BucketId = bought.Id }, Ct));
        var done = Assert.IsType<AdjustmentResult.Done>(await Adjustments.DoAsync(administrator, wish with { BucketId = granted.Adjustment.BucketId }, Ct));

        Assert.Equal(20, done.Adjustment.AmountMicros.ToDecimal());
        Assert.Equal(40, await AvailableAsync(person, CreditTypes.ApiCredits));
        Assert.IsType<AdjustmentUndo.Undone>(await Adjustments.UndoAsync(administrator, done.Adjustment.Id, Ct));
        Assert.Equal(60, await AvailableAsync(person, CreditTypes.ApiCredits));
    }

    [Fact]
    public async Task Each_act_stands_in_the_customers_log_with_the_balance_before_and_after()
    {
        var (administrator, person) = await PeopleAsync();
        var done = Assert.IsType<AdjustmentResult.Done>(await Adjustments.DoAsync(administrator, GrantOf(person, 50), Ct));
        portal.Clock.Now += TimeSpan.FromSeconds(1);
        await Adjustments.UndoAsync(administrator, done.Adjustment.Id, Ct);

        var entries = (await portal.Get<AuditLog>().ListAsync(person.Caller, new AuditQuery(), Ct)).Entries;

        Assert.Equal([AuditActs.CreditUndone, AuditActs.CreditGranted], entries.Select(entry => entry.Act));
        Assert.All(entries, entry => Assert.Equal((administrator.Actor, done.Adjustment.Id), (entry.Actor, entry.Subject)));
        Assert.Equal($$"""{"balance":{{done.Before.ToDecimal()}}}""", entries[1].Before);
    }

    [Theory]
    [InlineData("amount", 0, "support", "for you", "credits")]
    [InlineData("amount", 1_000_001, "support", "for you", "credits")]
    [InlineData("source", 5, "bribe", "for you", "credits")]
    [InlineData("reason", 5, "support", "x", "credits")]
    [InlineData("reason", 5, "support", "two\nlines", "credits")]
    [InlineData("creditType", 5, "support", "for you", "included_minutes")]
    public async Task A_bad_wish_names_its_field_and_does_nothing(string field, long amount, string source, string reason, string creditType)
    {
        var (administrator, person) = await PeopleAsync();
        var wish = GrantOf(person, 1) with { Amount = Credits.FromWhole(amount), Source = source, Reason = reason, CreditType = creditType };

        Assert.Equal(field, Assert.IsType<AdjustmentResult.Invalid>(await Adjustments.PreviewAsync(administrator, wish, Ct)).Field);
        Assert.Equal(field, Assert.IsType<AdjustmentResult.Invalid>(await Adjustments.DoAsync(administrator, wish, Ct)).Field);
        Assert.IsType<AdjustmentResult.NoSuchOrganization>(await Adjustments.DoAsync(administrator, GrantOf(person, 1) with { OrganizationId = "org_nobody" }, Ct));
        Assert.Empty(await Adjustments.ListAsync(administrator, person.OrganizationId, null, 10, Ct));
    }

    [Fact]
    public async Task Only_platform_administrators_who_gave_their_password_move_credit_by_hand()
    {
        var (administrator, person) = await PeopleAsync();
        var stale = administrator with { ConfirmedAt = null };

        foreach (var caller in new[] { person.Caller with { ConfirmedAt = portal.Clock.Now }, stale })
        {
            await Assert.ThrowsAsync<AccessDeniedException>(() => Adjustments.DoAsync(caller, GrantOf(person, 50), Ct));
            await Assert.ThrowsAsync<AccessDeniedException>(() => Adjustments.UndoAsync(caller, "adj_any", Ct));
        }

        await Assert.ThrowsAsync<AccessDeniedException>(() => Adjustments.PreviewAsync(person.Caller, GrantOf(person, 50), Ct));
        await Assert.ThrowsAsync<AccessDeniedException>(() => Adjustments.ListAsync(person.Caller, person.OrganizationId, null, 10, Ct));
        Assert.Empty(await Adjustments.ListAsync(stale, person.OrganizationId, null, 10, Ct));
    }

    [Fact]
    public async Task The_ledger_is_sound_after_all_of_it()
    {
        var (administrator, person) = await PeopleAsync();
        var done = Assert.IsType<AdjustmentResult.Done>(await Adjustments.DoAsync(administrator, GrantOf(person, 50, CreditTypes.Flows), Ct));
        await Adjustments.DoAsync(administrator, GrantOf(person, 10, CreditTypes.Flows) with { Kind = AdjustmentKind.Deduction }, Ct);
        await Adjustments.UndoAsync(administrator, done.Adjustment.Id, Ct);

        Assert.Empty((await portal.Get<LedgerVerification>().VerifyAsync(null, Ct)).Faults);
    }

    private static AdjustmentWish GrantOf(Person person, long amount, string creditType = CreditTypes.Credits) => new(
        person.OrganizationId, creditType, AdjustmentKind.Grant, Credits.FromWhole(amount), "support", "An apology", Guid.NewGuid().ToString("N"));

    private Caller Confirmed(Caller administrator) => administrator with { ConfirmedAt = portal.Clock.Now };

    private async Task<(Caller Administrator, Person Person)> PeopleAsync() =>
        (Confirmed((await portal.Site.SignUpAsync(administrator: true)).Caller), await portal.Site.SignUpAsync());

    private async Task<decimal> AvailableAsync(Person person, string creditType = CreditTypes.Credits) =>
        (await portal.Get<CurrentWallets>().GetBalanceAsync(person.Caller, creditType, Ct)).Available.ToDecimal();
}

public sealed class CreditAdjustmentTestsOnSqlite(KeyedSite<SqliteEngine> portal) : CreditAdjustmentTests<SqliteEngine>(portal);

public sealed class CreditAdjustmentTestsOnPostgres(KeyedSite<PostgresEngine> portal) : CreditAdjustmentTests<PostgresEngine>(portal);
