using BillingPortal.Access;

namespace BillingPortal.Wallets;

/// <summary>How it stands with the verification of the ledger.</summary>
/// <param name="Share">How much of the verification that runs now is done, 0 to 1; null if none does.</param>
/// <param name="Last">What was found last; null before the first has ended.</param>
public sealed record LedgerStanding(decimal? Share, VerifiedLedger? Last);

/// <summary>Verifies the ledger when an administrator asks, in the background, one at a time on each instance.</summary>
public sealed class LedgerInspection(LedgerWatch watch, IHostApplicationLifetime lifetime, ILogger<LedgerInspection> logger)
{
    private readonly Lock gate = new();
    private decimal? share;

    /// <exception cref="AccessDeniedException">The caller is no platform administrator.</exception>
    public LedgerStanding Read(Caller caller)
    {
        Demand(caller);
        lock (gate)
        {
            return new LedgerStanding(share, watch.Last);
        }
    }

    /// <summary>Starts a verification; one that runs already is the one asked for.</summary>
    /// <exception cref="AccessDeniedException">The caller is no platform administrator.</exception>
    public void Start(Caller caller)
    {
        Demand(caller);
        lock (gate)
        {
            if (share is not null)
            {
                return;
            }

            share = 0;
        }

        _ = Task.Run(VerifyAsync, CancellationToken.None);
    }

    private static void Demand(Caller caller)
    {
        caller.DemandSession();
        caller.DemandPlatformAdministrator();
    }

    private async Task VerifyAsync()
    {
        try
        {
            await watch.VerifyAsync(new Told(Tell), lifetime.ApplicationStopping);
        }
        catch (Exception exception) when (!lifetime.ApplicationStopping.IsCancellationRequested)
        {
            logger.LogError(exception, "The ledger could not be verified.");
        }
        finally
        {
            Tell(null);
        }
    }

    private void Tell(decimal? done)
    {
        lock (gate)
        {
            share = done;
        }
    }

    // Unlike the framework's own, it tells at once, so that what is told last is the end.
    private sealed class Told(Action<decimal?> tell) : IProgress<decimal>
    {
        public void Report(decimal value) => tell(value);
    }
}
