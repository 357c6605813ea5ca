using System.Runtime.CompilerServices;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Metering;

/// <summary>A recorded event as people and integrators read it.</summary>
/// <param name="Id">itm_…</param>
/// <param name="EventId">The integrator's id.</param>
/// <param name="OccurredAt">When it happened.</param>
/// <param name="RecordedAt">When it was charged.</param>
/// <param name="Operation">An operation's id.</param>
/// <param name="Channel">One of <see cref="Channels"/>.</param>
/// <param name="Category">One of <see cref="UsageCategories"/>.</param>
/// <param name="Quantity">Units billed; of a free event, as reported.</param>
/// <param name="Included">Of these, units served by included minutes.</param>
/// <param name="CreditType">The kind of credit it is priced in.</param>
/// <param name="Credits">What was debited.</param>
/// <param name="Rate">The rate of the first unit charged; of a model call, of its tokens in.</param>
/// <param name="OutputRate">Of a model call, the rate of its tokens out.</param>
/// <param name="InputTokens">Of a model call, its tokens in.</param>
/// <param name="Outcome">Whether it cost anything.</param>
/// <param name="Description">What it was, in words.</param>
/// <param name="Properties">What the reporter told of it.</param>
/// <param name="KeyId">The key that reported it; null if none did.</param>
/// <param name="TransactionId">The debit; null if it was free.</param>
/// <param name="BalanceAfter">The wallet's balance after it.</param>
public sealed record UsageItemView(
    string Id,
    string EventId,
    DateTimeOffset OccurredAt,
    DateTimeOffset RecordedAt,
    string Operation,
    string Channel,
    string Category,
    Quantity Quantity,
    Credits Included,
    string CreditType,
    Credits Credits,
    Credits Rate,
    Credits? OutputRate,
    long? InputTokens,
    UsageOutcome Outcome,
    string Description,
    UsageItemProperties Properties,
    string? KeyId,
    string? TransactionId,
    Credits BalanceAfter);

/// <summary>What an item's event told besides its price.</summary>
public sealed record UsageItemProperties(
    string? Model, string? AgentId, string? RepoId, string? UnitId, string? Host, string? NodeType, string? LlmType, string? LlmModel);

/// <summary>Which items to read.</summary>
/// <param name="From">Happened at or after; null: from the first.</param>
/// <param name="To">Happened before; null: to the last.</param>
/// <param name="Channel">Only of this channel.</param>
/// <param name="Operation">Only of this operation.</param>
/// <param name="KeyId">Only reported by this key.</param>
/// <param name="Cursor">The page after this one's; null: the newest.</param>
/// <param name="Limit">1 to <see cref="UsageItems.LargestPage"/>.</param>
public sealed record UsageItemQuery(
    DateTimeOffset? From = null,
    DateTimeOffset? To = null,
    string? Channel = null,
    string? Operation = null,
    string? KeyId = null,
    string? Cursor = null,
    int Limit = 50);

/// <summary>A page of items, newest first, and the cursor of the next; null at the end.</summary>
public sealed record UsageItemPage(IReadOnlyList<UsageItemView> Items, string? NextCursor);

/// <summary>Which items that cost credit to read.</summary>
/// <param name="RepoId">Of this repository.</param>
/// <param name="CreditType">Priced in this kind of credit.</param>
/// <param name="From">Charged at or after; null: from the first.</param>
/// <param name="To">Charged before; null: to the last.</param>
internal sealed record PaidItemQuery(string RepoId, string CreditType, DateTimeOffset? From, DateTimeOffset? To);

/// <summary>Reads recorded events, newest first by when they happened. Pages along the index, so depth costs nothing.</summary>
public sealed class UsageItems(IDbContextFactory<BillingDbContext> contexts)
{
    public const int LargestPage = 1000;

