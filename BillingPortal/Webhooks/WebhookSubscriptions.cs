using System.Diagnostics.CodeAnalysis;
using BillingPortal.Access;
using BillingPortal.Audit;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Webhooks;

/// <summary>What a change of an endpoint came to.</summary>
public abstract record WebhookChange
{
    private WebhookChange()
    {
    }

    /// <summary>Done.</summary>
    /// <param name="Endpoint">As it is now.</param>
    /// <param name="Secret">A new secret, shown this once; null if there is none.</param>
    public sealed record Done(WebhookEndpoint Endpoint, string? Secret = null) : WebhookChange
    {
        // Never shown by accident, as a record's members are.
        public override string ToString() => Endpoint.Id;
    }

    /// <summary>The organization has no such endpoint.</summary>
    public sealed record NotFound : WebhookChange;

    /// <summary>The named part cannot be; nothing was done.</summary>
    public sealed record Invalid(string Field, string Message) : WebhookChange;

    /// <summary>The organization has as many endpoints as it may.</summary>
    public sealed record TooMany(int Limit) : WebhookChange;
}

/// <summary>What is to change of an endpoint; null stays as it is.</summary>
public sealed record WebhookEdit(string? Url = null, IReadOnlyList<string>? Events = null, bool? IsActive = null);

