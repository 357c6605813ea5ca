using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Store;

/// <summary>What became of the wish to work under an idempotency key.</summary>
public abstract record ClaimResult
{
    private ClaimResult()
    {
    }

    /// <summary>The key is the caller's to work under.</summary>
    public sealed record Claimed(IdempotencyClaim Claim) : ClaimResult;

    /// <summary>It was answered before.</summary>
    public sealed record Answered(StoredAnswer Answer) : ClaimResult;

    /// <summary>Another request is still at it.</summary>
    /// <param name="RetryAfter">When asking again makes sense: soon at first, then ever later, and when the other's lease ends at the latest.</param>
    public sealed record Running(TimeSpan RetryAfter) : ClaimResult;

    /// <summary>It stands for something else.</summary>
    public sealed record UsedElsewhere : ClaimResult;
}

/// <summary>The keys under which organizations ask for something at most once. Their rows, and so their answers, outlive a restart and are every instance's.</summary>
public sealed class IdempotencyKeys(IDbContextFactory<BillingDbContext> contexts, IDataProtectionProvider protection, TimeProvider clock)
{
    /// <summary>Longest key, in characters.</summary>
    public const int MaxLength = 200;

    /// <summary>How long an answer is kept. Source: contract, "Kept at least 24 hours".</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromHours(25);

    /// <summary>How long a request may work before another with its key may take over; well over the longest time-out behind any endpoint.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    private readonly IDataProtector protector = protection.CreateProtector("BillingPortal.Idempotency");

    /// <summary>Takes a key, unless it was taken: of any number of requests at once, on any instances, one gets it.</summary>
    /// <param name="organizationId">Keys of different organizations have nothing to do with each other.</param>
    /// <param name="key">1 to <see cref="MaxLength"/> characters.</param>
    /// <param name="fingerprint">Of all that makes one request another than the next.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<ClaimResult> ClaimAsync(string organizationId, string key, string fingerprint, CancellationToken cancellationToken)
    {
        // Here, and not for the first time inside an effect's transaction: what protects may first have to be read from, or written to, the database.
        protector.Protect([]);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        while (true)
        {
            var claim = new IdempotencyClaim(organizationId, key, protector, clock);
            var now = clock.Now();
            if (await TakeAsync(db, claim, fingerprint, now, cancellationToken))
            {
                return new ClaimResult.Claimed(claim);
            }

            var record = await db.Set<IdempotencyRecord>().AsNoTracking()
                .SingleOrDefaultAsync(row => row.OrganizationId == organizationId && row.Key == key, cancellationToken);
            if (record is null)
            {
                // Given back between our two looks.
                continue;
            }

            if (record.Fingerprint != fingerprint)
            {
                return new ClaimResult.UsedElsewhere();
            }

            return record.Status is null
                ? new ClaimResult.Running(Patience(now, record.LeaseUntil))
                : new ClaimResult.Answered(AnswerOf(record));
        }
    }

    /// <summary>Stores the answer of what was done, or refused, in commits of its own.</summary>
    /// <returns>The answer that counts: this one, or the one that was committed before without our knowing; null if another request has taken the key over.</returns>
    public async Task<StoredAnswer?> AnswerAsync(IdempotencyClaim claim, StoredAnswer answer, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        claim.AddTo(db, answer);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            return answer;
        }
        catch (DbUpdateConcurrencyException)
        {
            db.ChangeTracker.Clear();
            var record = await db.Set<IdempotencyRecord>().AsNoTracking()
                .SingleOrDefaultAsync(row => row.OrganizationId == claim.OrganizationId && row.Key == claim.Key, cancellationToken);
            return record?.Status is null ? null : AnswerOf(record);
        }
    }

    /// <summary>Gives a key back for which nothing was done. One that was answered, or taken over, stays as it is.</summary>
    public async Task ReleaseAsync(IdempotencyClaim claim, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Set<IdempotencyRecord>()
            .Where(row => row.OrganizationId == claim.OrganizationId && row.Key == claim.Key && row.Claim == claim.Token)
            .ExecuteDeleteAsync(cancellationToken);
    }

    /// <summary>Whether a commit failed because another request had taken the key over. Nothing of it was stored.</summary>
    public static bool IsTakenOver(Exception exception) => exception is DbUpdateConcurrencyException { Entries: [{ Entity: IdempotencyRecord }, ..] };

    // One statement, so that nobody comes between: a new key, one whose time is over, or one whose holder died before anything was done.
    private static async Task<bool> TakeAsync(
        BillingDbContext db, IdempotencyClaim claim, string fingerprint, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (time, lease, expiry) = (now.ToUnixTimeMilliseconds(), (now + Lease).ToUnixTimeMilliseconds(), (now + Kept).ToUnixTimeMilliseconds());
        return await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO idempotency_records AS r (organization_id, "key", fingerprint, claim, lease_until, expires_at)
            VALUES ({claim.OrganizationId}, {claim.Key}, {fingerprint}, {claim.Token}, {lease}, {expiry})
            ON CONFLICT (organization_id, "key") DO UPDATE SET
              fingerprint = excluded.fingerprint, claim = excluded.claim, lease_until = excluded.lease_until, expires_at = excluded.expires_at,
              status = NULL, content_type = NULL, body = NULL
            WHERE r.expires_at <= {time} OR (r.status IS NULL AND r.lease_until <= {time} AND r.fingerprint = excluded.fingerprint)
            """,
            cancellationToken) > 0;
    }

    private static TimeSpan Patience(DateTimeOffset now, DateTimeOffset leaseUntil)
    {
        var left = leaseUntil - now;
        var running = Lease - left;
        return left < running ? left : running;
    }

    private StoredAnswer AnswerOf(IdempotencyRecord record) => new(record.Status!.Value, record.ContentType, protector.Unprotect(record.Body!));
}
