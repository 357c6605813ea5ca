using System.Diagnostics;
using BillingPortal.Catalog;

namespace BillingPortal.Tests.Catalog;

public sealed class BrokenCatalogStartTests
{
    [Fact]
    public async Task The_portal_does_not_start_and_says_what_is_wrong_and_where()
    {
        var start = new ProcessStartInfo("dotnet", Path.Combine(AppContext.BaseDirectory, "BillingPortal.dll")) { RedirectStandardError = true, RedirectStandardOutput = true };
        start.Environment["Catalog__Packs__2__Price"] = "cheap";
        start.Environment["Catalog__Plans__4__Rank"] = "x";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        using var portal = Process.Start(start)!;
        try
        {
            var output = portal.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = await portal.StandardError.ReadToEndAsync(limit.Token);
            await portal.WaitForExitAsync(limit.Token);

            var expected = new CatalogException(
            [
                new CatalogFault("Catalog:Plans:4:Rank", "must be a whole number from 0 to 100"),
                new CatalogFault("Catalog:Packs:2:Price", "must be a positive amount in dollars with at most two decimals"),
            ]);
            Assert.Equal((1, expected.Message, string.Empty), (portal.ExitCode, errors.TrimEnd(), await output));
        }
        finally
        {
            portal.Kill(entireProcessTree: true);
        }
    }
}