    /// <summary>A page of items.</summary>
    /// <exception cref="AccessDeniedException">A key without <see cref="Scopes.BillingRead"/>.</exception>
    public async Task<UsageItemPage> ListAsync(Caller caller, UsageItemQuery query, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingRead);
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, LargestPage);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var page = await Views(Filtered(db, caller.OrganizationId, query).OrderByDescending(row => row.Id).Take(query.Limit + 1)).ToListAsync(cancellationToken);
        return page.Count > query.Limit ? new UsageItemPage(page[..query.Limit], page[query.Limit - 1].Id) : new UsageItemPage(page, null);
    }

    /// <summary>All items of a query, page by page, however many; its cursor and limit are left aside.</summary>
    /// <exception cref="AccessDeniedException">A key without <see cref="Scopes.BillingRead"/>.</exception>
    public async IAsyncEnumerable<UsageItemView> StreamAsync(Caller caller, UsageItemQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var next = query with { Cursor = null, Limit = LargestPage };
        while (true)
        {
            var page = await ListAsync(caller, next, cancellationToken);
            foreach (var item in page.Items)
            {
                yield return item;
            }

            if (page.NextCursor is null)
            {
                yield break;
            }

            next = next with { Cursor = page.NextCursor };
        }
    }

    /// <summary>Those of the items that the organization has, by their id.</summary>
    internal async Task<IReadOnlyDictionary<string, UsageItemView>> FindManyAsync(
        string organizationId, IReadOnlyCollection<string> ids, CancellationToken cancellationToken)
    {
        if (ids.Count == 0)
        {
            return new Dictionary<string, UsageItemView>();
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await Views(db.Set<UsageItem>().AsNoTracking().Where(row => row.OrganizationId == organizationId && ids.Contains(row.Id)))
            .ToDictionaryAsync(item => item.Id, cancellationToken);
    }

    /// <summary>How many items of a repository cost credit; counting stops at <paramref name="atMost"/>.</summary>
    internal async Task<int> CountPaidAsync(string organizationId, PaidItemQuery query, int atMost, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await Paid(db, organizationId, query).OrderByDescending(row => row.Id).Take(atMost).CountAsync(cancellationToken);
    }

    /// <summary>Items of a repository that cost credit, newest first by when they happened.</summary>
    internal async Task<IReadOnlyList<UsageItemView>> ListPaidAsync(
        string organizationId, PaidItemQuery query, long skip, int limit, CancellationToken cancellationToken)
    {
        if (skip > int.MaxValue)
        {
            return [];
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await Views(Paid(db, organizationId, query).OrderByDescending(row => row.Id).Skip((int)skip).Take(limit)).ToListAsync(cancellationToken);
    }

    private static IQueryable<UsageItem> Paid(BillingDbContext db, string organizationId, PaidItemQuery query)
    {
        var rows = db.Set<UsageItem>().AsNoTracking()
            .Where(row => row.OrganizationId == organizationId && row.RepoId == query.RepoId)
            .Where(row => row.CreditType == query.CreditType && row.CreditsMicros != Credits.Zero);
        if (query.From is { } from)
        {
            rows = rows.Where(row => row.RecordedAt >= from);
        }

        return query.To is { } to ? rows.Where(row => row.RecordedAt < to) : rows;
    }

    private static IQueryable<UsageItem> Filtered(BillingDbContext db, string organizationId, UsageItemQuery query)
    {
        var rows = db.Set<UsageItem>().AsNoTracking().Where(row => row.OrganizationId == organizationId);
        if (query.From is { } from)
        {
            var low = Ids.First("itm", from);
            rows = rows.Where(row => row.Id.CompareTo(low) >= 0);
        }

        if (query.To is { } to)
        {
            var high = Ids.First("itm", to);
            rows = rows.Where(row => row.Id.CompareTo(high) < 0);
        }

        if (query.Cursor is { } cursor)
        {
            rows = rows.Where(row => row.Id.CompareTo(cursor) < 0);
        }

        if (query.Channel is { } channel)
        {
            rows = rows.Where(row => row.Channel == channel);
        }

        if (query.Operation is { } operation)
        {
            rows = rows.Where(row => row.Operation == operation);
        }

        return query.KeyId is { } keyId ? rows.Where(row => row.KeyId == keyId) : rows;
    }

    private static IQueryable<UsageItemView> Views(IQueryable<UsageItem> rows) => rows.Select(row => new UsageItemView(
        row.Id, row.EventId, row.OccurredAt, row.RecordedAt, row.Operation, row.Channel, row.Category, Quantity.FromMicros(row.QuantityMicros),
        row.IncludedMicros, row.CreditType, row.CreditsMicros, row.RateMicros, row.OutputRateMicros, row.InputTokens, row.Outcome, row.Description,
        new UsageItemProperties(row.Model, row.AgentId, row.RepoId, row.UnitId, row.Host, row.NodeType, row.LlmType, row.LlmModel),
        row.KeyId.Length == 0 ? null : row.KeyId, row.TransactionId, row.BalanceAfterMicros));
}
