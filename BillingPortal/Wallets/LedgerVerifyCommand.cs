using System.Data.Common;
using System.Globalization;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Wallets;

/// <summary><c>ledger verify</c>: checks the ledger of the configured database, whether the portal runs on it or not.</summary>
internal static class LedgerVerifyCommand
{
    /// <summary>Exit code 0 and a line of counts when the ledger is sound; 1 and a line for each fault when it is not or cannot be read.</summary>
    public static async Task<int> RunAsync(IConfiguration configuration, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        var services = new ServiceCollection().AddLogging().AddStore(configuration);
        await using var provider = services.AddSingleton<LedgerVerification>().BuildServiceProvider();
        try
        {
            await using (var db = await provider.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(cancellationToken))
            {
                if (!await db.Database.CanConnectAsync(cancellationToken) || !(await db.Database.GetAppliedMigrationsAsync(cancellationToken)).Any())
                {
                    await error.WriteLineAsync("There is no ledger to verify: the configured database cannot be reached or was never used by the portal.");
                    return 1;
                }
            }

            var report = await provider.GetRequiredService<LedgerVerification>().VerifyAsync(null, cancellationToken);
            foreach (var fault in report.Faults)
            {
                await error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"invariant {fault.Invariant}: {fault.Message}"));
            }

            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"ledger {(report.IsSound ? "sound" : "NOT SOUND")}: {report.Wallets} wallets, {report.Transactions} transactions, {report.Postings} postings, {report.Faults.Count} faults, {report.Elapsed.TotalSeconds:0.0} s"));
            return report.IsSound ? 0 : 1;
        }
        catch (DbException exception)
        {
            await error.WriteLineAsync($"The ledger cannot be read: {exception.Message}");
            return 1;
        }
    }
}
