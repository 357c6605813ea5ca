using System.Diagnostics;

namespace BillingPortal.Tests.Payments;

public sealed class StripeStartTests
{
    [Fact]
    public async Task With_stripe_as_provider_a_missing_key_or_secret_stops_the_start_and_says_what_is_missing()
    {
        var start = new ProcessStartInfo("dotnet", Path.Combine(AppContext.BaseDirectory, "BillingPortal.dll"))
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.Environment["Payments__Provider"] = "Stripe";
        start.Environment["Stripe__ApiKey"] = "pk_test_the_wrong_kind";
        start.Environment["Stripe__ApiBase"] = "http://stripe.example";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        using var portal = Process.Start(start)!;
        try
        {
            var output = portal.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = await portal.StandardError.ReadToEndAsync(limit.Token);
            await portal.WaitForExitAsync(limit.Token);

            Assert.Equal(1, portal.ExitCode);
            Assert.Contains("Stripe:ApiKey: a secret key", errors, StringComparison.Ordinal);
            Assert.Contains("Stripe:ApiBase: an https address", errors, StringComparison.Ordinal);
            Assert.Contains("Stripe:WebhookSecret: the signing secret", errors, StringComparison.Ordinal);
            Assert.DoesNotContain("the_wrong_kind", errors + await output, StringComparison.Ordinal);
        }
        finally
        {
            portal.Kill(entireProcessTree: true);
        }
    }
}
