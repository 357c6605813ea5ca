using System.Globalization;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Audit;
using BillingPortal.Gifting;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Administration;

/// <summary>A file of grants to be read.</summary>
/// <param name="Name">What it is called; with a row's reference it makes that row granted at most once, for ever.</param>
/// <param name="Text">Its CSV.</param>
/// <param name="CreditType">One of <see cref="CreditAdjustments.Adjustable"/>.</param>
/// <param name="Source">One of <see cref="CreditAdjustments.Sources"/>.</param>
/// <param name="Reason">Why, for the rows that do not say so themselves.</param>
public sealed record GrantUpload(string Name, string Text, string CreditType, string Source, string Reason);

/// <summary>What became of reading a file, or of starting one.</summary>
public abstract record BulkResult
{
    private BulkResult()
    {
    }

    /// <summary>Read, or started.</summary>
    public sealed record Accepted(string BatchId) : BulkResult;

    /// <summary>The named part of it cannot be; nothing was done.</summary>
    public sealed record Invalid(string Field, string Message) : BulkResult;
}

/// <summary>A file of grants and how many of its rows are how far.</summary>
public sealed record GrantBatchView(GrantBatch Batch, IReadOnlyDictionary<GrantRowState, long> Counts)
{
    /// <summary>Whether rows are granted or taken back just now.</summary>
    public bool IsMoving => Batch.State is GrantBatchState.Running or GrantBatchState.Undoing;

    public long CountOf(params ReadOnlySpan<GrantRowState> states)
    {
        var sum = 0L;
        foreach (var state in states)
        {
            sum += Counts.GetValueOrDefault(state);
        }

        return sum;
    }
}

