using System.Collections.Immutable;
using BillingPortal.Ledger;

namespace BillingPortal.Wallets;

/// <summary>How a wallet stands at an instant.</summary>
/// <param name="Key">Organization and credit type.</param>
/// <param name="Balance">Posted: what remains in the buckets that count, less what is owed.</param>
/// <param name="Held">Set aside by open holds.</param>
public sealed record WalletBalance(WalletKey Key, Credits Balance, Credits Held)
{
    /// <summary>What can be spent now.</summary>
    public Credits Available => Balance - Held;
}

/// <summary>A hold in the wallet it was placed in.</summary>
public sealed record PlacedHold(WalletKey Wallet, Hold Hold);

/// <summary>What became of a command. The caller has it only after the commit.</summary>
public abstract record PostResult
{
    private PostResult()
    {
    }

    /// <summary>Done and on disk.</summary>
    /// <param name="Transactions">What was posted, in order; empty for a command that moves no credit.</param>
    /// <param name="Balances">Every wallet the command named, after it.</param>
    public sealed record Posted(ImmutableArray<Transaction> Transactions, ImmutableArray<WalletBalance> Balances) : PostResult
    {
        /// <summary>What the command set aside of usage to come.</summary>
        public ImmutableArray<PlacedHold> Holds { get; init; } = [];

        public WalletBalance BalanceOf(WalletKey wallet) => Balances.First(balance => balance.Key == wallet);
    }

    /// <summary>The reference was posted before; nothing was changed now.</summary>
    /// <param name="ResultId">The command's own result id, else the first transaction posted for it; null if it had neither.</param>
    public sealed record Replayed(string? ResultId) : PostResult;

    /// <summary>Not done; nothing was changed.</summary>
    public sealed record Refused(Refusal Refusal) : PostResult;
}