/// <summary>The endpoints of organizations. Source: contract, "001 · Flows".</summary>
public sealed class WebhookSubscriptions(
    IDbContextFactory<BillingDbContext> contexts,
    IStoreSessions sessions,
    WebhookAddresses addresses,
    WebhookSecrets secrets,
    IOptions<WebhookOptions> options,
    TimeProvider clock)
{
    /// <summary>Longest time for which an old secret keeps signing, in hours.</summary>
    public const int LongestOverlapHours = 168;

    /// <summary>The organization's endpoints, oldest first; there are at most as many as it may have.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>flows:read</c>.</exception>
    public async Task<IReadOnlyList<WebhookEndpoint>> ListAsync(Caller caller, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.FlowsRead);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<WebhookEndpoint>().AsNoTracking().Where(row => row.OrganizationId == caller.OrganizationId).OrderBy(row => row.Id).ToListAsync(cancellationToken);
    }

    /// <summary>An endpoint of the caller's organization; null if it has none of that id.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>flows:read</c>.</exception>
    public async Task<WebhookEndpoint?> FindAsync(Caller caller, string endpointId, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.FlowsRead);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await Own(db, caller, endpointId).AsNoTracking().SingleOrDefaultAsync(cancellationToken);
    }

    /// <summary>Adds an endpoint and gives its secret, this once.</summary>
    /// <param name="caller">An owner, or a key with <c>flows:write</c>.</param>
    /// <param name="url">Where events are sent.</param>
    /// <param name="events">Types of <see cref="WebhookEvents.All"/>, or <c>*</c>.</param>
    /// <param name="receipt">Stores the answer with the endpoint; null: nobody may ask again.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">The caller may not, or may not follow events of billing.</exception>
    public async Task<WebhookChange> AddAsync(
        Caller caller, string url, IReadOnlyList<string> events, Receipt<WebhookChange.Done>? receipt, CancellationToken cancellationToken)
    {
        DemandManager(caller);
        if (await FaultOfAsync(caller, url, events, cancellationToken) is { } fault)
        {
            return fault;
        }

        while (true)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var taken = await db.Set<WebhookEndpoint>().Where(row => row.OrganizationId == caller.OrganizationId).Select(row => row.Place).ToListAsync(cancellationToken);
            var place = Enumerable.Range(1, options.Value.MaxPerOrganization).Except(taken).FirstOrDefault();
            if (place == 0)
            {
                return new WebhookChange.TooMany(options.Value.MaxPerOrganization);
            }

            var (now, secret) = (clock.Now(), WebhookSecrets.New());
            var endpoint = new WebhookEndpoint
            {
                Id = Ids.New("webhook", now),
                OrganizationId = caller.OrganizationId,
                UserId = caller.UserId ?? caller.OrganizationId,
                Place = place,
                Url = url,
                EventList = ListOf(events),
                Secret = secrets.Seal(secret),
                CreatedAt = now,
            };
            var done = new WebhookChange.Done(endpoint, secret);
            db.Add(endpoint);
            db.Record(caller, now, AuditActs.WebhookAdded, endpoint.Id, null, new { url, Events = endpoint.EventList });
            receipt?.AddTo(db, done);
            try
            {
                await db.SaveChangesAsync(cancellationToken);
                return done;
            }
            catch (DbUpdateException exception) when (sessions.IsUniqueViolation(exception))
            {
                // Another endpoint took the place; there may be one more.
            }
        }
    }

    /// <summary>Changes an endpoint. Made active again, it gets what waited, from the beginning of its tries.</summary>
    /// <param name="caller">An owner, or a key with <c>flows:write</c>.</param>
    /// <param name="endpointId">Which.</param>
    /// <param name="edit">What changes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">The caller may not, or may not follow events of billing.</exception>
    public async Task<WebhookChange> ChangeAsync(Caller caller, string endpointId, WebhookEdit edit, CancellationToken cancellationToken)
    {
        DemandManager(caller);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await Own(db, caller, endpointId).AsNoTracking().SingleOrDefaultAsync(cancellationToken) is not { } endpoint)
        {
            return new WebhookChange.NotFound();
        }

        if (await FaultOfAsync(caller, edit.Url, edit.Events, cancellationToken) is { } fault)
        {
            return fault;
        }

        var now = clock.Now();
        var (url, events) = (edit.Url ?? endpoint.Url, edit.Events is { } chosen ? ListOf(chosen) : endpoint.EventList);
        await using var unit = await db.Database.BeginTransactionAsync(cancellationToken);
        await Own(db, caller, endpointId).ExecuteUpdateAsync(row => row.SetProperty(e => e.Url, url).SetProperty(e => e.EventList, events), cancellationToken);
        if (edit.IsActive is false)
        {
            await Own(db, caller, endpointId).Where(row => row.PausedAt == null).ExecuteUpdateAsync(
                row => row.SetProperty(e => e.PausedAt, now).SetProperty(e => e.Pause, WebhookPause.ByHand), cancellationToken);
        }
        else if (edit.IsActive is true)
        {
            await Own(db, caller, endpointId).Where(row => row.PausedAt != null).ExecuteUpdateAsync(
                row => row
                    .SetProperty(e => e.PausedAt, (DateTimeOffset?)null)
                    .SetProperty(e => e.Pause, (WebhookPause?)null)
                    .SetProperty(e => e.FailingSince, (DateTimeOffset?)null)
                    .SetProperty(e => e.BackoffUntil, (DateTimeOffset?)null),
                cancellationToken);
            await db.Set<WebhookDelivery>().Where(row => row.EndpointId == endpointId && row.State == WebhookDeliveryState.Pending).ExecuteUpdateAsync(
                row => row.SetProperty(d => d.NextAttemptAt, now).SetProperty(d => d.TryingSince, (DateTimeOffset?)null), cancellationToken);
        }

        db.Record(
            caller, now, AuditActs.WebhookChanged, endpointId, new { endpoint.Url, Events = endpoint.EventList, endpoint.IsActive },
            new { Url = url, Events = events, IsActive = edit.IsActive ?? endpoint.IsActive });
        await db.SaveChangesAsync(cancellationToken);
        await unit.CommitAsync(cancellationToken);
        return await Own(db, caller, endpointId).AsNoTracking().SingleOrDefaultAsync(cancellationToken) is { } changed
            ? new WebhookChange.Done(changed)
            : new WebhookChange.NotFound();
    }

    /// <summary>Gives an endpoint a new secret. The old one signs too for a while, so that the receiver can change over.</summary>
    /// <param name="caller">An owner, or a key with <c>flows:write</c>.</param>
    /// <param name="endpointId">Which.</param>
    /// <param name="overlapHours">0 to <see cref="LongestOverlapHours"/>.</param>
    /// <param name="receipt">Stores the answer with the secret; null: nobody may ask again.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">The caller may not.</exception>
    public async Task<WebhookChange> RollSecretAsync(
        Caller caller, string endpointId, int overlapHours, Receipt<WebhookChange.Done>? receipt, CancellationToken cancellationToken)
    {
        DemandManager(caller);
        if (overlapHours is < 0 or > LongestOverlapHours)
        {
            return new WebhookChange.Invalid("overlapHours", $"The old secret may sign for 0 to {LongestOverlapHours} hours more.");
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await Own(db, caller, endpointId).SingleOrDefaultAsync(cancellationToken) is not { } endpoint)
        {
            return new WebhookChange.NotFound();
        }

        var secret = WebhookSecrets.New();
        endpoint.PreviousSecret = endpoint.Secret;
        endpoint.PreviousSecretUntil = clock.Now().AddHours(overlapHours);
        endpoint.Secret = secrets.Seal(secret);
        var done = new WebhookChange.Done(endpoint, secret);
        db.Record(caller, clock.Now(), AuditActs.WebhookSecretRolled, endpointId, null, new { endpoint.PreviousSecretUntil });
        receipt?.AddTo(db, done);
        await db.SaveChangesAsync(cancellationToken);
        return done;
    }

    /// <summary>Removes an endpoint and all that was sent to it.</summary>
    /// <returns>False if the organization has no such endpoint.</returns>
    /// <exception cref="AccessDeniedException">The caller may not.</exception>
    public async Task<bool> RemoveAsync(Caller caller, string endpointId, CancellationToken cancellationToken)
    {
        DemandManager(caller);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var unit = await db.Database.BeginTransactionAsync(cancellationToken);
        var endpoint = await Own(db, caller, endpointId).AsNoTracking().SingleOrDefaultAsync(cancellationToken);
        if (endpoint is null || await Own(db, caller, endpointId).ExecuteDeleteAsync(cancellationToken) == 0)
        {
            return false;
        }

        db.Record(caller, clock.Now(), AuditActs.WebhookRemoved, endpointId, new { endpoint.Url, Events = endpoint.EventList }, null);
        await db.SaveChangesAsync(cancellationToken);
        await unit.CommitAsync(cancellationToken);
        return true;
    }

    internal static void DemandManager(Caller caller)
    {
        caller.DemandScope(Scopes.FlowsWrite);
        if (caller.Kind is CallerKind.User)
        {
            caller.DemandRole(MemberRole.Owner);
        }
    }

    internal static IQueryable<WebhookEndpoint> Own(BillingDbContext db, Caller caller, string endpointId) =>
        db.Set<WebhookEndpoint>().Where(row => row.Id == endpointId && row.OrganizationId == caller.OrganizationId);

    private static string ListOf(IReadOnlyList<string> events) => string.Join(' ', events.Distinct().Order(StringComparer.Ordinal));

    [SuppressMessage("Design", "CA1054:URI-like parameters should not be strings", Justification = "It may be none; that is what is looked at.")]
    private async Task<WebhookChange.Invalid?> FaultOfAsync(Caller caller, string? url, IReadOnlyList<string>? events, CancellationToken cancellationToken)
    {
        if (events is not null)
        {
            if (events.Count == 0 || events.FirstOrDefault(type => type != WebhookEvents.Everything && WebhookEvents.Find(type) is null) is not null)
            {
                return new("events", $"events are one or more of {string.Join(", ", WebhookEvents.All.Select(known => known.Type))}, or * for all.");
            }

            // A key for flows alone must not read of money by way of a webhook.
            if (events.Any(type => WebhookEvents.Find(type) is not { IsBilling: false }))
            {
                caller.DemandScope(Scopes.BillingRead);
            }
        }

        return url is not null && await addresses.FaultOfAsync(url, cancellationToken) is { } fault ? new("url", fault) : null;
    }
}
