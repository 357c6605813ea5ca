using System.Data.Common;
using System.Diagnostics;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Wallets;

/// <summary>A broken invariant.</summary>
/// <param name="Invariant">Its number in the list of docs/ledger.md.</param>
/// <param name="Message">What is wrong, where.</param>
public sealed record LedgerFault(int Invariant, string Message);

/// <summary>What a verification found.</summary>
/// <param name="Wallets">Wallets looked at.</param>
/// <param name="Transactions">Transactions looked at.</param>
/// <param name="Postings">Postings looked at.</param>
/// <param name="Faults">Empty when the ledger is sound; at most <see cref="LedgerVerification.FaultsPerCheck"/> of each kind.</param>
/// <param name="Elapsed">How long it took.</param>
public sealed record LedgerReport(long Wallets, long Transactions, long Postings, IReadOnlyList<LedgerFault> Faults, TimeSpan Elapsed)
{
    public bool IsSound => Faults.Count == 0;
}

/// <summary>Checks the seven invariants of the ledger on what is stored, in one snapshot, without stopping anyone.</summary>
/// <remarks>Source of the invariants: design §2.</remarks>
public sealed class LedgerVerification(IDbContextFactory<BillingDbContext> contexts)
{
    /// <summary>How many faults of one kind a report names.</summary>
    public const int FaultsPerCheck = 20;

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(30);

    // Sums over the whole ledger pass 64 bits long before any wallet does, and SQLite ends such a sum with an error.
    private const string Total = "(SUM(p.amount_micros / 1000000) * 1000000 + SUM(p.amount_micros % 1000000))";

    // Each query names its broken rows; the engines agree on every word of them.
    private static readonly (int Invariant, string Sql)[] Checks =
    [
        (1, """
            SELECT 'the postings of transaction ' || transaction_id || ' sum to ' || SUM(amount_micros) || ', not zero'
            FROM postings GROUP BY organization_id, transaction_id HAVING SUM(amount_micros) <> 0
            """),
        (1, $"""
            SELECT 'all postings of ' || t.credit_type || ' sum to ' || {Total} || ', not zero'
            FROM postings p JOIN transactions t ON t.organization_id = p.organization_id AND t.id = p.transaction_id
            GROUP BY t.credit_type HAVING {Total} <> 0
            """),
        (1, $"""
            SELECT 'gifts of ' || t.credit_type || ' left ' || {Total} || ' on the way'
            FROM postings p JOIN transactions t ON t.organization_id = p.organization_id AND t.id = p.transaction_id
            WHERE p.account = 'transferred' GROUP BY t.credit_type HAVING {Total} <> 0
            """),
        (1, """
            SELECT 'the postings of ' || p.transaction_id || ' belong to no transaction'
            FROM postings p LEFT JOIN transactions t ON t.organization_id = p.organization_id AND t.id = p.transaction_id
            WHERE t.id IS NULL GROUP BY p.transaction_id
            """),
        (2, """
            SELECT 'bucket ' || b.id || ' has ' || b.remaining_micros || ' left, its postings sum to ' || COALESCE(SUM(p.amount_micros), 0)
            FROM buckets b LEFT JOIN postings p ON p.organization_id = b.organization_id AND p.bucket_id = b.id
            GROUP BY b.organization_id, b.id, b.remaining_micros HAVING b.remaining_micros <> COALESCE(SUM(p.amount_micros), 0)
            """),
        (2, """
            SELECT 'bucket ' || id || ' has ' || remaining_micros || ' left of ' || amount_micros
            FROM buckets
            WHERE (kind <> 'overdraft' AND remaining_micros < 0) OR (kind = 'overdraft' AND remaining_micros < -amount_micros)
            """),
        (3, """
            SELECT 'wallet ' || w.organization_id || '/' || w.credit_type || ' says ' || w.balance_micros || ', its buckets sum to ' || COALESCE(SUM(b.remaining_micros), 0)
            FROM wallets w LEFT JOIN buckets b ON b.organization_id = w.organization_id AND b.credit_type = w.credit_type
            GROUP BY w.organization_id, w.credit_type, w.balance_micros HAVING w.balance_micros <> COALESCE(SUM(b.remaining_micros), 0)
            """),
        (3, """
            SELECT 'wallet ' || w.organization_id || '/' || w.credit_type || ' says ' || w.balance_micros || ' after ' || w.sequence || ' transactions, the last of which does not'
            FROM wallets w LEFT JOIN transactions t
                ON t.organization_id = w.organization_id AND t.credit_type = w.credit_type AND t.sequence = w.sequence
            WHERE w.balance_micros <> COALESCE(t.balance_after_micros, 0) OR (w.sequence > 0 AND t.id IS NULL)
            """),
        (3, """
            SELECT 'wallet ' || t.organization_id || '/' || t.credit_type || ' has transactions beyond its last'
            FROM transactions t LEFT JOIN wallets w ON w.organization_id = t.organization_id AND w.credit_type = t.credit_type
            WHERE w.sequence IS NULL OR t.sequence > w.sequence GROUP BY t.organization_id, t.credit_type
            """),
        (3, """
            SELECT 'wallet ' || w.organization_id || '/' || w.credit_type || ' says ' || w.balance_micros || ' after ' || w.sequence || ' transactions, its days sum to '
                || COALESCE(SUM(d.whole_credits) * 1000000 + SUM(d.fraction_micros), 0) || ' after ' || COALESCE(SUM(d.transactions), 0)
            FROM wallets w LEFT JOIN wallet_days d ON d.organization_id = w.organization_id AND d.credit_type = w.credit_type
            GROUP BY w.organization_id, w.credit_type, w.balance_micros, w.sequence
            HAVING w.balance_micros <> COALESCE(SUM(d.whole_credits) * 1000000 + SUM(d.fraction_micros), 0) OR w.sequence <> COALESCE(SUM(d.transactions), 0)
            """),
        (5, """
            SELECT 'reference ' || reference || ' of ' || organization_id || ' was posted ' || COUNT(*) || ' times in ' || credit_type
            FROM transactions GROUP BY organization_id, credit_type, reference HAVING COUNT(*) > 1
            """),
        (5, """
            SELECT 'transaction ' || t.id || ' has a reference, ' || t.reference || ', that is not kept'
            FROM transactions t LEFT JOIN posted_references r ON r.organization_id = t.organization_id AND r.reference = t.reference
            WHERE r.reference IS NULL
            """),
        (6, """
            SELECT 'wallet ' || w.organization_id || '/' || w.credit_type || ' says ' || w.held_micros || ' is held, its holds sum to ' || COALESCE(SUM(h.amount_micros), 0)
            FROM wallets w LEFT JOIN holds h ON h.organization_id = w.organization_id AND h.credit_type = w.credit_type AND h.state = 'open'
            GROUP BY w.organization_id, w.credit_type, w.held_micros HAVING w.held_micros <> COALESCE(SUM(h.amount_micros), 0)
            """),
        (6, """
            SELECT 'wallet ' || w.organization_id || '/' || w.credit_type || ' is below zero by more than it owes'
            FROM wallets w LEFT JOIN buckets b ON b.organization_id = w.organization_id AND b.credit_type = w.credit_type AND b.kind = 'overdraft'
            WHERE w.balance_micros < COALESCE(b.remaining_micros, 0)
            """),
        (7, """
            SELECT 'transaction ' || id || ' leaves ' || balance_after_micros || ' after ' || before_micros || ' and ' || amount_micros
            FROM (SELECT id, sequence, amount_micros, balance_after_micros,
                    LAG(balance_after_micros, 1, 0) OVER wallet AS before_micros, ROW_NUMBER() OVER wallet AS number
                FROM transactions WINDOW wallet AS (PARTITION BY organization_id, credit_type ORDER BY sequence)) chain
            WHERE balance_after_micros <> before_micros + amount_micros OR sequence <> number
            """),
        (7, """
            SELECT 'transaction ' || t.id || ' says ' || t.amount_micros || ', its buckets moved by ' || COALESCE(SUM(p.amount_micros), 0)
            FROM transactions t LEFT JOIN postings p
                ON p.organization_id = t.organization_id AND p.transaction_id = t.id AND p.bucket_id IS NOT NULL
            GROUP BY t.organization_id, t.id, t.amount_micros HAVING t.amount_micros <> COALESCE(SUM(p.amount_micros), 0)
            """),
        (7, """
            SELECT 'posting ' || p.leg || ' of ' || p.transaction_id || ' moves bucket ' || p.bucket_id || ', which is in no wallet of its transaction'
            FROM postings p JOIN transactions t ON t.organization_id = p.organization_id AND t.id = p.transaction_id
                LEFT JOIN buckets b ON b.organization_id = p.organization_id AND b.id = p.bucket_id AND b.credit_type = t.credit_type
            WHERE p.bucket_id IS NOT NULL AND b.id IS NULL
            """),
    ];

