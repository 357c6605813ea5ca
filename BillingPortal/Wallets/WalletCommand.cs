using System.Collections.Immutable;
using BillingPortal.Ledger;
using BillingPortal.Store;

namespace BillingPortal.Wallets;

/// <summary>Something that is to happen to wallets, whole or not at all, at most once for its reference.</summary>
public abstract record WalletCommand
{
    /// <summary>The organization in which <see cref="Reference"/> is unique.</summary>
    public required string OrganizationId { get; init; }

    /// <summary>The external reference: "event:…", "payment:…". The same again changes nothing and is answered as a replay.</summary>
    public required string Reference { get; init; }

    /// <summary>Where the credit came from or went, for people and reports.</summary>
    public required string Source { get; init; }

    /// <summary>Who did it, as <c>Caller.Actor</c> has it.</summary>
    public required string Actor { get; init; }

    /// <summary>The API key whose usage it is, which may have limits of its own; null: none.</summary>
    public string? KeyId { get; init; }

    /// <summary>A sentence for people; plain text.</summary>
    public string? Note { get; init; }

    /// <summary>When it happened, if not now.</summary>
    public DateTimeOffset? EffectiveAt { get; init; }

    /// <summary>The id of the feature's own row for it, which a replay is answered with; null: the first transaction's id.</summary>
    public string? ResultId { get; init; }

    /// <summary>A hold of usage that this command captures: it is freed first, and stands or falls with the command; null: none.</summary>
    public UsageHoldClaim? Captures { get; init; }

    /// <summary>Whether it was agreed to before, so that its owner's spend limits do not stop it.</summary>
    public bool GoesBeyondLimits { get; init; }

    /// <summary>Allowances that fell due and are posted first unless they already were; they stand or fall with this command.</summary>
    public ImmutableArray<Grant> Due { get; init; } = [];

    /// <summary>Rows of features that commit with it.</summary>
    public ImmutableArray<CommitRider> Riders { get; init; } = [];

    /// <summary>Every wallet it may read or change; those of <see cref="Due"/> are its grants' own.</summary>
    public abstract IEnumerable<WalletKey> Wallets { get; }

    /// <summary>Decides on the wallets in <paramref name="book"/>; a refusal undoes all it did.</summary>
    internal abstract Refusal? Apply(WalletBook book);
}

/// <summary>A rider could not be written because of what it found; its command is refused and nothing of it is stored.</summary>
public sealed class RiderVetoException(Refusal refusal) : Exception("A row that commits with the command refused it.")
{
    public Refusal Refusal { get; } = refusal;
}

/// <summary>Rows that commit in the same transaction as a command's postings.</summary>
public abstract class CommitRider
{
    /// <summary>Adds rows to the batch, set-wise.</summary>
    public virtual void Write(StoreSession session, PostResult.Posted posted)
    {
    }

    /// <summary>Whether <see cref="WriteAsync"/> is wanted; it costs the batch a round trip.</summary>
    public virtual bool UsesEntities => false;

    /// <summary>Writes entities inside the transaction. Conditions are checked here, where nobody can come between.</summary>
    /// <exception cref="RiderVetoException">The command must not happen.</exception>
    public virtual Task WriteAsync(BillingDbContext db, PostResult.Posted posted, CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>A rider made of a function over entities; for everything off the hot path.</summary>
public sealed class EntityRider(Func<BillingDbContext, PostResult.Posted, CancellationToken, Task> write) : CommitRider
{
    public override bool UsesEntities => true;

    public override Task WriteAsync(BillingDbContext db, PostResult.Posted posted, CancellationToken cancellationToken) =>
        write(db, posted, cancellationToken);
}
