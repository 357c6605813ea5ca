using BillingPortal.Store;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace BillingPortal.Wallets;

/// <summary>What a verification found, and when it ended.</summary>
public sealed record VerifiedLedger(LedgerReport Report, DateTimeOffset At);

/// <summary>Verifies the ledger when the portal starts and every hour, and once a minute while it is wrong, so that repairing it is all an operator has to do.</summary>
public sealed class LedgerWatch(LedgerVerification verification, LedgerSeal seal, WalletMetrics metrics, TimeProvider clock, ILogger<LedgerWatch> logger)
    : BackgroundService
{
    private static readonly TimeSpan WhileSound = TimeSpan.FromHours(1);
    private static readonly TimeSpan WhileFaulty = TimeSpan.FromMinutes(1);

    private volatile VerifiedLedger? last;

    /// <summary>What this instance found last; null before its first verification has ended.</summary>
    public VerifiedLedger? Last => last;

    /// <summary>Verifies now: faults stop all movement of credit, and none let it move again.</summary>
    public Task<LedgerReport> VerifyAsync(CancellationToken cancellationToken) => VerifyAsync(null, cancellationToken);

    /// <summary>The same, telling <paramref name="progress"/> the share done, 0 to 1.</summary>
    public async Task<LedgerReport> VerifyAsync(IProgress<decimal>? progress, CancellationToken cancellationToken)
    {
        var report = await verification.VerifyAsync(progress, cancellationToken);
        last = new VerifiedLedger(report, clock.Now());
        var wasSealed = seal.Faulty is not null;
        seal.Judge(report);
        metrics.Verified(report.Faults.Count);
        if (!report.IsSound)
        {
            logger.LogCritical(
                "The ledger is wrong, and no credit moves until it verifies: {Count} faults. {Faults}",
                report.Faults.Count, string.Join("; ", report.Faults.Select(fault => fault.Message)));
        }
        else if (wasSealed)
        {
            logger.LogWarning("The ledger verifies again; credit moves.");
        }

        return report;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await VerifyAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogError(exception, "The ledger could not be verified; it is tried again.");
            }

            await Task.Delay(seal.Faulty is null ? WhileSound : WhileFaulty, clock, stoppingToken);
        }
    }
}

/// <summary>Tells health probes whether the ledger is sealed: degraded, for pages and reads go on.</summary>
internal sealed class LedgerHealth(LedgerSeal seal) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        seal.Faulty is { } report
            ? HealthCheckResult.Degraded($"The ledger has {report.Faults.Count} faults; no credit moves.")
            : HealthCheckResult.Healthy());
}
