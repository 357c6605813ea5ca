using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Payments;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Pages;

/// <summary>The members of an organization, and what the viewer may do with them.</summary>
public sealed record MembersView(MemberList List, string? Viewer, bool MayManage);

public sealed partial class MembersPage
{
    private string email = "";
    private MemberRole role;
    private (string Email, string Url, DateTimeOffset ExpiresAt, bool IsMailed)? link;
    private string? notice;
    private bool isGood;
    private MemberView? removing;
    private string? shownAfter;

    [Inject]
    private Members Members { get; set; } = null!;

    [Inject]
    private PortalAddress Address { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "after")]
    private string? After { get; set; }

    // Members do not change with the balance.
    protected override bool IsLive => false;

    protected override async Task OnParametersSetAsync()
    {
        if (shownAfter != After)
        {
            shownAfter = After;
            await ReloadAsync();
        }
    }

    protected override async Task<MembersView> ReadAsync(Caller caller, CancellationToken cancellationToken)
    {
        shownAfter = After;
        return new MembersView(await Members.ListAsync(caller, After, cancellationToken), caller.UserId, caller.Role >= MemberRole.Owner);
    }

    private async Task InviteAsync()
    {
        if (await FindCallerAsync() is not { } caller)
        {
            return;
        }

        link = null;
        switch (await Members.InviteAsync(caller, email, role, Gone))
        {
            case InviteResult.Made made:
                link = (made.Invitation.Email, Address.Absolute(made.Path), made.Invitation.ExpiresAt, made.IsMailed);
                (email, notice) = ("", null);
                break;
            case InviteResult.SeatsFull full:
                Say($"All {Display.Count(full.Seats, "seat")} are taken. Add a seat on the plan page, or withdraw an invitation. Nobody was invited.");
                break;
            case InviteResult.MemberAlready:
                Say("That person is a member already.");
                break;
            case InviteResult.TooMany:
                Say($"{Members.MaxOpen} invitations are open. Withdraw some first. Nobody was invited.");
                break;
            default:
                Say("This is not an e-mail address. Nobody was invited.");
                break;
        }

        await ReloadAsync();
    }

    private async Task WithdrawAsync(InvitationView invitation)
    {
        if (await FindCallerAsync() is { } caller)
        {
            await Members.WithdrawAsync(caller, invitation.Id, Gone);
            Say($"The invitation of {invitation.Email} is withdrawn; its link opens nothing any more.", good: true);
            await ReloadAsync();
        }
    }

    private async Task ChangeRoleAsync(MemberView member, ChangeEventArgs change)
    {
        if (Enum.TryParse<MemberRole>(change.Value as string, out var chosen) && await FindCallerAsync() is { } caller)
        {
            Tell(await Members.ChangeRoleAsync(caller, member.UserId, chosen, Gone), $"{member.Name} is {chosen} now.");
            await ReloadAsync();
        }
    }

    private async Task RemoveAsync()
    {
        if (removing is { } member && await FindCallerAsync() is { } caller)
        {
            removing = null;
            Tell(await Members.RemoveAsync(caller, member.UserId, Gone), $"{member.Name} is not a member any more.");
            await ReloadAsync();
        }
    }

    private void Tell(MemberChange result, string done) => Say(
        result switch
        {
            MemberChange.Done => done,
            MemberChange.LastOwner => "An organization needs an owner, and this is its last. Nothing was changed.",
            MemberChange.PersonalOwner => "A personal organization belongs to its person. Nothing was changed.",
            _ => "That person is not a member any more.",
        },
        result is MemberChange.Done);

    private void Say(string text, bool good = false) => (notice, isGood) = (text, good);
}
