using System.Collections.Immutable;
using System.Diagnostics;
using System.Threading.Channels;
using BillingPortal.Ledger;
using BillingPortal.Store;

namespace BillingPortal.Wallets;

/// <summary>The one door: every change of any balance goes through here.</summary>
/// <remarks>
/// Group commit. Callers queue commands; one loop per shard takes what has gathered, loads the wallets involved, applies the commands in order
/// with the pure ledger, writes everything in one database transaction and only then answers. Commands that gather while a commit is on its way
/// to the disk make the next batch, so the busier it is, the cheaper each becomes. Why: docs/decisions/0007.
/// </remarks>
public sealed class WalletWriter : BackgroundService
{
    private const int MaxBatch = 256;
    private const int MaxAttempts = 4;
    private const int QueueCapacity = 20_000;
    private static readonly TimeSpan FirstRetryDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestRetryDelay = TimeSpan.FromSeconds(1);

    // How long a caller waits for an absent database before it is told, the time in the queue included.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly IStoreSessions sessions;
    private readonly TimeProvider clock;
    private readonly BalanceFeed feed;
    private readonly LedgerSeal seal;
    private readonly WalletMetrics metrics;
    private readonly ILogger<WalletWriter> logger;
    private readonly Channel<Pending>[] shards;

    public WalletWriter(IStoreSessions sessions, TimeProvider clock, BalanceFeed feed, LedgerSeal seal, WalletMetrics metrics, ILogger<WalletWriter> logger)
    {
        (this.sessions, this.clock, this.feed, this.seal, this.metrics, this.logger) = (sessions, clock, feed, seal, metrics, logger);
        shards = [.. Enumerable.Range(0, sessions.Writers).Select(_ => Channel.CreateBounded<Pending>(
            new BoundedChannelOptions(QueueCapacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait }))];
    }

    /// <summary>Does a command, or answers that it was done before. Returns only after the commit.</summary>
    /// <param name="command">Whole or not at all, at most once for its reference.</param>
    /// <param name="cancellationToken">Gives up waiting; a command that was queued may still be done, and the same reference again will tell.</param>
    /// <exception cref="LedgerUnavailableException">The database stayed away, or the ledger is sealed; the command may be repeated under the same reference.</exception>
    public async Task<PostResult> ExecuteAsync(WalletCommand command, CancellationToken cancellationToken)
    {
        var pending = new Pending(command, Stopwatch.GetTimestamp());
        var shard = unchecked((uint)command.OrganizationId.GetHashCode(StringComparison.Ordinal)) % (uint)shards.Length;
        await shards[shard].Writer.WriteAsync(pending, cancellationToken);
        return await pending.Completion.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Posts what has expired in a wallet and frees the holds that ended.</summary>
    internal Task SettleAsync(WalletKey wallet, CancellationToken cancellationToken) => ExecuteAsync(
        new SettleWallet { OrganizationId = wallet.OrganizationId, CreditType = wallet.CreditType, Reference = "settle", Source = "expiry", Actor = "system:expiry" },
        cancellationToken);

    /// <summary>Takes no more commands, finishes those that were queued, and ends.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        foreach (var shard in shards)
        {
            shard.Writer.TryComplete();
        }

        if (ExecuteTask is { } running)
        {
            await running.WaitAsync(cancellationToken);
        }

        await base.StopAsync(cancellationToken);
    }

    // The loops end when the queues are complete and empty, not when the host's token fires: what was accepted is finished.
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(shards.Select(shard => Task.Run(() => RunAsync(shard.Reader), CancellationToken.None)));

