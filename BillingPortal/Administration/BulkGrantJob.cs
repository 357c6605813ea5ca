using BillingPortal.Access;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Administration;

/// <summary>Grants, and takes back, what files of grants say, row by row. What was cut off goes on at the next start: a row's reference lets it be granted once.</summary>
public sealed class BulkGrantJob(IDbContextFactory<BillingDbContext> contexts, CreditAdjustments adjustments, TimeProvider clock, ILogger<BulkGrantJob> logger)
    : PeriodicJob(TimeSpan.FromSeconds(1), clock, logger)
{
    private const int Chunk = 200;

    // Enough for the ledger's commits to hold several rows each.
    private const int AtOnce = 16;

    protected override async Task RunRoundAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var moving = await db.Set<GrantBatch>().AsNoTracking()
            .Where(batch => batch.State == GrantBatchState.Running || batch.State == GrantBatchState.Undoing)
            .OrderBy(batch => batch.Id).ToListAsync(cancellationToken);
        foreach (var batch in moving)
        {
            var isUndoing = batch.State is GrantBatchState.Undoing;
            await EachAsync(batch, isUndoing ? GrantRowState.Granted : GrantRowState.Ready, isUndoing ? TakeBackAsync : GrantAsync, cancellationToken);
            var (now, ended) = (Clock.Now(), isUndoing ? GrantBatchState.Undone : GrantBatchState.Done);
            await db.Set<GrantBatch>().Where(row => row.Id == batch.Id && row.State == batch.State)
                .ExecuteUpdateAsync(update => update.SetProperty(row => row.State, ended).SetProperty(row => row.EndedAt, now), cancellationToken);
        }
    }

    private async Task EachAsync(
        GrantBatch batch, GrantRowState state, Func<GrantBatch, GrantBatchRow, CancellationToken, ValueTask> work, CancellationToken cancellationToken)
    {
        while (true)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var rows = await db.Set<GrantBatchRow>().AsNoTracking().Where(row => row.BatchId == batch.Id && row.State == state)
                .OrderBy(row => row.Line).Take(Chunk).ToListAsync(cancellationToken);
            if (rows.Count == 0)
            {
                return;
            }

            var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(rows, options, (row, ct) => work(batch, row, ct));
        }
    }

    private async ValueTask GrantAsync(GrantBatch batch, GrantBatchRow row, CancellationToken cancellationToken)
    {
        var result = await adjustments.PostAsync(
            StarterOf(batch), BulkGrants.WishOf(batch, row), batch.Id,
            (db, adjustment) => MarkAsync(db, row, GrantRowState.Granted, null, adjustment.Id, CancellationToken.None),
            cancellationToken);
        switch (result)
        {
            case AdjustmentResult.Done { IsReplay: true, Adjustment: var first }:
                // Of this very file, if the process ended between the commit and here; else of another.
                await MarkAsync(row, first.BatchId == batch.Id ? GrantRowState.Granted : GrantRowState.GrantedBefore, null, first.Id, cancellationToken);
                break;
            case AdjustmentResult.Invalid invalid:
                await MarkAsync(row, GrantRowState.Refused, invalid.Message, null, cancellationToken);
                break;
        }
    }

    private async ValueTask TakeBackAsync(GrantBatch batch, GrantBatchRow row, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var adjustment = await db.Set<CreditAdjustment>().AsNoTracking().SingleAsync(candidate => candidate.Id == row.AdjustmentId, cancellationToken);
        if (adjustment.UndoneAt is not null)
        {
            // One by one, before.
            await MarkAsync(row, GrantRowState.Undone, null, adjustment.Id, cancellationToken);
            return;
        }

        var undo = await adjustments.ReverseAsync(
            StarterOf(batch), adjustment, riding => MarkAsync(riding, row, GrantRowState.Undone, null, adjustment.Id, CancellationToken.None), cancellationToken);
        if (undo is AdjustmentUndo.NothingLeft)
        {
            await MarkAsync(row, GrantRowState.UsedUp, "All of it was used or has expired.", adjustment.Id, cancellationToken);
        }
    }

    /// <summary>Whoever started it is who did it.</summary>
    private static Caller StarterOf(GrantBatch batch) =>
        Caller.ForUser(batch.StartedBy!, "", MemberRole.Member, isPlatformAdministrator: true) with { Address = batch.StartedFrom };

    private async Task MarkAsync(GrantBatchRow row, GrantRowState state, string? message, string? adjustmentId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await MarkAsync(db, row, state, message, adjustmentId, cancellationToken);
    }

    private static Task<int> MarkAsync(
        BillingDbContext db, GrantBatchRow row, GrantRowState state, string? message, string? adjustmentId, CancellationToken cancellationToken) =>
        db.Set<GrantBatchRow>().Where(candidate => candidate.BatchId == row.BatchId && candidate.Line == row.Line).ExecuteUpdateAsync(
            update => update.SetProperty(candidate => candidate.State, state).SetProperty(candidate => candidate.Message, message)
                .SetProperty(candidate => candidate.AdjustmentId, adjustmentId),
            cancellationToken);
}
