namespace BillingPortal.Wallets;

/// <summary>Stops all movement of credit while the ledger is known to be wrong. Set by a verification that finds faults, lifted by one that finds none.</summary>
/// <remarks>Source: faults, G16: drift stops money movement. Each instance keeps its own, for each verifies for itself.</remarks>
public sealed class LedgerSeal
{
    private volatile LedgerReport? faulty;

    /// <summary>The verification that closed the ledger; null while credit may move.</summary>
    public LedgerReport? Faulty => faulty;

    internal void Judge(LedgerReport report) => faulty = report.IsSound ? null : report;

    /// <exception cref="LedgerUnavailableException">The last verification found faults.</exception>
    internal void DemandOpen()
    {
        if (faulty is not null)
        {
            throw new LedgerUnavailableException("The ledger did not verify; no credit moves until it does.");
        }
    }
}
