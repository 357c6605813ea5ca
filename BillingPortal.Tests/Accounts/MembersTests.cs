using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Tests.Subscriptions;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Accounts;

public abstract class MembersTests<TEngine>(PlanShop<TEngine> plans) : IClassFixture<PlanShop<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private Members Members => plans.Shop.Get<Members>();

    [Fact]
    public async Task An_invitation_makes_its_addressee_a_member_once_and_nobody_else()
    {
        var owner = await OwnerAsync();
        var (ana, stranger) = (await PersonAsync("ana"), await PersonAsync("eve"));
        var made = Assert.IsType<InviteResult.Made>(await Members.InviteAsync(owner, $"  {ana.Email.ToUpperInvariant()} ", MemberRole.Billing, Cancel));
        var secret = made.Path[(made.Path.LastIndexOf('/') + 1)..];

        Assert.Null(await Members.FindOrganizationAsync(stranger.Caller, secret, Cancel));
        Assert.IsType<JoinResult.NotForYou>(await Members.AcceptAsync(stranger.Caller, secret, Cancel));
        Assert.NotNull(await Members.FindOrganizationAsync(ana.Caller, secret, Cancel));
        plans.Clock.Now = plans.Clock.Now.AddMinutes(1);
        var accepted = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Members.AcceptAsync(ana.Caller, secret, Cancel)));

        Assert.Equal(owner.OrganizationId, Assert.Single(accepted.OfType<JoinResult.Joined>()).OrganizationId);
        var list = await Members.ListAsync(owner, null, Cancel);
        Assert.Equal([(owner.UserId!, MemberRole.Owner), (ana.Id, MemberRole.Billing)], list.Members.Select(member => (member.UserId, member.Role)));
        Assert.Empty(list.Invitations);
        Assert.IsType<InviteResult.MemberAlready>(await Members.InviteAsync(owner, ana.Email, MemberRole.Member, Cancel));
    }

    [Fact]
    public async Task An_invitation_that_was_withdrawn_replaced_or_is_over_opens_nothing()
    {
        var owner = await OwnerAsync();
        var ana = await PersonAsync("ana");
        var first = await InviteAsync(owner, ana);
        var second = await InviteAsync(owner, ana);
        Assert.IsType<JoinResult.NotForYou>(await Members.AcceptAsync(ana.Caller, first.Secret, Cancel));
        Assert.True(await Members.WithdrawAsync(owner, second.Made.Invitation.Id, Cancel));
        Assert.False(await Members.WithdrawAsync(owner, second.Made.Invitation.Id, Cancel));
        Assert.IsType<JoinResult.NotForYou>(await Members.AcceptAsync(ana.Caller, second.Secret, Cancel));

        var third = await InviteAsync(owner, ana);
        plans.Clock.Now += Members.Lifetime;
        Assert.IsType<JoinResult.NotForYou>(await Members.AcceptAsync(ana.Caller, third.Secret, Cancel));
        Assert.Empty((await Members.ListAsync(owner, null, Cancel)).Invitations);
    }

    [Fact]
    public async Task The_last_seat_goes_to_one_of_those_who_race_for_it()
    {
        plans.Clock.Now = PlanShop<TEngine>.Start;
        var owner = await plans.NewSubscriberAsync("team", seats: 2);

        var results = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Members.InviteAsync(owner, $"racer-{i}@example.com", MemberRole.Member, Cancel)));

        Assert.Single(results.OfType<InviteResult.Made>());
        Assert.Equal(5, results.OfType<InviteResult.SeatsFull>().Count());
        var list = await Members.ListAsync(owner, null, Cancel);
        Assert.Equal((2, 2), (list.Taken, list.Seats!.Value));
    }

    [Fact]
    public async Task Roles_change_members_go_and_an_owner_always_stays()
    {
        var owner = await OwnerAsync();
        var (ana, ben) = (await JoinAsync(owner, "ana"), await JoinAsync(owner, "ben"));

        Assert.Equal(MemberChange.Done, await Members.ChangeRoleAsync(owner, ana.UserId!, MemberRole.Billing, Cancel));
        Assert.Equal(MemberChange.PersonalOwner, await Members.RemoveAsync(owner, owner.UserId!, Cancel));
        Assert.Equal(MemberChange.PersonalOwner, await Members.HandOverAsync(owner, ana.UserId!, Cancel));
        Assert.Equal(MemberChange.Done, await Members.RemoveAsync(ben, ben.UserId!, Cancel));
        Assert.Equal(MemberChange.NoSuchMember, await Members.RemoveAsync(owner, ben.UserId!, Cancel));
        Assert.Equal([MemberRole.Owner, MemberRole.Billing], (await Members.ListAsync(owner, null, Cancel)).Members.Select(member => member.Role));
    }

    [Fact]
    public async Task A_shared_organization_is_handed_over_in_one_step_and_never_left_without_an_owner()
    {
        var (ada, ben) = (await PersonAsync("ada"), await PersonAsync("ben"));
        var organizations = plans.Shop.Get<Organizations>();
        var user = await plans.Shop.QueryAsync(db => Task.FromResult(db.Users.Single(row => row.Id == ada.Id)));
        var shared = await organizations.CreateAsync(user, "Shared", Cancel);
        var owner = Caller.ForUser(ada.Id, shared, MemberRole.Owner);
        var (_, secret) = await InviteAsync(owner, ben);
        Assert.IsType<JoinResult.Joined>(await Members.AcceptAsync(ben.Caller, secret, Cancel));

        Assert.Equal(MemberChange.LastOwner, await Members.ChangeRoleAsync(owner, ada.Id, MemberRole.Member, Cancel));
        Assert.Equal(MemberChange.LastOwner, await Members.RemoveAsync(owner, ada.Id, Cancel));
        Assert.Equal(MemberChange.Done, await Members.HandOverAsync(owner, ben.Id, Cancel));

        var roles = (await Members.ListAsync(owner, null, Cancel)).Members.ToDictionary(member => member.UserId, member => member.Role);
        Assert.Equal((MemberRole.Billing, MemberRole.Owner), (roles[ada.Id], roles[ben.Id]));
    }

    [Fact]
    public async Task Only_owners_decide_who_belongs_and_nobody_reaches_another_organization()
    {
        var owner = await OwnerAsync();
        var stranger = await OwnerAsync();
        var ana = await JoinAsync(owner, "ana");
        var (invitation, _) = await InviteAsync(owner, await PersonAsync("cy"));
        var key = Caller.ForKey("key_1", owner.OrganizationId, Scopes.All);

        foreach (var caller in new[] { ana, key })
        {
            await Assert.ThrowsAsync<AccessDeniedException>(() => Members.InviteAsync(caller, "x@example.com", MemberRole.Owner, Cancel));
            await Assert.ThrowsAsync<AccessDeniedException>(() => Members.WithdrawAsync(caller, invitation.Invitation.Id, Cancel));
            await Assert.ThrowsAsync<AccessDeniedException>(() => Members.ChangeRoleAsync(caller, ana.UserId!, MemberRole.Owner, Cancel));
            await Assert.ThrowsAsync<AccessDeniedException>(() => Members.RemoveAsync(caller, owner.UserId!, Cancel));
            await Assert.ThrowsAsync<AccessDeniedException>(() => Members.HandOverAsync(caller, ana.UserId!, Cancel));
        }

        Assert.False(await Members.WithdrawAsync(stranger, invitation.Invitation.Id, Cancel));
        Assert.Equal(MemberChange.NoSuchMember, await Members.RemoveAsync(stranger, ana.UserId!, Cancel));
        Assert.DoesNotContain((await Members.ListAsync(stranger, null, Cancel)).Members, member => member.UserId == ana.UserId);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Task<Caller> OwnerAsync() => plans.NewCustomerAsync();

    private Task<Person> PersonAsync(string name) => plans.Shop.Site.SignUpAsync($"{name}-{Guid.NewGuid():N}@example.com");

    private async Task<(InviteResult.Made Made, string Secret)> InviteAsync(Caller owner, Person person)
    {
        var made = Assert.IsType<InviteResult.Made>(await Members.InviteAsync(owner, person.Email, MemberRole.Member, Cancel));
        return (made, made.Path[(made.Path.LastIndexOf('/') + 1)..]);
    }

    /// <summary>Somebody new who has joined the owner's organization, as who acts there.</summary>
    private async Task<Caller> JoinAsync(Caller owner, string name)
    {
        var person = await PersonAsync(name);
        var (_, secret) = await InviteAsync(owner, person);
        plans.Clock.Now = plans.Clock.Now.AddMinutes(1);
        Assert.IsType<JoinResult.Joined>(await Members.AcceptAsync(person.Caller, secret, Cancel));
        return Caller.ForUser(person.Id, owner.OrganizationId, MemberRole.Member);
    }
}

public sealed class MembersTestsOnSqlite(PlanShop<SqliteEngine> plans) : MembersTests<SqliteEngine>(plans);

public sealed class MembersTestsOnPostgres(PlanShop<PostgresEngine> plans) : MembersTests<PostgresEngine>(plans);
