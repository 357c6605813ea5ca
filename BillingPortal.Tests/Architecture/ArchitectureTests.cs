using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Architecture;

public sealed class ArchitectureTests
{
    private const string Samples = "BillingPortal.Tests.Architecture.Samples";

    private static readonly string[] LedgerTableNames = ["wallets", "buckets", "transactions", "postings", "posted_references", "holds", "wallet_days", "key_limits"];

    private static readonly Lazy<CompiledCode> Portal = new(() => CompiledCode.Of(typeof(Program).Assembly));

    private static readonly Lazy<CompiledCode> SampleCode = new(() => CompiledCode.Of(typeof(ArchitectureTests).Assembly));

    private static readonly Layering Folders = new(
        "BillingPortal",
        ["Components", "Api"],
        ["Demo"],
        ["Administration"],
        ["Accounts"],
        ["Reconciliation"],
        ["Purchases"],
        ["Gifting", "Posts"],
        ["Metering"],
        ["Subscriptions"],
        ["Invoices"],
        ["Webhooks", "Notifications"],
        ["Payments"],
        ["Wallets"],
        ["Audit"],
        ["Access", "Catalog", "Store"],
        ["Ledger"]);

    private static readonly Layering SampleFolders = new(Samples, ["Upper", "Beside"], ["Lower"]);

    [Fact]
    public void Folders_use_only_the_folders_below_them() => AssertNone(Folders.ViolationsIn(Portal.Value));

    [Fact]
    public void Every_folder_has_its_place_in_the_layering() => AssertNone(Folders.UnplacedIn(Portal.Value));

    [Fact]
    public void Only_Wallets_touches_the_rows_of_the_ledger()
    {
        using var services = new ServiceCollection().AddStore(new ConfigurationManager()).BuildServiceProvider();
        using var context = services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContext();
        var rows = context.Model.GetEntityTypes()
            .Where(entity => LedgerTableNames.Contains(entity.GetTableName()))
            .ToDictionary(entity => entity.GetTableName()!, entity => entity.ClrType.FullName!);

        Assert.Equal(LedgerTableNames.Order(), rows.Keys.Order());
        AssertNone(new LedgerTables("BillingPortal.Wallets", LedgerTableNames, rows.Values).ViolationsIn(Portal.Value));
    }

    [Theory]
    [InlineData("InASignature")]
    [InlineData("InAGenericCall")]
    [InlineData("InALambdaOfAnAsyncMethod")]
    [InlineData("InANestedType")]
    public void The_guard_sees_an_arrow_that_points_upward(string hidden) =>
        Assert.Contains($"{Samples}.Lower.{hidden} must not use {Samples}.Upper.Page", SampleFolders.ViolationsIn(SampleCode.Value));

    [Fact]
    public void The_guard_sees_an_arrow_in_an_attribute_and_one_to_a_neighbour()
    {
        var violations = SampleFolders.ViolationsIn(SampleCode.Value);

        Assert.Contains($"{Samples}.Lower.InAnAttribute must not use {Samples}.Upper.PageAttribute", violations);
        Assert.Contains($"{Samples}.Beside.UsesItsNeighbour must not use {Samples}.Upper.Page", violations);
    }

    [Fact]
    public void The_guard_lets_arrows_point_downward_and_ignores_mere_words() =>
        Assert.DoesNotContain(SampleFolders.ViolationsIn(SampleCode.Value), violation => violation.Contains("Innocent", StringComparison.Ordinal) && !violation.Contains("Nowhere", StringComparison.Ordinal));

    [Fact]
    public void The_guard_sees_a_folder_that_has_no_place() => Assert.Equal(["Nowhere"], SampleFolders.UnplacedIn(SampleCode.Value));

    [Fact]
    public void The_guard_sees_rows_used_and_written_from_elsewhere()
    {
        var guard = new LedgerTables("BillingPortal.Wallets", LedgerTableNames, [$"{Samples}.Upper.Page"]);

        var violations = guard.ViolationsIn(SampleCode.Value);

        Assert.Contains($"{Samples}.Lower.InAGenericCall must not use {Samples}.Upper.Page", violations);
        Assert.Equal(2, violations.Count(violation => violation.StartsWith($"{Samples}.Lower.WritesRowsByText must not write", StringComparison.Ordinal)));
        Assert.DoesNotContain(violations, violation => violation.Contains("Innocent", StringComparison.Ordinal) || violation.Contains("ReadsRowsByText", StringComparison.Ordinal));
    }

    private static void AssertNone(IReadOnlyList<string> violations) => Assert.True(violations.Count == 0, string.Join('\n', violations));
}
