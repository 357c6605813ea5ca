using BillingPortal.Access;
using BillingPortal.Audit;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Accounts;

/// <summary>How many credits the usage of a key may take, and what it took today and this month.</summary>
public sealed record KeySpendView(SpendLimits Limits, Spending Spent)
{
    public static KeySpendView None { get; } = new(default, default);
}

/// <summary>Sets how many credits the usage of a single API key may take in a UTC day and a calendar month.</summary>
/// <remarks>The limits are kept beside the wallet and checked under its lock, like the organization's own: docs/decisions/0138.</remarks>
public sealed class KeySpendLimits(IDbContextFactory<BillingDbContext> contexts, WalletWriter writer, TimeProvider clock)
{
    /// <summary>Limits and sums of keys of the caller's organization; every id is answered.</summary>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public async Task<IReadOnlyDictionary<string, KeySpendView>> GetAsync(Caller caller, IReadOnlyCollection<string> keyIds, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        var wallet = WalletOf(caller);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var limits = await KeyLimits.ReadAsync(db, wallet, keyIds, cancellationToken);
        var sums = await KeySums.ReadAsync(db, wallet, keyIds, Today, cancellationToken);
        return keyIds.ToDictionary(id => id, id => new KeySpendView(limits.GetValueOrDefault(id), sums.GetValueOrDefault(id)), StringComparer.Ordinal);
    }

    /// <summary>Sets the limits of a key; they hold for the next charge, on every instance, and count what the key took before.</summary>
    /// <param name="caller">An owner.</param>
    /// <param name="keyId">A key of the organization.</param>
    /// <param name="limits">Each 0 to <see cref="SpendLimitSettings.Highest"/> credits, or none.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>Whether the organization has such a key.</returns>
    /// <exception cref="AccessDeniedException">The caller is not an owner.</exception>
    public async Task<bool> SetAsync(Caller caller, string keyId, SpendLimits limits, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Owner);
        SpendLimitSettings.DemandInRange(limits);
        var wallet = WalletOf(caller);
        SpendLimits before;
        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            if (!await db.Set<ApiKey>().AnyAsync(row => row.Id == keyId && row.OrganizationId == caller.OrganizationId, cancellationToken))
            {
                return false;
            }

            before = (await KeyLimits.ReadAsync(db, wallet, [keyId], cancellationToken)).GetValueOrDefault(keyId);
        }

        var now = clock.Now();
        await writer.ExecuteAsync(
            new LimitKeySpending
            {
                OrganizationId = caller.OrganizationId,
                CreditType = wallet.CreditType,
                KeyId = keyId,
                Reference = Ids.New("limits", now),
                Source = "limits",
                Actor = caller.Actor,
                Limits = limits,
                Riders =
                [
                    new EntityRider(async (db, _, ct) =>
                    {
                        await KeyLimits.SaveAsync(
                            db, wallet, keyId, limits, async () => (await KeySums.ReadAsync(db, wallet, [keyId], Today, ct)).GetValueOrDefault(keyId), ct);
                        db.Record(caller, now, AuditActs.KeyLimitsChanged, keyId, before, limits);
                    }),
                ],
            },
            cancellationToken);
        return true;
    }

    private DateOnly Today => DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);

    private static WalletKey WalletOf(Caller caller) => new(caller.OrganizationId, CreditTypes.Credits);
}