    /// <summary>Checks everything, telling <paramref name="progress"/> the share done, 0 to 1.</summary>
    public async Task<LedgerReport> VerifyAsync(IProgress<decimal>? progress, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        db.Database.SetCommandTimeout(Timeout);

        // What is posted meanwhile belongs to none of the checks.
        await using var snapshot = await db.BeginSnapshotAsync(cancellationToken);
        var faults = new List<LedgerFault>();
        foreach (var (index, check) in Checks.Index())
        {
            var messages = await QueryAsync(db, $"{check.Sql} LIMIT {FaultsPerCheck}", cancellationToken);
            faults.AddRange(messages.Select(message => new LedgerFault(check.Invariant, message)));
            progress?.Report(decimal.Divide(index + 1, Checks.Length));
        }

        faults.AddRange(await MissingGuardsAsync(db, cancellationToken));
        return new LedgerReport(
            await db.Set<WalletRow>().LongCountAsync(cancellationToken),
            await db.Set<TransactionRow>().LongCountAsync(cancellationToken),
            await db.Set<PostingRow>().LongCountAsync(cancellationToken),
            faults,
            Stopwatch.GetElapsedTime(started));
    }

    private static async Task<IEnumerable<LedgerFault>> MissingGuardsAsync(BillingDbContext db, CancellationToken cancellationToken)
    {
        var catalog = db.Database.IsSqlite()
            ? "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            : "SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'";
        var present = await QueryAsync(db, catalog, cancellationToken);
        return LedgerGuards.Rows.TriggersOn(db.Database.IsSqlite()).Except(present, StringComparer.Ordinal)
            .Select(missing => new LedgerFault(4, $"the guard {missing}, which keeps posted rows from being changed, is missing or off"));
    }

    private static async Task<List<string>> QueryAsync(BillingDbContext db, string sql, CancellationToken cancellationToken)
    {
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = sql;
        command.CommandTimeout = (int)Timeout.TotalSeconds;
        command.Transaction = db.Database.CurrentTransaction is Microsoft.EntityFrameworkCore.Infrastructure.IInfrastructure<DbTransaction> current
            ? current.Instance
            : null;
        var messages = new List<string>();
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            messages.Add(rows.GetString(0));
        }

        return messages;
    }
}
