using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using System.Text;
using BillingPortal.Access;
using BillingPortal.Audit;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Accounts;

/// <summary>A member as the others see them.</summary>
public sealed record MemberView(string UserId, string Name, string Email, MemberRole Role, DateTimeOffset JoinedAt);

/// <summary>An invitation that may still be accepted.</summary>
public sealed record InvitationView(string Id, string Email, MemberRole Role, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt);

/// <summary>Who belongs to an organization and who is invited.</summary>
/// <param name="Members">In the order in which they joined; at most <see cref="Accounts.Members.Page"/>.</param>
/// <param name="Invitations">The open ones, newest first.</param>
/// <param name="Taken">Seats taken: members and open invitations.</param>
/// <param name="Seats">Seats there are; null where the plan is not sold by the seat.</param>
/// <param name="NextAfter">After which member the next page begins; null at the end.</param>
public sealed record MemberList(
    IReadOnlyList<MemberView> Members, IReadOnlyList<InvitationView> Invitations, int Taken, int? Seats, string? NextAfter);

/// <summary>What became of an invitation.</summary>
public abstract record InviteResult
{
    private InviteResult()
    {
    }

    /// <summary>Made. The secret is shown this once.</summary>
    /// <param name="Invitation">As it is listed.</param>
    /// <param name="Path">The portal's page on which it is accepted, secret included.</param>
    /// <param name="IsMailed">Whether the link went to the address by e-mail.</param>
    public sealed record Made(InvitationView Invitation, string Path, bool IsMailed) : InviteResult;

    /// <summary>Not an e-mail address.</summary>
    public sealed record NotAnAddress : InviteResult;

    /// <summary>That person is a member already.</summary>
    public sealed record MemberAlready : InviteResult;

    /// <summary>Every seat is taken.</summary>
    public sealed record SeatsFull(int Seats) : InviteResult;

    /// <summary>As many invitations are open as may be.</summary>
    public sealed record TooMany : InviteResult;
}

/// <summary>What became of following an invitation's link.</summary>
public abstract record JoinResult
{
    private JoinResult()
    {
    }

    /// <summary>A member from now on, or already.</summary>
    public sealed record Joined(string OrganizationId, string OrganizationName) : JoinResult;

    /// <summary>There is no such invitation any more, or it is for another address. Which of them is told to nobody.</summary>
    public sealed record NotForYou : JoinResult;
}

/// <summary>What became of a change to a member.</summary>
public enum MemberChange
{
    Done,

    /// <summary>There is no such member.</summary>
    NoSuchMember,

    /// <summary>An organization has at least one owner; this is its last.</summary>
    LastOwner,

    /// <summary>A personal organization belongs to its person.</summary>
    PersonalOwner,
}

