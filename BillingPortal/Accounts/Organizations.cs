using BillingPortal.Access;
using BillingPortal.Audit;
using BillingPortal.Catalog;
using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Accounts;

/// <summary>An organization as one of its members sees it.</summary>
public sealed record OrganizationView(string Id, string Name, MemberRole Role, bool IsPersonal, string TimeZone);

/// <summary>Organizations and who belongs to them.</summary>
public sealed class Organizations(
    IDbContextFactory<BillingDbContext> contexts, PlanStandings standings, PlanSubscriptions subscriptions, PriceCatalog catalog, IStoreSessions sessions, TimeProvider clock)
    : IBuyerNames
{
    /// <summary>Most organizations listed for one person.</summary>
    public const int ListLimit = 200;

    /// <summary>The organizations of a signed-in person, personal first, then by name; none for a key.</summary>
    public async Task<IReadOnlyList<OrganizationView>> ListForUserAsync(Caller caller, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await (
            from membership in db.Set<Membership>()
            join organization in db.Set<Organization>() on membership.OrganizationId equals organization.Id
            where membership.UserId == caller.UserId
            orderby organization.PersonalOf == null, organization.Name, organization.Id
            select new OrganizationView(organization.Id, organization.Name, membership.Role, organization.PersonalOf != null, organization.TimeZone))
            .Take(ListLimit).ToListAsync(cancellationToken);
    }

    /// <summary>The organization the caller acts for.</summary>
    public async Task<Organization> GetAsync(Caller caller, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Organization>().AsNoTracking().SingleAsync(row => row.Id == caller.OrganizationId, cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<string> NameOfAsync(string organizationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Organization>().Where(row => row.Id == organizationId).Select(row => row.Name).SingleAsync(cancellationToken);
    }

    /// <summary>Makes an organization with one owner. Its maker puts it on a plan; until then it stands as one on the free plan.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> CreateAsync(User owner, string name, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        var organization = new Organization { Id = Ids.New("org", now), Name = name, CreatedAt = now };
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        db.Add(organization);
        db.Add(new Membership { OrganizationId = organization.Id, UserId = owner.Id, Role = MemberRole.Owner, JoinedAt = now });
        db.Record(organization.Id, $"user:{owner.Id}", now, AuditActs.OrganizationMade, organization.Id, null, new { name });
        await db.SaveChangesAsync(cancellationToken);
        return organization.Id;
    }

    /// <summary>Changes how the caller's organization is called.</summary>
    /// <exception cref="AccessDeniedException">The caller is not an owner.</exception>
    public async Task RenameAsync(Caller caller, string name, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Owner);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(name.Length, Organization.NameLength);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var organization = await db.Set<Organization>().SingleAsync(row => row.Id == caller.OrganizationId, cancellationToken);
        db.Record(caller, clock.Now(), AuditActs.OrganizationRenamed, organization.Id, new { organization.Name }, new { name });
        organization.Name = name;
        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>Makes a person a member; one who is a member already stays as is.</summary>
    public async Task AddMemberAsync(string organizationId, User member, MemberRole role, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        db.Add(new Membership { OrganizationId = organizationId, UserId = member.Id, Role = role, JoinedAt = clock.Now() });
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (sessions.IsUniqueViolation(exception))
        {
            // A member already.
        }
    }

    /// <summary>Where the person's next sign-in starts.</summary>
    /// <returns>False if the person does not belong to that organization.</returns>
    public async Task<bool> ChooseAsync(string userId, string organizationId, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Membership>().Where(row => row.UserId == userId && row.OrganizationId == organizationId)
            .ExecuteUpdateAsync(update => update.SetProperty(row => row.ChosenAt, now), cancellationToken) > 0;
    }

    /// <summary>The organization in which a session of this person starts, after making sure that there is a personal one.</summary>
    /// <remarks>A sign-up that broke off half-way is healed here, by the next sign-in.</remarks>
    internal async Task<string> OpenAsync(User user, CancellationToken cancellationToken)
    {
        var personal = await EnsurePersonalAsync(user, cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Membership>().Where(row => row.UserId == user.Id && row.ChosenAt != null)
            .OrderByDescending(row => row.ChosenAt).Select(row => row.OrganizationId).FirstOrDefaultAsync(cancellationToken) ?? personal;
    }

    /// <summary>Makes the person's personal organization and puts it on the free plan, as far as either is still to do.</summary>
    /// <returns>Its id.</returns>
    public async Task<string> EnsurePersonalAsync(User user, CancellationToken cancellationToken)
    {
        var organizationId = await FindOrMakePersonalAsync(user, cancellationToken);
        if ((await standings.GetAsync(organizationId, cancellationToken)).SubscriptionId is null)
        {
            await subscriptions.StartAsync(
                organizationId, catalog.FreePlan.Id, BillingInterval.Monthly, seats: 1, clock.Now(), $"user:{user.Id}", cancellationToken);
        }

        return organizationId;
    }

    private async Task<string> FindOrMakePersonalAsync(User user, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var personal = db.Set<Organization>().Where(row => row.PersonalOf == user.Id).Select(row => row.Id);
        if (await personal.SingleOrDefaultAsync(cancellationToken) is { } existing)
        {
            return existing;
        }

        var now = clock.Now();
        var organization = new Organization { Id = Ids.New("org", now), Name = user.DisplayName, PersonalOf = user.Id, CreatedAt = now };
        db.Add(organization);
        db.Add(new Membership { OrganizationId = organization.Id, UserId = user.Id, Role = MemberRole.Owner, JoinedAt = now });
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return organization.Id;
        }
        catch (DbUpdateException exception) when (sessions.IsUniqueViolation(exception))
        {
            // Another sign-in was quicker.
            return await personal.SingleAsync(cancellationToken);
        }
    }
}