/// <summary>Grants to many from a file: tried dry row by row, started by typing the total, done in the background, undone as a whole.</summary>
public sealed class BulkGrants(
    IDbContextFactory<BillingDbContext> contexts, WalletReader wallets, TimeProvider clock)
{
    /// <summary>Longest name of a file, in characters.</summary>
    public const int NameLength = 80;

    /// <summary>Most files on one page.</summary>
    public const int PageSize = 20;

    /// <summary>Most rows on one page.</summary>
    public const int RowPageLimit = 1000;

    private const int LookUps = 500;
    private static readonly TimeSpan DraftsKept = TimeSpan.FromDays(7);

    /// <summary>Largest file, in bytes.</summary>
    public static int LargestFile => GrantFile.LargestFile;

    /// <summary>Reads a file and tries each row dry; grants nothing.</summary>
    /// <exception cref="AccessDeniedException">The caller is no platform administrator.</exception>
    public async Task<BulkResult> ReadAsync(Caller caller, GrantUpload upload, CancellationToken cancellationToken)
    {
        Demand(caller);
        var (name, now) = (upload.Name.Trim(), clock.Now());
        if (name.Length is 0 or > NameLength || name.Any(char.IsControl))
        {
            return new BulkResult.Invalid("name", $"Give the file a name of 1 to {NameLength} characters.");
        }

        if (upload.Text.Length > GrantFile.LargestFile)
        {
            return new BulkResult.Invalid("file", $"A file has at most {GrantFile.LargestFile / 1024} KB.");
        }

        var (lines, fault) = GrantFile.Read(upload.Text, upload.Reason.Trim());
        if (fault is not null)
        {
            return new BulkResult.Invalid("file", fault);
        }

        var batchId = Ids.New("bulk", now);
        var rows = await TryDryAsync(batchId, name, upload, lines, now, cancellationToken);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Set<GrantBatch>().Where(batch => batch.State == GrantBatchState.Draft && batch.CreatedAt < now - DraftsKept).ExecuteDeleteAsync(cancellationToken);
        db.Add(new GrantBatch
        {
            Id = batchId,
            Name = name,
            CreditType = upload.CreditType,
            Source = upload.Source,
            UserId = caller.UserId!,
            CreatedAt = now,
            Rows = rows.Count,
            TotalMicros = Credits.Sum(rows.Where(row => row.State is GrantRowState.Ready).Select(row => row.AmountMicros)),
        });
        db.AddRange(rows);
        await db.SaveChangesAsync(cancellationToken);
        return new BulkResult.Accepted(batchId);
    }

    /// <summary>Starts granting the rows of a draft that can be granted.</summary>
    /// <param name="caller">A platform administrator who gave the password lately.</param>
    /// <param name="batchId">The draft.</param>
    /// <param name="typedTotal">The sum of its rows, as a person typed it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">The caller is no platform administrator, or is to give the password again.</exception>
    public async Task<BulkResult> StartAsync(Caller caller, string batchId, string typedTotal, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        caller.DemandConfirmedAdministrator(now);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        if (await db.Set<GrantBatch>().AsNoTracking().SingleOrDefaultAsync(row => row.Id == batchId, cancellationToken) is not { } batch)
        {
            return new BulkResult.Invalid("batch", "There is no such file any more.");
        }

        if (!batch.TotalMicros.IsPositive)
        {
            return new BulkResult.Invalid("batch", "There is no row to grant.");
        }

        if (!decimal.TryParse(typedTotal, NumberStyles.Number, CultureInfo.InvariantCulture, out var typed) || typed != batch.TotalMicros.ToDecimal())
        {
            return new BulkResult.Invalid("total", $"Type the total, {batch.TotalMicros}, to start.");
        }

        // Whoever comes second finds it started.
        var started = await db.Set<GrantBatch>().Where(row => row.Id == batchId && row.State == GrantBatchState.Draft).ExecuteUpdateAsync(
            update => update.SetProperty(row => row.State, GrantBatchState.Running).SetProperty(row => row.StartedBy, caller.UserId)
                .SetProperty(row => row.StartedFrom, caller.Address).SetProperty(row => row.StartedAt, now),
            cancellationToken);
        if (started > 0)
        {
            db.Record(caller, now, AuditActs.BulkStarted, batchId, null, new { batch.Name, batch.CreditType, Total = batch.TotalMicros, batch.Rows, batch.Source });
            await db.SaveChangesAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }

        return new BulkResult.Accepted(batchId);
    }

    /// <summary>Starts taking back what is left of a file's grants.</summary>
    /// <exception cref="AccessDeniedException">The caller is no platform administrator, or is to give the password again.</exception>
    public async Task<BulkResult> UndoAsync(Caller caller, string batchId, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        caller.DemandConfirmedAdministrator(now);
        var earliest = now - CreditAdjustments.UndoWithin;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var started = await db.Set<GrantBatch>().Where(row => row.Id == batchId && row.State == GrantBatchState.Done && row.StartedAt > earliest).ExecuteUpdateAsync(
            update => update.SetProperty(row => row.State, GrantBatchState.Undoing).SetProperty(row => row.StartedBy, caller.UserId)
                .SetProperty(row => row.StartedFrom, caller.Address),
            cancellationToken);
        if (started == 0)
        {
            return new BulkResult.Invalid("batch", $"A file can be undone once, within {CreditAdjustments.UndoWithin.TotalHours} hours after it was started, when all of it is done.");
        }

        db.Record(caller, now, AuditActs.BulkUndone, batchId, null, null);
        await db.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new BulkResult.Accepted(batchId);
    }

    /// <summary>A file with how far it is; null if there is none of that id.</summary>
    /// <exception cref="AccessDeniedException">The caller is no platform administrator.</exception>
    public async Task<GrantBatchView?> FindAsync(Caller caller, string batchId, CancellationToken cancellationToken)
    {
        Demand(caller);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.Set<GrantBatch>().AsNoTracking().SingleOrDefaultAsync(row => row.Id == batchId, cancellationToken) is not { } batch)
        {
            return null;
        }

        var counts = await db.Set<GrantBatchRow>().Where(row => row.BatchId == batchId).GroupBy(row => row.State)
            .Select(rows => new { rows.Key, Count = rows.LongCount() }).ToDictionaryAsync(rows => rows.Key, rows => rows.Count, cancellationToken);
        return new GrantBatchView(batch, counts);
    }

    /// <summary>Files, newest first, at most <see cref="PageSize"/> and one more, which tells that there are more.</summary>
    /// <exception cref="AccessDeniedException">The caller is no platform administrator.</exception>
    public async Task<IReadOnlyList<GrantBatch>> ListAsync(Caller caller, string? before, CancellationToken cancellationToken)
    {
        Demand(caller);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = db.Set<GrantBatch>().AsNoTracking();
        if (before is not null)
        {
            rows = rows.Where(row => row.Id.CompareTo(before) < 0);
        }

        return await rows.OrderByDescending(row => row.Id).Take(PageSize + 1).ToListAsync(cancellationToken);
    }

    /// <summary>Rows of a file, by line.</summary>
    /// <param name="caller">A platform administrator.</param>
    /// <param name="batchId">The file.</param>
    /// <param name="onlyFaulty">Only those that were not and will not be granted.</param>
    /// <param name="after">The page after this line; null: the first.</param>
    /// <param name="limit">1 to <see cref="RowPageLimit"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">The caller is no platform administrator.</exception>
    public async Task<IReadOnlyList<GrantBatchRow>> ListRowsAsync(
        Caller caller, string batchId, bool onlyFaulty, long? after, int limit, CancellationToken cancellationToken)
    {
        Demand(caller);
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, RowPageLimit);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = db.Set<GrantBatchRow>().AsNoTracking().Where(row => row.BatchId == batchId);
        if (onlyFaulty)
        {
            rows = rows.Where(row => row.State == GrantRowState.Faulty || row.State == GrantRowState.Refused || row.State == GrantRowState.GrantedBefore || row.State == GrantRowState.UsedUp);
        }

        return await rows.Where(row => row.Line > (after ?? 0)).OrderBy(row => row.Line).Take(limit).ToListAsync(cancellationToken);
    }

    /// <summary>What a row posts.</summary>
    internal static AdjustmentWish WishOf(GrantBatch batch, GrantBatchRow row) => new(
        row.OrganizationId!, batch.CreditType, AdjustmentKind.Grant, row.AmountMicros, batch.Source, row.Reason, ReferenceOf(batch.Name, row.Reference), row.ExpiresAt);

    private static string ReferenceOf(string name, string reference) => $"bulk:{name}:{reference}";

    private static void Demand(Caller caller)
    {
        caller.DemandSession();
        caller.DemandPlatformAdministrator();
    }

    private async Task<List<GrantBatchRow>> TryDryAsync(
        string batchId, string name, GrantUpload upload, IReadOnlyList<GrantLine> lines, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var customers = await FindCustomersAsync(lines, cancellationToken);
        var rows = new List<GrantBatchRow>(lines.Count);
        foreach (var line in lines)
        {
            var organizationId = customers.GetValueOrDefault(KeyOf(line.Customer));
            var wish = new AdjustmentWish(
                organizationId ?? "", upload.CreditType, AdjustmentKind.Grant, line.Amount, upload.Source, line.Reason, ReferenceOf(name, line.Reference), line.ExpiresAt);
            var fault = line.Fault ?? CreditAdjustments.FaultOf(wish, now)?.Message ?? (organizationId is null ? "Nobody has this e-mail address or id." : null);
            rows.Add(new GrantBatchRow
            {
                BatchId = batchId,
                Line = line.Line,
                Customer = line.Customer,
                OrganizationId = organizationId,
                AmountMicros = line.Amount,
                Reason = line.Reason,
                ExpiresAt = line.ExpiresAt,
                Reference = line.Reference,
                State = fault is null ? GrantRowState.Ready : GrantRowState.Faulty,
                Message = fault,
            });
        }

        foreach (var organization in rows.Where(row => row.State is GrantRowState.Ready).ToLookup(row => row.OrganizationId!))
        {
            var references = organization.ToDictionary(row => $"adjustment:{ReferenceOf(name, row.Reference)}");
            foreach (var posted in (await wallets.FindPostedAsync(organization.Key, [.. references.Keys], cancellationToken)).Keys)
            {
                references[posted].State = GrantRowState.GrantedBefore;
                references[posted].Message = "Granted before, by a file of this name.";
            }
        }

        return rows;
    }

    /// <summary>Organizations by what the file calls them.</summary>
    private async Task<IReadOnlyDictionary<string, string>> FindCustomersAsync(IReadOnlyList<GrantLine> lines, CancellationToken cancellationToken)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        foreach (var keys in lines.Select(line => KeyOf(line.Customer)).Distinct().Chunk(LookUps))
        {
            var byEmail = await (
                from user in db.Users
                join organization in db.Set<Organization>() on user.Id equals organization.PersonalOf
                where keys.Contains(user.NormalizedEmail!) && user.DisabledAt == null
                select new { Key = user.NormalizedEmail!, organization.Id }).ToListAsync(cancellationToken);
            var byId = await db.Set<Organization>().Where(organization => keys.Contains(organization.Id)).Select(organization => organization.Id).ToListAsync(cancellationToken);
            foreach (var (key, id) in byEmail.Select(customer => (customer.Key, customer.Id)).Concat(byId.Select(id => (id, id))))
            {
                found[key] = id;
            }
        }

        return found;
    }

    private static string KeyOf(string customer) => customer.Contains('@', StringComparison.Ordinal) ? EmailKey.Of(customer) : customer;
}