/// <summary>Members, roles, invitations and the seats they take.</summary>
public sealed class Members(
    IDbContextFactory<BillingDbContext> contexts, PlanStandings standings, ILookupNormalizer normalizer, IStoreSessions sessions, InvitationMail mail, TimeProvider clock) : ISeatCounts
{
    /// <summary>How many members are listed at once.</summary>
    public const int Page = 50;

    /// <summary>Most invitations open at once in an organization.</summary>
    public const int MaxOpen = 100;

    /// <summary>How long an invitation may be accepted.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(14);

    private const int SecretDigits = 43;
    private static readonly EmailAddressAttribute EmailShape = new();

    /// <summary>The page on which an invitation is accepted.</summary>
    public static string PathOf(string secret) => $"/join/{secret}";

    /// <inheritdoc/>
    public async Task<int> CountAsync(string organizationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return Math.Max(1, await TakenAsync(db, organizationId, cancellationToken));
    }

    /// <summary>The members of the caller's organization and its open invitations; for people only.</summary>
    /// <param name="caller">Who looks.</param>
    /// <param name="after">The member after whom the page begins; null: the first page.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public async Task<MemberList> ListAsync(Caller caller, string? after, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows =
            from membership in db.Set<Membership>()
            join user in db.Users on membership.UserId equals user.Id
            where membership.OrganizationId == caller.OrganizationId
            select new { membership, user };
        if (after is not null && await db.Set<Membership>().FirstOrDefaultAsync(
            row => row.OrganizationId == caller.OrganizationId && row.UserId == after, cancellationToken) is { JoinedAt: var joinedAt })
        {
            rows = rows.Where(row => row.membership.JoinedAt > joinedAt || (row.membership.JoinedAt == joinedAt && row.membership.UserId.CompareTo(after) > 0));
        }

        var members = await rows.OrderBy(row => row.membership.JoinedAt).ThenBy(row => row.membership.UserId)
            .Select(row => new MemberView(row.membership.UserId, row.user.DisplayName, row.user.Email!, row.membership.Role, row.membership.JoinedAt))
            .Take(Page + 1).ToListAsync(cancellationToken);
        var invitations = await Open(db, caller.OrganizationId, now).OrderByDescending(row => row.Id)
            .Select(row => new InvitationView(row.Id, row.Email, row.Role, row.CreatedAt, row.ExpiresAt))
            .Take(MaxOpen).ToListAsync(cancellationToken);
        var hasMore = members.Count > Page;
        return new MemberList(
            hasMore ? members[..Page] : members,
            invitations,
            await TakenAsync(db, caller.OrganizationId, cancellationToken),
            SeatsOf(await standings.GetAsync(caller.OrganizationId, cancellationToken)),
            hasMore ? members[Page - 1].UserId : null);
    }

    /// <summary>Invites an address, and tells it. Inviting it again replaces the link.</summary>
    /// <exception cref="AccessDeniedException">The caller is not an owner.</exception>
    public async Task<InviteResult> InviteAsync(Caller caller, string email, MemberRole role, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Owner);
        email = email.Trim();
        if (email.Length > Registration.EmailLength || !EmailShape.IsValid(email) || email.Any(char.IsWhiteSpace) || email.Any(char.IsControl))
        {
            return new InviteResult.NotAnAddress();
        }

        var normalized = normalizer.NormalizeEmail(email);
        var seats = SeatsOf(await standings.GetAsync(caller.OrganizationId, cancellationToken));
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await LockAsync(db, caller.OrganizationId, cancellationToken);
        if (await (from membership in db.Set<Membership>()
                   join user in db.Users on membership.UserId equals user.Id
                   where membership.OrganizationId == caller.OrganizationId && user.NormalizedEmail == normalized
                   select user.Id).AnyAsync(cancellationToken))
        {
            return new InviteResult.MemberAlready();
        }

        await db.Set<Invitation>()
            .Where(row => row.OrganizationId == caller.OrganizationId && row.EndedAt == null && (row.NormalizedEmail == normalized || row.ExpiresAt <= now))
            .ExecuteUpdateAsync(row => row.SetProperty(i => i.EndedAt, now), cancellationToken);
        if (await Open(db, caller.OrganizationId, now).CountAsync(cancellationToken) >= MaxOpen)
        {
            return new InviteResult.TooMany();
        }

        if (seats is { } limit && await TakenAsync(db, caller.OrganizationId, cancellationToken) >= limit)
        {
            return new InviteResult.SeatsFull(limit);
        }

        var secret = RandomNumberGenerator.GetString(ApiKeyText.Digits, SecretDigits);
        var invitation = new Invitation
        {
            Id = Ids.New("invite", now),
            OrganizationId = caller.OrganizationId,
            Email = email,
            NormalizedEmail = normalized,
            Role = role,
            Hash = HashOf(secret),
            InvitedBy = caller.Actor,
            CreatedAt = now,
            ExpiresAt = now + Lifetime,
        };
        db.Add(invitation);
        db.Record(caller, now, AuditActs.MemberInvited, invitation.Id, null, new { email, role, invitation.ExpiresAt });
        await mail.PrepareAsync(db, invitation, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        var path = PathOf(secret);
        return new InviteResult.Made(
            new InvitationView(invitation.Id, email, role, now, invitation.ExpiresAt), path, await mail.SendAsync(invitation, path, cancellationToken));
    }

    /// <summary>Withdraws an invitation; its link opens nothing any more and its seat is free.</summary>
    /// <returns>False if the caller's organization has no open one of that id.</returns>
    /// <exception cref="AccessDeniedException">The caller is not an owner.</exception>
    public async Task<bool> WithdrawAsync(Caller caller, string invitationId, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Owner);
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await Open(db, caller.OrganizationId, now).Where(row => row.Id == invitationId)
            .ExecuteUpdateAsync(row => row.SetProperty(i => i.EndedAt, now), cancellationToken) == 0)
        {
            return false;
        }

        db.Record(caller, now, AuditActs.InvitationWithdrawn, invitationId, null, null);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>The organization that an open invitation of the caller's own address is from; null if there is none.</summary>
    public async Task<string?> FindOrganizationAsync(Caller caller, string secret, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await FindAsync(db, caller, secret, cancellationToken) is { } invitation
            ? await db.Set<Organization>().Where(row => row.Id == invitation.OrganizationId).Select(row => row.Name).SingleAsync(cancellationToken)
            : null;
    }

    /// <summary>Accepts an invitation on behalf of whoever is signed in, whose address it must have been sent to. Safe to repeat.</summary>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public async Task<JoinResult> AcceptAsync(Caller caller, string secret, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await FindAsync(db, caller, secret, cancellationToken) is not { } invitation)
        {
            return new JoinResult.NotForYou();
        }

        var ended = await db.Set<Invitation>().Where(row => row.Id == invitation.Id && row.EndedAt == null)
            .ExecuteUpdateAsync(row => row.SetProperty(i => i.EndedAt, now), cancellationToken);
        if (ended == 0)
        {
            return new JoinResult.NotForYou();
        }

        db.Add(new Membership { OrganizationId = invitation.OrganizationId, UserId = caller.UserId!, Role = invitation.Role, JoinedAt = now });
        db.Record(caller, now, AuditActs.MemberJoined, caller.UserId!, null, new { invitation.Role, Invitation = invitation.Id }, invitation.OrganizationId);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (sessions.IsUniqueViolation(exception))
        {
            // A member already, by another way; the invitation stays open and frees its seat when it is over.
            return new JoinResult.NotForYou();
        }

        await transaction.CommitAsync(cancellationToken);
        var name = await db.Set<Organization>().Where(row => row.Id == invitation.OrganizationId).Select(row => row.Name).SingleAsync(cancellationToken);
        return new JoinResult.Joined(invitation.OrganizationId, name);
    }

    /// <summary>Gives a member another role.</summary>
    /// <exception cref="AccessDeniedException">The caller is not an owner.</exception>
    public Task<MemberChange> ChangeRoleAsync(Caller caller, string userId, MemberRole role, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Owner);
        return ChangeAsync(caller, userId, losesOwner: role < MemberRole.Owner, (_, member) => member.Role = role, cancellationToken);
    }

    /// <summary>Takes a member out, and the seat is free. Members may leave by themselves.</summary>
    /// <exception cref="AccessDeniedException">The caller is not an owner, and it is somebody else.</exception>
    public Task<MemberChange> RemoveAsync(Caller caller, string userId, CancellationToken cancellationToken)
    {
        caller.DemandRole(caller.UserId == userId ? MemberRole.Member : MemberRole.Owner);
        return ChangeAsync(caller, userId, losesOwner: true, (db, member) => db.Remove(member), cancellationToken);
    }

    /// <summary>Makes another member the owner, and the caller a member of role billing, in one step.</summary>
    /// <exception cref="AccessDeniedException">The caller is not an owner.</exception>
    public async Task<MemberChange> HandOverAsync(Caller caller, string userId, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Owner);
        if (caller.UserId == userId)
        {
            return MemberChange.Done;
        }

        return await ChangeAsync(
            caller, userId, losesOwner: false,
            async (db, member) =>
            {
                member.Role = MemberRole.Owner;
                var own = await db.Set<Membership>().SingleAsync(
                    row => row.OrganizationId == caller.OrganizationId && row.UserId == caller.UserId, cancellationToken);
                own.Role = MemberRole.Billing;
            },
            handsOver: true, cancellationToken);
    }

    private Task<MemberChange> ChangeAsync(
        Caller caller, string userId, bool losesOwner, Action<BillingDbContext, Membership> change, CancellationToken cancellationToken) =>
        ChangeAsync(
            caller, userId, losesOwner,
            (db, member) =>
            {
                change(db, member);
                return Task.CompletedTask;
            },
            handsOver: false, cancellationToken);

    private async Task<MemberChange> ChangeAsync(
        Caller caller, string userId, bool losesOwner, Func<BillingDbContext, Membership, Task> change, bool handsOver, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await LockAsync(db, caller.OrganizationId, cancellationToken);
        var member = await db.Set<Membership>().SingleOrDefaultAsync(
            row => row.OrganizationId == caller.OrganizationId && row.UserId == userId, cancellationToken);
        if (member is null)
        {
            return MemberChange.NoSuchMember;
        }

        var personalOf = await db.Set<Organization>().Where(row => row.Id == caller.OrganizationId).Select(row => row.PersonalOf).SingleAsync(cancellationToken);
        if (personalOf is not null && ((losesOwner && personalOf == userId) || (handsOver && personalOf == caller.UserId)))
        {
            return MemberChange.PersonalOwner;
        }

        if (losesOwner && member.Role is MemberRole.Owner && await db.Set<Membership>().CountAsync(
            row => row.OrganizationId == caller.OrganizationId && row.Role == MemberRole.Owner, cancellationToken) == 1)
        {
            return MemberChange.LastOwner;
        }

        var before = member.Role;
        await change(db, member);
        if (db.Entry(member).State is EntityState.Deleted)
        {
            db.Record(caller, clock.Now(), AuditActs.MemberRemoved, userId, new { Role = before }, null);
        }
        else
        {
            db.Record(caller, clock.Now(), AuditActs.MemberChanged, userId, new { Role = before }, new { member.Role, HandedOverBy = handsOver ? caller.UserId : null });
        }

        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return MemberChange.Done;
    }

    private async Task<Invitation?> FindAsync(BillingDbContext db, Caller caller, string secret, CancellationToken cancellationToken)
    {
        var (hash, now) = (HashOf(secret), clock.Now());
        return await (
            from invitation in db.Set<Invitation>().AsNoTracking()
            join user in db.Users on invitation.NormalizedEmail equals user.NormalizedEmail
            where invitation.Hash == hash && invitation.EndedAt == null && invitation.ExpiresAt > now && user.Id == caller.UserId
            select invitation).SingleOrDefaultAsync(cancellationToken);
    }

    private async Task<int> TakenAsync(BillingDbContext db, string organizationId, CancellationToken cancellationToken) =>
        await db.Set<Membership>().CountAsync(row => row.OrganizationId == organizationId, cancellationToken)
        + await Open(db, organizationId, clock.Now()).CountAsync(cancellationToken);

    private static IQueryable<Invitation> Open(BillingDbContext db, string organizationId, DateTimeOffset now) =>
        db.Set<Invitation>().Where(row => row.OrganizationId == organizationId && row.EndedAt == null && row.ExpiresAt > now);

    // Two who want the last seat, or the last two owners who leave, come one after the other.
    private static Task<int> LockAsync(BillingDbContext db, string organizationId, CancellationToken cancellationToken) =>
        db.Set<Organization>().Where(row => row.Id == organizationId)
            .ExecuteUpdateAsync(row => row.SetProperty(o => o.Name, o => o.Name), cancellationToken);

    // Fewer seats that are scheduled count already: nobody is invited who would have to go at the end of the cycle.
    private static int? SeatsOf(PlanStanding standing) => standing.Plan.PerSeat
        ? standing.Pending is { Plan.PerSeat: true } pending ? Math.Min(standing.Seats, pending.Seats) : standing.Seats
        : null;

    private static string HashOf(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));
}
