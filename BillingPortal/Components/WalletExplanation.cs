using System.Collections.Immutable;
using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;

namespace BillingPortal.Components;

/// <summary>One reason why a balance changed over a span.</summary>
/// <param name="Type">The reason.</param>
/// <param name="Amount">In credits, signed.</param>
/// <param name="Transactions">How many.</param>
public sealed record BalanceReason(TransactionType Type, decimal Amount, long Transactions);

/// <summary>A lot of credit that still counts.</summary>
public sealed record LotLine(string Id, BucketKind Kind, string Source, string? Origin, Credits Amount, Credits Remaining, DateTimeOffset? ExpiresAt);

/// <summary>What made a balance: opening + reasons = posted; posted + due − reserved = available.</summary>
/// <param name="CreditType">Whose wallet.</param>
/// <param name="First">The first UTC day.</param>
/// <param name="Last">The last UTC day.</param>
/// <param name="Opening">At the start of the first day.</param>
/// <param name="Reasons">Those that moved anything.</param>
/// <param name="Posted">At the end of the last day, or now.</param>
/// <param name="Due">Allowance that counts already and is posted with the next use, less what expired and is not posted yet; only of a span that ends today.</param>
/// <param name="Held">Reserved; only of a span that ends today.</param>
/// <param name="Lots">What is left of which lot, in the order it is spent; only of a span that ends today.</param>
public sealed record WalletExplanation(
    string CreditType, DateOnly First, DateOnly Last, decimal Opening, IReadOnlyList<BalanceReason> Reasons, decimal Posted, decimal Due, decimal Held, IReadOnlyList<LotLine> Lots)
{
    public decimal Available => Posted + Due - Held;
}

/// <summary>Opens a balance into what made it.</summary>
public sealed class WalletExplanations(CurrentWallets wallets, WalletDays days, TimeProvider clock)
{
    // As people think of it: what came in, what was used, what was lost.
    private static readonly ImmutableArray<TransactionType> Order =
    [
        TransactionType.Purchase, TransactionType.Grant, TransactionType.GiftReceived, TransactionType.Charge,
        TransactionType.GiftSent, TransactionType.Expired, TransactionType.ClawedBack, TransactionType.Adjusted,
    ];

    /// <param name="caller">Who asks, for its organization.</param>
    /// <param name="creditType">Of which wallet.</param>
    /// <param name="first">The first UTC day; null: of the wallet's first transaction.</param>
    /// <param name="last">The last UTC day; null, or a day to come: now.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">A key without the scope that reads this credit type.</exception>
    public async Task<WalletExplanation> ReadAsync(Caller caller, string creditType, DateOnly? first, DateOnly? last, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        var end = last is { } day && day < today ? day : today;
        var wallet = await wallets.GetWalletAsync(caller, creditType, cancellationToken);
        var statement = await days.GetAsync(caller, creditType, first ?? DateOnly.MinValue, end, cancellationToken);
        var start = first ?? statement.Movements.Select(movement => movement.Day).DefaultIfEmpty(end).First();
        var reasons = statement.Movements.ToLookup(movement => movement.Type);
        var lines = Order.Where(reasons.Contains)
            .Select(type => new BalanceReason(type, reasons[type].Sum(movement => movement.Amount), reasons[type].Sum(movement => movement.Transactions))).ToList();
        if (end < today)
        {
            return new WalletExplanation(creditType, start, end, statement.Opening, lines, statement.Closing, 0, 0, []);
        }

        return new WalletExplanation(
            creditType, start, end, statement.Opening, lines, statement.Closing,
            wallet.BalanceAt(now).ToDecimal() - statement.Closing,
            wallet.HeldAt(now).ToDecimal(),
            [
                .. wallet.Buckets.Where(bucket => bucket.IsLiveAt(now) && !bucket.Remaining.IsZero).Order(DrawdownOrder.Instance)
                    .Select(bucket => new LotLine(bucket.Id, bucket.Kind, bucket.Source, bucket.Origin, bucket.Amount, bucket.Remaining, bucket.ExpiresAt)),
            ]);
    }
}
