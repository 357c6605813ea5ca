using BillingPortal.Gifting;
using BillingPortal.Ledger;
using BillingPortal.Tests.Metering;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Gifting;

/// <summary>Gifts that are set aside before they are sent: the time to undo, and invitations.</summary>
public abstract class GiftUndoTests<TEngine> : IClassFixture<MeteredSite<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private readonly MeteredSite<TEngine> portal;

    protected GiftUndoTests(MeteredSite<TEngine> portal)
    {
        this.portal = portal;
        portal.Clock.Now = MeteredSite<TEngine>.Noon;
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Gifts Gifts => portal.Get<Gifts>();

    [Fact]
    public async Task A_gift_waits_for_its_time_to_undo_and_then_arrives()
    {
        var (giver, friend) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        await portal.BonusAsync(giver.Person, 25);

        var gift = await PrepareAsync(giver, friend.Person.Email, 10);
        var waiting = (await giver.FlowsAsync(), await friend.FlowsAsync());
        portal.Clock.Now += TimeSpan.FromSeconds(10);
        await Eventually.TrueAsync(async () => (await friend.FlowsAsync()).Bonus == 10);

        Assert.Equal(GiftState.Waiting, gift.State);
        Assert.Equal(((15m, 10m), (0m, 10m)), waiting);
        Assert.Equal(15, (await giver.FlowsAsync()).Bonus);
        var sent = Assert.Single((await Gifts.ListSentAsync(giver.Person.Caller, null, 10, Ct)).Gifts);
        var received = Assert.Single((await Gifts.ListReceivedAsync(friend.Person.Caller, null, 10, Ct)).Gifts);
        Assert.Equal((GiftState.Sent, gift.Id, sent.Id), (sent.State, sent.Id, received.Id));
        Assert.Single(await portal.EventsAsync(friend.Organization, "flow.gift_received"));
        await portal.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task Undone_in_time_nothing_left_the_account_and_later_it_is_too_late()
    {
        var (giver, friend) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        await portal.BonusAsync(giver.Person, 25);

        var undone = await PrepareAsync(giver, friend.Person.Email, 10);
        var first = await Gifts.UndoAsync(giver.Person.Caller, undone.Id, Ct);
        var again = await Gifts.UndoAsync(giver.Person.Caller, undone.Id, Ct);
        var foreign = await Gifts.UndoAsync(friend.Person.Caller, undone.Id, Ct);
        var sent = await PrepareAsync(giver, friend.Person.Email, 5);
        portal.Clock.Now += TimeSpan.FromSeconds(10);
        await Eventually.TrueAsync(async () => (await friend.FlowsAsync()).Bonus == 5);
        var late = await Gifts.UndoAsync(giver.Person.Caller, sent.Id, Ct);

        Assert.Equal((GiftUndo.Undone, GiftUndo.Undone, GiftUndo.NotFound, GiftUndo.TooLate), (first, again, foreign, late));
        Assert.Equal(20, (await giver.FlowsAsync()).Bonus);
        await portal.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task What_is_set_aside_can_neither_be_given_again_nor_posted_away()
    {
        var (giver, friend) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        await portal.BonusAsync(giver.Person, 4, expiresAt: MeteredSite<TEngine>.Noon.AddDays(3));
        await portal.BonusAsync(giver.Person, 2, giftable: false);

        await PrepareAsync(giver, friend.Person.Email, 3);
        var twice = await giver.GiftAsync(friend.Person.Email, 2);
        var posts = new List<Answer>();
        for (var i = 0; i < 14; i++)
        {
            posts.Add(await giver.PostAsync("api/posts", new { channelId = "c", content = "Hello" }));
        }

        portal.Clock.Now += TimeSpan.FromSeconds(10);
        await Eventually.TrueAsync(async () => (await friend.FlowsAsync()).Bonus == 3);

        Assert.Equal("Insufficient bonus flows", twice.Text("error"));
        Assert.Equal(Enumerable.Repeat(201, 13).Append(402), posts.Select(post => post.Status));
        Assert.Equal((0, 0), await giver.FlowsAsync());
        await portal.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task An_undo_that_races_the_sending_ends_one_way_or_the_other()
    {
        var (giver, friend) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        await portal.BonusAsync(giver.Person, 20);
        var gifts = new List<Gift>();
        for (var i = 0; i < 20; i++)
        {
            gifts.Add(await PrepareAsync(giver, friend.Person.Email, 1));
        }

        portal.Clock.Now += TimeSpan.FromSeconds(10);
        var undos = await Task.WhenAll(gifts.Select(gift => Gifts.UndoAsync(giver.Person.Caller, gift.Id, Ct)));
        var undone = undos.Count(undo => undo is GiftUndo.Undone);
        await Eventually.TrueAsync(async () => (await friend.FlowsAsync()).Bonus == 20 - undone);

        Assert.Equal(undone, (await giver.FlowsAsync()).Bonus);
        await portal.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task The_same_form_gives_once()
    {
        var (giver, friend) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        await portal.BonusAsync(giver.Person, 25);
        var form = Guid.NewGuid().ToString();

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Gifts.PrepareAsync(giver.Person.Caller, new GiftWish(friend.Person.Email, 10), form, Ct)));

        Assert.Single(answers.Select(answer => Assert.IsType<GiftResult.Given>(answer).Gift.Id).Distinct());
        Assert.Equal(15, (await giver.FlowsAsync()).Bonus);
    }

    [Fact]
    public async Task An_invitation_holds_the_gift_until_that_person_signs_up()
    {
        var giver = await portal.NewCustomerAsync();
        await portal.BonusAsync(giver.Person, 25);
        var email = $"{Guid.NewGuid():N}@example.com";

        var gift = await PrepareAsync(giver, email, 10);
        portal.Clock.Now += TimeSpan.FromDays(13);
        var held = (await giver.FlowsAsync()).Bonus;
        var newcomer = await portal.Site.SignUpAsync(email);

        Assert.Equal(GiftState.Invited, gift.State);
        Assert.Equal(MeteredSite<TEngine>.Noon.AddDays(14), gift.DueAt);
        Assert.Equal(15, held);
        var received = Assert.Single((await Gifts.ListReceivedAsync(newcomer.Caller, null, 10, Ct)).Gifts);
        Assert.Equal((gift.Id, Credits.FromWhole(10)), (received.Id, received.AmountMicros));
        Assert.Equal(Credits.FromWhole(10), (await Gifts.GetAllowanceAsync(newcomer.Caller, Ct)).Bonus);
        Assert.Equal(15, (await giver.FlowsAsync()).Bonus);
        await portal.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task An_invitation_that_nobody_claims_comes_back_at_its_instant()
    {
        var giver = await portal.NewCustomerAsync();
        await portal.BonusAsync(giver.Person, 25);
        var email = $"{Guid.NewGuid():N}@example.com";

        var gift = await PrepareAsync(giver, email, 10);
        portal.Clock.Now = gift.DueAt!.Value;
        var back = (await giver.FlowsAsync()).Bonus;
        await Eventually.TrueAsync(async () => (await Gifts.ListSentAsync(giver.Person.Caller, null, 10, Ct)).Gifts[0].State is GiftState.Returned);
        var late = await portal.Site.SignUpAsync(email);

        Assert.Equal(25, back);
        Assert.Equal(Credits.Zero, (await Gifts.GetAllowanceAsync(late.Caller, Ct)).Bonus);
        await portal.AssertLedgerHoldsAsync();
    }

    [Fact]
    public async Task An_invitation_ends_with_the_credit_it_is_paid_from()
    {
        var giver = await portal.NewCustomerAsync();
        await portal.BonusAsync(giver.Person, 5, expiresAt: MeteredSite<TEngine>.Noon.AddDays(2));
        await portal.BonusAsync(giver.Person, 5);

        var gift = await PrepareAsync(giver, $"{Guid.NewGuid():N}@example.com", 5);
        portal.Clock.Now = MeteredSite<TEngine>.Noon.AddDays(2);

        Assert.Equal(portal.Clock.Now, gift.DueAt);
        Assert.Equal((5, 10), await giver.FlowsAsync());
    }

    [Fact]
    public async Task A_gift_whose_credit_was_taken_back_meanwhile_ends_without_moving_anything()
    {
        var (giver, friend) = (await portal.NewCustomerAsync(), await portal.NewCustomerAsync());
        await portal.BonusAsync(giver.Person, 5, expiresAt: MeteredSite<TEngine>.Noon.AddSeconds(9));

        await PrepareAsync(giver, friend.Person.Email, 5);
        portal.Clock.Now += TimeSpan.FromSeconds(10);
        await Eventually.TrueAsync(async () => (await Gifts.ListSentAsync(giver.Person.Caller, null, 10, Ct)).Gifts[0].State is GiftState.Returned);

        Assert.Equal((0, 10), await giver.FlowsAsync());
        Assert.Equal((0, 10), await friend.FlowsAsync());
        Assert.Empty((await Gifts.ListReceivedAsync(friend.Person.Caller, null, 10, Ct)).Gifts);
        await portal.AssertLedgerHoldsAsync();
    }

    private async Task<Gift> PrepareAsync(Customer giver, string email, long amount) => Assert.IsType<GiftResult.Given>(
        await Gifts.PrepareAsync(giver.Person.Caller, new GiftWish(email, amount, "For you"), Guid.NewGuid().ToString(), Ct)).Gift;
}

public sealed class GiftUndoTestsOnSqlite(MeteredSite<SqliteEngine> portal) : GiftUndoTests<SqliteEngine>(portal);

public sealed class GiftUndoTestsOnPostgres(MeteredSite<PostgresEngine> portal) : GiftUndoTests<PostgresEngine>(portal);
