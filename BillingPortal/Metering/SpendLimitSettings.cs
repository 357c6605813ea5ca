using BillingPortal.Access;
using BillingPortal.Audit;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Wallets;

namespace BillingPortal.Metering;

/// <summary>How much usage may take, and what it took, of one kind of credit.</summary>
public sealed record SpendLimitView(string CreditType, SpendLimits Limits, Credits InDay, Credits InMonth);

/// <summary>Sets what usage may take in a day and a month. Whatever would pass it is rejected.</summary>
/// <remarks>The wallet itself keeps limits and sums, so that no charge reads more than it did: docs/decisions/0121.</remarks>
public sealed class SpendLimitSettings(WalletReader reader, WalletWriter writer, TimeProvider clock)
{
    /// <summary>The highest limit, in whole credits.</summary>
    public const long Highest = 1_000_000_000;

    private static readonly string[] CreditKinds = [CreditTypes.Credits, CreditTypes.ApiCredits];

    /// <exception cref="ArgumentOutOfRangeException">One of them is below zero or above <see cref="Highest"/>.</exception>
    internal static void DemandInRange(SpendLimits limits)
    {
        foreach (var limit in new[] { limits.PerDay, limits.PerMonth }.OfType<Credits>())
        {
            ArgumentOutOfRangeException.ThrowIfNegative(limit.Micros);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, Credits.FromWhole(Highest));
        }
    }

    /// <summary>The limits of the caller's organization, credits first.</summary>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public async Task<IReadOnlyList<SpendLimitView>> GetAsync(Caller caller, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
        var views = new List<SpendLimitView>(CreditKinds.Length);
        foreach (var creditType in CreditKinds)
        {
            var wallet = await reader.GetWalletAsync(caller, creditType, cancellationToken);
            var spent = wallet.Spending.At(today);
            views.Add(new SpendLimitView(creditType, wallet.Limits, spent.InDay, spent.InMonth));
        }

        return views;
    }

    /// <summary>Sets the limits of the caller's organization for one kind of credit; they hold for the next charge, on every instance.</summary>
    /// <exception cref="AccessDeniedException">The caller may not spend the organization's money.</exception>
    public async Task SetAsync(Caller caller, string creditType, SpendLimits limits, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Billing);
        ArgumentOutOfRangeException.ThrowIfNotEqual(CreditKinds.Contains(creditType), true);
        DemandInRange(limits);
        var now = clock.Now();
        var before = (await reader.GetWalletAsync(caller, creditType, cancellationToken)).Limits;
        await writer.ExecuteAsync(
            new LimitSpending
            {
                OrganizationId = caller.OrganizationId,
                CreditType = creditType,
                Reference = Ids.New("limits", now),
                Source = "limits",
                Actor = caller.Actor,
                Limits = limits,
                Riders =
                [
                    new EntityRider((db, _, _) =>
                    {
                        db.Record(caller, now, AuditActs.SpendLimitsChanged, creditType, before, limits);
                        return Task.CompletedTask;
                    }),
                ],
            },
            cancellationToken);
    }
}
