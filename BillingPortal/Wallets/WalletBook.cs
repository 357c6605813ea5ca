using System.Collections.Immutable;
using BillingPortal.Ledger;

namespace BillingPortal.Wallets;

/// <summary>The wallets of one batch in memory, and what the batch's commands have made of them so far.</summary>
/// <remarks>Wallets are immutable, so undoing a refused command is keeping the ones from before it.</remarks>
internal sealed class WalletBook(DateTimeOffset now)
{
    private readonly Dictionary<WalletKey, Wallet> loaded = [];
    private readonly List<Transaction> transactions = [];
    private readonly List<PlacedHold> placedHolds = [];
    private readonly Dictionary<string, HoldState> endedHolds = new(StringComparer.Ordinal);
    private ImmutableDictionary<WalletKey, Wallet> current = ImmutableDictionary<WalletKey, Wallet>.Empty;

    /// <summary>The batch's instant: one for all its commands.</summary>
    public DateTimeOffset Now { get; } = now;

    public IReadOnlyList<Transaction> Transactions => transactions;

    public Transaction LastTransaction => transactions[^1];

    /// <summary>The holds of usage that commands placed, in order.</summary>
    public IReadOnlyList<PlacedHold> PlacedHolds => placedHolds;

    /// <summary>Wallets as they were read and as they are now.</summary>
    public IEnumerable<(Wallet Before, Wallet After)> Changes =>
        current.Where(pair => !ReferenceEquals(loaded[pair.Key], pair.Value)).Select(pair => (loaded[pair.Key], pair.Value));

    /// <summary>How the holds that commands ended were ended; any other that is gone expired.</summary>
    public IReadOnlyDictionary<string, HoldState> EndedHolds => endedHolds;

    public Wallet this[WalletKey key] => current[key];

    /// <summary>Takes in a wallet as read, and settles what has expired in it.</summary>
    public void Load(Wallet wallet)
    {
        loaded.Add(wallet.Key, wallet);
        current = current.SetItem(wallet.Key, wallet.SettledAt(Now, NewTransactionId, transactions));
    }

    /// <summary>A mark to which <see cref="Undo"/> can go back.</summary>
    public Mark Here() => new(current, transactions.Count, placedHolds.Count);

    public void Undo(Mark mark)
    {
        current = mark.Wallets;
        transactions.RemoveRange(mark.Transactions, transactions.Count - mark.Transactions);
        placedHolds.RemoveRange(mark.PlacedHolds, placedHolds.Count - mark.PlacedHolds);
    }

    /// <summary>The header of a transaction that <paramref name="command"/> posts now.</summary>
    public TransactionHeader Header(WalletCommand command) => new(
        NewTransactionId(), command.Reference, command.Source, command.Note, command.Actor, Now, command.EffectiveAt ?? Now);

    /// <summary>Does one operation on one wallet; null, or why not.</summary>
    public Refusal? Change(WalletKey key, Func<Wallet, WalletStep> operation)
    {
        var step = operation(current[key]);
        if (step.Refusal is not null)
        {
            return step.Refusal;
        }

        current = current.SetItem(key, step.Wallet);
        if (step.Transaction is not null)
        {
            transactions.Add(step.Transaction);
        }

        return null;
    }

    /// <summary>Like <see cref="Change"/>, for an operation that ends a hold.</summary>
    public Refusal? EndHold(WalletKey key, string holdId, HoldState state, Func<Wallet, WalletStep> operation)
    {
        var refusal = Change(key, operation);
        if (refusal is null)
        {
            endedHolds[holdId] = state;
        }

        return refusal;
    }

    /// <summary>Sets credit of one wallet aside for usage; null, or why not.</summary>
    public Refusal? PlaceHold(WalletKey key, Hold hold)
    {
        var refusal = Change(key, wallet => wallet.Reserve(hold, Now));
        if (refusal is null)
        {
            placedHolds.Add(new PlacedHold(key, hold));
        }

        return refusal;
    }

    /// <summary>Ends a hold of usage in every wallet it was placed in; null, or that it had ended.</summary>
    public Refusal? EndUsageHold(UsageHoldClaim claim, HoldState state)
    {
        if (Now >= claim.ExpiresAt)
        {
            return new Refusal.HoldNotOpen(claim.HoldId);
        }

        foreach (var key in claim.Wallets)
        {
            var holdId = PlaceUsageHold.IdIn(key, claim.HoldId);
            if (current[key].Holds.Any(hold => hold.Id == holdId) && EndHold(key, holdId, state, wallet => wallet.Release(holdId, Now)) is { } refusal)
            {
                return refusal;
            }
        }

        return null;
    }

    public WalletBalance BalanceOf(WalletKey key)
    {
        var wallet = current[key];
        return new WalletBalance(key, wallet.BalanceAt(Now), wallet.HeldAt(Now));
    }

    private string NewTransactionId() => Ids.New("tx", Now);

    internal readonly record struct Mark(ImmutableDictionary<WalletKey, Wallet> Wallets, int Transactions, int PlacedHolds);
}
