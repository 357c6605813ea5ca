using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Wallets;

namespace BillingPortal.Subscriptions;

/// <summary>Reads wallets as they count now: what was posted, and the allowances that fell due and are posted by the next charge.</summary>
/// <remarks>What people and integrators are shown comes from here; <see cref="WalletReader"/> knows only what was posted.</remarks>
public sealed class CurrentWallets(WalletReader reader, PlanStandings standings, DueAllowances due, TimeProvider clock)
{
    /// <summary>How much the caller's wallet of a credit type holds.</summary>
    /// <exception cref="AccessDeniedException">A key without the scope that reads this credit type.</exception>
    public async Task<WalletBalance> GetBalanceAsync(Caller caller, string creditType, CancellationToken cancellationToken)
    {
        var (balance, unposted, _) = await ReadAsync(caller, creditType, reader.GetBalanceAsync, cancellationToken);
        return unposted.Aggregate(balance, (sum, grant) => sum with { Balance = sum.Balance + grant.Deposit.Amount });
    }

    /// <summary>The caller's wallet of a credit type with every bucket and hold that counts now.</summary>
    /// <exception cref="AccessDeniedException">A key without the scope that reads this credit type.</exception>
    public async Task<Wallet> GetWalletAsync(Caller caller, string creditType, CancellationToken cancellationToken)
    {
        var (wallet, unposted, now) = await ReadAsync(caller, creditType, reader.GetWalletAsync, cancellationToken);
        string NewTransactionId() => Ids.New("tx", now);
        return unposted.Aggregate(
            wallet.SettledAt(now, NewTransactionId, []),
            (sum, grant) => sum.Credit(
                new(NewTransactionId(), grant.Reference, grant.Source, grant.Note, grant.Actor, now, now), grant.Type, grant.Deposit).Wallet);
    }

    private async Task<(TWallet Wallet, IReadOnlyList<Grant> Unposted, DateTimeOffset Now)> ReadAsync<TWallet>(
        Caller caller, string creditType, Func<Caller, string, CancellationToken, Task<TWallet>> readAsync, CancellationToken cancellationToken)
    {
        var standing = await standings.GetAsync(caller.OrganizationId, cancellationToken);
        var now = clock.Now();
        var outstanding = due.Outstanding(standing, now, creditType);
        var wallet = await readAsync(caller, creditType, cancellationToken);
        if (outstanding.IsEmpty)
        {
            return (wallet, [], now);
        }

        var posted = await reader.FindPostedAsync(caller.OrganizationId, [.. outstanding.Select(grant => grant.Reference)], cancellationToken);
        if (posted.Count == 0)
        {
            return (wallet, outstanding, now);
        }

        // It may have been posted after the wallet was read: then that reading lacks it.
        wallet = await readAsync(caller, creditType, cancellationToken);
        var unposted = outstanding.Where(grant => !posted.ContainsKey(grant.Reference)).ToList();
        if (unposted.Count == 0)
        {
            due.Confirm(standing, now, outstanding);
        }

        return (wallet, unposted, now);
    }
}