    private async Task RunAsync(ChannelReader<Pending> queue)
    {
        var session = sessions.Open();
        await using var ownership = session;
        var batch = new List<Pending>(MaxBatch);
        while (await queue.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < MaxBatch && queue.TryRead(out var pending))
            {
                batch.Add(pending);
            }

            await CommitAsync(session, batch);
        }
    }

    /// <summary>Commits a batch and answers its callers, whatever happens: nothing that goes wrong here ends the loop.</summary>
    private async Task CommitAsync(StoreSession session, IReadOnlyList<Pending> batch)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                seal.DemandOpen();
                await CommitOnceAsync(session, batch);
                return;
            }
            catch (Exception exception)
            {
                await session.RollbackAsync();

                // Trying again is safe even when the commit's outcome is unknown: a reference that was posted is found and answered as a replay.
                if (sessions.IsTransient(exception) && Stopwatch.GetElapsedTime(batch[0].QueuedAt) < Patience)
                {
                    logger.LogWarning(exception, "The database did not take a batch of {Count} commands; it is tried again.", batch.Count);
                    var delay = FirstRetryDelay * Math.Pow(2, attempt);
                    await Task.Delay(delay < LongestRetryDelay ? delay : LongestRetryDelay);
                    continue;
                }

                // A unique key that was taken between our look and our commit is found the second time.
                if (batch.Count == 1 && sessions.IsUniqueViolation(exception) && attempt < MaxAttempts)
                {
                    continue;
                }

                if (batch.Count == 1 || sessions.IsTransient(exception) || exception is LedgerUnavailableException)
                {
                    Fail(batch, exception);
                    return;
                }

                // A bad command fails alone.
                logger.LogInformation(exception, "A batch of {Count} commands failed and is done one by one.", batch.Count);
                foreach (var pending in batch)
                {
                    await CommitAsync(session, [pending]);
                }

                return;
            }
        }
    }

    private void Fail(IReadOnlyList<Pending> batch, Exception exception)
    {
        if (exception is RiderVetoException veto)
        {
            batch[0].Completion.TrySetResult(new PostResult.Refused(veto.Refusal));
            return;
        }

        metrics.Failed(batch.Count);
        var answer = sessions.IsTransient(exception) ? new LedgerUnavailableException("The database is not available.", exception) : exception;
        foreach (var pending in batch)
        {
            pending.Completion.TrySetException(answer);
        }
    }

    private async Task CommitOnceAsync(StoreSession session, IReadOnlyList<Pending> batch)
    {
        var references = new HashSet<ReferenceKey>(batch.Count);
        var keys = new HashSet<WalletKey>(batch.Count);
        var spenders = new HashSet<SpenderKey>();
        foreach (var command in batch.SelectMany(pending => pending.Command.Due.Append(pending.Command)))
        {
            references.Add(ReferenceOf(command));
            keys.UnionWith(command.Wallets);
            if (command.KeyId is { } keyId)
            {
                spenders.UnionWith(command.Wallets.Select(wallet => new SpenderKey(wallet, keyId)));
            }

            if (command.Captures is { } claim)
            {
                keys.UnionWith(claim.Wallets);
            }
        }

        await session.BeginAsync(CancellationToken.None);
        var posted = new Dictionary<ReferenceKey, string?>();
        var wallets = await LedgerStore.LoadAsync(session, keys, spenders, references, posted, CancellationToken.None);

        // Read after the locks are held, so that a wallet's transactions are in the order of their times.
        var book = new WalletBook(clock.Now());
        foreach (var wallet in wallets)
        {
            book.Load(wallet);
        }

        foreach (var expiry in book.Transactions)
        {
            LedgerStore.WriteReference(session, new(expiry.Wallet.OrganizationId, expiry.Header.Reference), expiry.Id);
        }

        var results = batch.Select(pending => Apply(session, book, pending.Command, posted)).ToArray();
        LedgerStore.Write(session, book);
        await RideAsync(session, batch, results);
        await session.CommitAsync(CancellationToken.None);
        metrics.Committed(batch.Count, book.Transactions.Count, batch[0].QueuedAt);
        foreach (var (pending, result) in batch.Zip(results))
        {
            pending.Completion.TrySetResult(result);
        }

        feed.Publish(book.Changes.Select(change => change.After.Key.OrganizationId));
        feed.PublishShortage(batch.Zip(results).Where(done => done.Second is PostResult.Refused { Refusal: Refusal.Insufficient }).Select(done => done.First.Command.OrganizationId));
    }

    private static PostResult Apply(StoreSession session, WalletBook book, WalletCommand command, Dictionary<ReferenceKey, string?> posted)
    {
        var reference = ReferenceOf(command);
        if (posted.TryGetValue(reference, out var resultId))
        {
            return new PostResult.Replayed(resultId);
        }

        var mark = book.Here();
        var due = new List<(ReferenceKey Key, string? ResultId)>();
        foreach (var grant in command.Due)
        {
            var key = ReferenceOf(grant);
            if (posted.ContainsKey(key))
            {
                continue;
            }

            if (grant.Apply(book) is { } refusedGrant)
            {
                book.Undo(mark);
                return new PostResult.Refused(refusedGrant);
            }

            due.Add((key, book.LastTransaction.Id));
        }

        var (first, firstHold) = (book.Transactions.Count, book.PlacedHolds.Count);
        var uncaptured = command.Captures is { } claim ? book.EndUsageHold(claim, HoldState.Captured) : null;
        if ((uncaptured ?? command.Apply(book)) is { } refusal)
        {
            book.Undo(mark);
            return new PostResult.Refused(refusal);
        }

        // A gift posts in two organizations and is remembered in both.
        var transactions = book.Transactions.Skip(first).ToImmutableArray();
        var elsewhere = transactions.Where(transaction => transaction.Wallet.OrganizationId != command.OrganizationId)
            .Select(transaction => (new ReferenceKey(transaction.Wallet.OrganizationId, transaction.Header.Reference), (string?)transaction.Id));
        foreach (var (key, id) in due.Append((reference, command.ResultId ?? transactions.FirstOrDefault()?.Id)).Concat(elsewhere))
        {
            posted.Add(key, id);
            LedgerStore.WriteReference(session, key, id);
        }

        return new PostResult.Posted(transactions, [.. command.Wallets.Select(book.BalanceOf)]) { Holds = [.. book.PlacedHolds.Skip(firstHold)] };
    }

    private static async Task RideAsync(StoreSession session, IReadOnlyList<Pending> batch, PostResult[] results)
    {
        var riding = batch.Zip(results)
            .Where(pair => pair.Second is PostResult.Posted)
            .SelectMany(pair => pair.First.Command.Riders, (pair, rider) => (Rider: rider, Posted: (PostResult.Posted)pair.Second))
            .ToList();
        foreach (var (rider, posted) in riding)
        {
            rider.Write(session, posted);
        }

        // After all rows of the batch: whoever counts them counts all of them.
        BillingDbContext? db = null;
        try
        {
            foreach (var (rider, posted) in riding.Where(one => one.Rider.UsesEntities))
            {
                db ??= await session.EnlistAsync(CancellationToken.None);
                await rider.WriteAsync(db, posted, CancellationToken.None);
                await db.SaveChangesAsync();
                db.ChangeTracker.Clear();
            }
        }
        finally
        {
            if (db is not null)
            {
                await db.DisposeAsync();
            }
        }
    }

    private static ReferenceKey ReferenceOf(WalletCommand command) => new(command.OrganizationId, command.Reference);

    private sealed record Pending(WalletCommand Command, long QueuedAt)
    {
        // Continuations run elsewhere: a caller must never hold up the writer.
        public TaskCompletionSource<PostResult> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
