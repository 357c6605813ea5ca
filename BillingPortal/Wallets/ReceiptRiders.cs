using System.Collections.Immutable;
using BillingPortal.Store;

namespace BillingPortal.Wallets;

/// <summary>Lets the answer of a request commit with the postings that it asked for.</summary>
public static class ReceiptRiders
{
    /// <summary>
    /// The rider that stores the answer: <c>Riders = [.. others, .. receipt.Riders(posted =&gt; result)]</c>. None if there is no idempotency key.
    /// </summary>
    /// <param name="receipt">From the endpoint; null where a page or a job asks.</param>
    /// <param name="resultOf">What the service gives back for the posting. Give back that same object, then the answer needs no further look.</param>
    public static ImmutableArray<CommitRider> Riders<TResult>(this Receipt<TResult>? receipt, Func<PostResult.Posted, TResult> resultOf)
        where TResult : class => receipt is not { IsWanted: true }
        ? []
        : [new EntityRider((db, posted, _) =>
        {
            receipt.AddTo(db, resultOf(posted));
            return Task.CompletedTask;
        })];
}
