namespace BillingPortal.Store;

/// <summary>A keyed query with its keys and what is done with each row.</summary>
public sealed record KeyedRead(KeyedQuery Query, IReadOnlyList<string[]> Keys, Action<IKeyedRow> OnRow);

/// <summary>A row as it was read, column by column in the query's order.</summary>
public interface IKeyedRow
{
    bool IsNull(int column);

    string Text(int column);

    long Number(int column);

    bool Bool(int column);
}

/// <summary>One connection that reads and writes many rows at a time, one transaction after another. Not for two threads at once.</summary>
/// <remarks>The ledger's hot path; EF Core serves everything else, and joins a transaction of this through <see cref="EnlistAsync"/>.</remarks>
public abstract class StoreSession : IAsyncDisposable
{
    private readonly List<RowSet> pending = [];

    public abstract Task BeginAsync(CancellationToken cancellationToken);

    /// <summary>Runs the reads in order, inside the transaction.</summary>
    public abstract Task ReadAsync(IReadOnlyList<KeyedRead> reads, CancellationToken cancellationToken);

    /// <summary>The rows of a shape that this transaction will write; the same set for the same shape.</summary>
    public RowSet Rows(TableShape shape)
    {
        var set = pending.Find(candidate => ReferenceEquals(candidate.Shape, shape));
        if (set is null)
        {
            set = new RowSet(shape);
            pending.Add(set);
        }

        return set;
    }

    /// <summary>Writes what is pending and gives a context that works inside this transaction.</summary>
    public async Task<BillingDbContext> EnlistAsync(CancellationToken cancellationToken)
    {
        await FlushAsync(cancellationToken);
        return Enlist();
    }

    /// <summary>Writes what is pending, inside the transaction.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken) => await FlushAsync(commit: false, cancellationToken);

    /// <summary>Writes what is pending and commits. When it throws, whether it committed is not known.</summary>
    public async Task CommitAsync(CancellationToken cancellationToken) => await FlushAsync(commit: true, cancellationToken);

    /// <summary>Forgets what is pending and rolls back, whatever state the connection is in.</summary>
    public async Task RollbackAsync()
    {
        pending.Clear();
        try
        {
            await UndoAsync();
        }
        catch (Exception)
        {
            // The connection is beyond repair; nothing was committed on it, and the next transaction starts on a new one.
            await DiscardAsync();
        }
    }

    public abstract ValueTask DisposeAsync();

    protected abstract Task WriteAsync(IReadOnlyList<RowSet> sets, bool commit, CancellationToken cancellationToken);

    /// <summary>Rolls back; afterwards the session can begin again. May throw.</summary>
    protected abstract Task UndoAsync();

    /// <summary>Gives the connection up, whatever state it is in.</summary>
    protected abstract Task DiscardAsync();

    protected abstract BillingDbContext Enlist();

    private async Task FlushAsync(bool commit, CancellationToken cancellationToken)
    {
        await WriteAsync([.. pending.Where(set => set.Rows.Count > 0)], commit, cancellationToken);
        pending.Clear();
    }
}

/// <summary>Opens sessions on the configured engine.</summary>
public interface IStoreSessions
{
    /// <summary>How many sessions may usefully write at the same time: one on SQLite.</summary>
    int Writers { get; }

    StoreSession Open();

    /// <summary>Whether an error is a unique key that was taken.</summary>
    bool IsUniqueViolation(Exception exception);

    /// <summary>Whether an error is the database being away, busy or cut off, so that trying again may help.</summary>
    bool IsTransient(Exception exception);
}
