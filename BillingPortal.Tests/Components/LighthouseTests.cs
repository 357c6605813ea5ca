using System.Diagnostics;
using System.Text.Json;
using BillingPortal.Ledger;
using BillingPortal.Tests.Support;

namespace BillingPortal.Tests.Components;

public abstract class LighthouseTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static readonly string[] ForAnybody = ["/", "/pricing", "/Account/Login", "/Account/Register"];

    private static readonly string[] ForMembers = ["/wallet", "/usage", "/transactions", "/estimate", "/buy", "/plan", "/keys", "/members"];

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lighthouse_gives_every_page_it_sees_a_hundred_for_accessibility()
    {
        await using var site = Site.Start(store.Database);
        var person = await site.SignUpAsync(plan: "pro");
        await site.GiveAsync(person, 5_000, BucketKind.Purchased);
        await site.ReportAsync(person, "image_to_html", "figma_export");

        var seen = await LookAsync(site, person);

        Assert.Equal([.. ForAnybody, .. ForMembers], seen.Select(page => page.Path));
        Assert.All(seen, page => Assert.True(page is { Score: 100, Lost: [] }, $"{page.Path} has {page.Score}.\n{string.Join('\n', page.Lost)}"));
    }

    private static async Task<IReadOnlyList<Seen>> LookAsync(Site site, Person person)
    {
        Assert.True(
            Directory.Exists(Repository.Path("BillingPortal.Tests/node_modules/lighthouse")),
            "Lighthouse is missing: run `npm ci --prefix BillingPortal.Tests --ignore-scripts` (./test does).");
        var start = new ProcessStartInfo("node", [Repository.Path("BillingPortal.Tests/Components/lighthouse.mjs")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        limit.CancelAfter(Patience);
        try
        {
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(limit.Token), process.StandardError.ReadToEndAsync(limit.Token));
            await process.StandardInput.WriteAsync(JsonSerializer.Serialize(
                new { site.Address, person.Email, Person.Password, Public = ForAnybody, SignedIn = ForMembers }, JsonSerializerOptions.Web));
            process.StandardInput.Close();
            await process.WaitForExitAsync(limit.Token);
            Assert.True(process.ExitCode == 0, $"{await output}\n{await errors}");
            return [.. (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<Seen>(line, JsonSerializerOptions.Web)!)];
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    private sealed record Seen(string Path, int Score, IReadOnlyList<string> Lost);
}

public sealed class LighthouseTestsOnSqlite(StoreFixture<SqliteEngine> store) : LighthouseTests<SqliteEngine>(store);

public sealed class LighthouseTestsOnPostgres(StoreFixture<PostgresEngine> store) : LighthouseTests<PostgresEngine>(store);
