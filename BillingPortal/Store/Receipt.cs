using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Store;

/// <summary>An answer as it goes over the wire.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="ContentType">Null if it has no body.</param>
/// <param name="Body">Its bytes.</param>
public sealed record StoredAnswer(int Status, string? ContentType, byte[] Body);

/// <summary>The right to answer under an idempotency key, until its lease ends and another may take it over.</summary>
public sealed class IdempotencyClaim
{
    private readonly IDataProtector protector;
    private readonly TimeProvider clock;

    internal IdempotencyClaim(string organizationId, string key, IDataProtector protector, TimeProvider clock)
    {
        (OrganizationId, Key, this.protector, this.clock) = (organizationId, key, protector, clock);
    }

    internal string OrganizationId { get; }

    /// <summary>The client's key.</summary>
    public string Key { get; }

    /// <summary>What the record knows it by.</summary>
    internal string Token { get; } = Guid.NewGuid().ToString("N");

    /// <summary>Whether the answer was stored with the effect, so that nothing is left to do.</summary>
    internal bool IsAnswered { get; set; }

    /// <summary>Adds the answer to what <paramref name="db"/> saves next; the save fails if the claim was lost.</summary>
    internal void AddTo(BillingDbContext db, StoredAnswer answer)
    {
        var record = new IdempotencyRecord { OrganizationId = OrganizationId, Key = Key, Claim = Token };
        db.Attach(record);
        record.Claim = null;
        record.Status = answer.Status;
        record.ContentType = answer.ContentType;
        record.Body = protector.Protect(answer.Body);
        record.ExpiresAt = clock.Now() + IdempotencyKeys.Kept;
    }
}

/// <summary>
/// Lets a service store the answer of a request in the commit of the request's effect, without knowing of HTTP: either both are there or neither.
/// A request without an idempotency key has one too; then it does nothing.
/// </summary>
/// <remarks>docs/idempotency.md shows its use.</remarks>
/// <typeparam name="TResult">What the service gives back when it is done.</typeparam>
public sealed class Receipt<TResult>(IdempotencyClaim? claim, Func<TResult, StoredAnswer> render)
    where TResult : class
{
    private TResult? added;
    private StoredAnswer? answer;

    /// <summary>Whether there is a key, and so something to store.</summary>
    public bool IsWanted => claim is not null;

    /// <summary>Renders the answer and adds it to what <paramref name="db"/> saves next, in the transaction of the effect. Again after a rollback: replaces it.</summary>
    /// <remarks>Saving throws <see cref="DbUpdateConcurrencyException"/> if another request has taken the key over: then the effect must not happen either.</remarks>
    public void AddTo(BillingDbContext db, TResult result)
    {
        if (claim is not null)
        {
            (added, answer) = (result, render(result));
            claim.AddTo(db, answer);
        }
    }

    /// <summary>The answer to a result that the service gave back: the bytes that were stored with it, if any were.</summary>
    public StoredAnswer AnswerTo(TResult result)
    {
        if (claim is null || !ReferenceEquals(result, added))
        {
            return render(result);
        }

        claim.IsAnswered = true;
        return answer!;
    }
}
