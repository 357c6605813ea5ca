using BillingPortal.Access;
using BillingPortal.Administration;
using BillingPortal.Audit;
using BillingPortal.Catalog;
using BillingPortal.Subscriptions;
using BillingPortal.Tests.Api;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;

namespace BillingPortal.Tests.Administration;

public abstract class BulkGrantTests<TEngine>(KeyedSite<TEngine> portal) : IClassFixture<KeyedSite<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private BulkGrants Grants => portal.Get<BulkGrants>();

    [Fact]
    public async Task A_file_is_tried_dry_row_by_row_and_grants_nothing_before_it_is_started()
    {
        var (administrator, one, other) = await PeopleAsync();
        var file = await ReadAsync(administrator, NewName(), $"""
            customer;amount;reason;last_day;reference
            {one.Email.ToUpperInvariant()};50;Beta tester;2030-12-31;a
            {other.OrganizationId};12.5;;;b
            nobody@example.com;5;;;c
            {one.Email};-5;;;d
            {one.Email};5;;tomorrow;e
            {one.Email};5;;;a
            """);

        var rows = await Grants.ListRowsAsync(administrator, file.Batch.Id, onlyFaulty: false, null, 10, Ct);
        Assert.Equal(
            [GrantRowState.Ready, GrantRowState.Ready, GrantRowState.Faulty, GrantRowState.Faulty, GrantRowState.Faulty, GrantRowState.Faulty],
            rows.Select(row => row.State));
        Assert.Equal((one.OrganizationId, "Beta tester", new DateTimeOffset(2031, 1, 1, 0, 0, 0, TimeSpan.Zero)), (rows[0].OrganizationId, rows[0].Reason, rows[0].ExpiresAt));
        Assert.Equal(("A promotion", null), (rows[1].Reason, rows[1].ExpiresAt));
        Assert.Contains("Nobody", rows[2].Message, StringComparison.Ordinal);
        Assert.Contains("amount", rows[3].Message, StringComparison.Ordinal);
        Assert.Contains("last day", rows[4].Message, StringComparison.Ordinal);
        Assert.Contains("twice", rows[5].Message, StringComparison.Ordinal);
        Assert.Equal(62.5m, file.Batch.TotalMicros.ToDecimal());
        Assert.Equal([4, 5, 6, 7], (await Grants.ListRowsAsync(administrator, file.Batch.Id, onlyFaulty: true, null, 10, Ct)).Select(row => row.Line));
        Assert.Equal(0, await BalanceAsync(one));
    }

    [Fact]
    public async Task A_started_file_grants_each_row_and_is_undone_as_a_whole()
    {
        var (administrator, one, other) = await PeopleAsync();
        var file = await ReadAsync(administrator, NewName(), $"customer,amount\n{one.Email},50\n{other.Email},20\n");

        var mistyped = Assert.IsType<BulkResult.Invalid>(await Grants.StartAsync(administrator, file.Batch.Id, "7", Ct));
        Assert.IsType<BulkResult.Accepted>(await Grants.StartAsync(administrator, file.Batch.Id, "70", Ct));
        await BecomesAsync(administrator, file.Batch.Id, GrantBatchState.Done);

        Assert.Equal("total", mistyped.Field);
        Assert.Equal((50, 20), (await BalanceAsync(one), await BalanceAsync(other)));
        await portal.Site.UseAsync(other, 20, "model_call", CreditTypes.ApiCredits);
        Assert.IsType<BulkResult.Accepted>(await Grants.UndoAsync(administrator, file.Batch.Id, Ct));
        var undone = await BecomesAsync(administrator, file.Batch.Id, GrantBatchState.Undone);
        Assert.Equal((0, 0), (await BalanceAsync(one), await BalanceAsync(other)));
        Assert.Equal((1, 1), (undone.CountOf(GrantRowState.Undone), undone.CountOf(GrantRowState.UsedUp)));
        Assert.IsType<BulkResult.Invalid>(await Grants.UndoAsync(administrator, file.Batch.Id, Ct));
        var acts = (await portal.Get<AuditLog>().ListAllAsync(administrator, one.OrganizationId, new AuditQuery(), Ct)).Entries.Select(entry => (entry.Act, entry.Actor));
        Assert.Equal(new[] { (AuditActs.CreditGranted, administrator.Actor), (AuditActs.CreditUndone, administrator.Actor) }, acts.Order());
        Assert.Empty((await portal.Get<LedgerVerification>().VerifyAsync(null, Ct)).Faults);
    }

    [Fact]
    public async Task The_same_file_again_grants_nobody_twice()
    {
        var (administrator, one, other) = await PeopleAsync();
        var name = NewName();
        await GrantAsync(administrator, name, $"customer,amount,reference\n{one.Email},50,a\n", "50");

        // Mended and read once more: one row is old, one is new, one is the old one with another amount.
        var again = await ReadAsync(administrator, name, $"customer,amount,reference\n{one.Email},50,a\n{other.Email},20,b\n");
        var changed = await ReadAsync(administrator, name, $"customer,amount,reference\n{one.Email},90,a\n");
        await Grants.StartAsync(administrator, again.Batch.Id, "20", Ct);
        await BecomesAsync(administrator, again.Batch.Id, GrantBatchState.Done);

        Assert.Equal(1, again.CountOf(GrantRowState.GrantedBefore));
        Assert.Equal(1, changed.CountOf(GrantRowState.GrantedBefore));
        Assert.IsType<BulkResult.Invalid>(await Grants.StartAsync(administrator, changed.Batch.Id, "0", Ct));
        Assert.Equal((50, 20), (await BalanceAsync(one), await BalanceAsync(other)));
    }

    [Fact]
    public async Task Two_files_of_one_name_that_were_read_before_either_was_started_grant_once()
    {
        var (administrator, one, _) = await PeopleAsync();
        var name = NewName();
        var text = $"customer,amount\n{one.Email},50\n";
        var (first, second) = (await ReadAsync(administrator, name, text), await ReadAsync(administrator, name, text));

        await Task.WhenAll(Grants.StartAsync(administrator, first.Batch.Id, "50", Ct), Grants.StartAsync(administrator, second.Batch.Id, "50", Ct));
        var ended = new[] { await BecomesAsync(administrator, first.Batch.Id, GrantBatchState.Done), await BecomesAsync(administrator, second.Batch.Id, GrantBatchState.Done) };

        Assert.Equal(50, await BalanceAsync(one));
        Assert.Equal(1, ended.Sum(file => file.CountOf(GrantRowState.Granted)));
        Assert.Equal(1, ended.Sum(file => file.CountOf(GrantRowState.GrantedBefore)));
    }

    [Fact]
    public async Task A_file_goes_on_where_it_was_when_the_portal_was_stopped()
    {
        var (administrator, one, other) = await PeopleAsync();
        var lines = string.Concat(Enumerable.Range(0, 400).Select(i => $"{(i % 2 == 0 ? one : other).Email},1\n"));
        var file = await ReadAsync(administrator, NewName(), $"customer,amount\n{lines}");
        await Grants.StartAsync(administrator, file.Batch.Id, "400", Ct);
        await Eventually.TrueAsync(async () => (await Grants.FindAsync(administrator, file.Batch.Id, Ct))!.CountOf(GrantRowState.Granted) > 0);

        await portal.RestartAsync();
        await BecomesAsync(administrator, file.Batch.Id, GrantBatchState.Done);

        Assert.Equal((200, 200), (await BalanceAsync(one), await BalanceAsync(other)));
    }

    [Theory]
    [InlineData("customer\nsomebody\n", "columns")]
    [InlineData("", "columns")]
    [InlineData("customer,amount\n", "no row")]
    public async Task A_file_that_cannot_be_read_says_why(string text, string words)
    {
        var (administrator, _, _) = await PeopleAsync();

        var invalid = Assert.IsType<BulkResult.Invalid>(await Grants.ReadAsync(administrator, Upload(NewName(), text), Ct));

        Assert.Equal("file", invalid.Field);
        Assert.Contains(words, invalid.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_has_its_limits()
    {
        var (administrator, _, _) = await PeopleAsync();
        var rows = string.Concat(Enumerable.Repeat("a@example.com,1\n", 10_001));

        Assert.Equal("file", Assert.IsType<BulkResult.Invalid>(await Grants.ReadAsync(administrator, Upload(NewName(), $"customer,amount\n{rows}"), Ct)).Field);
        Assert.Equal("file", Assert.IsType<BulkResult.Invalid>(await Grants.ReadAsync(administrator, Upload(NewName(), new string('x', BulkGrants.LargestFile + 1)), Ct)).Field);
        Assert.Equal("name", Assert.IsType<BulkResult.Invalid>(await Grants.ReadAsync(administrator, Upload(" ", "customer,amount\na,1\n"), Ct)).Field);
    }

    [Fact]
    public async Task Only_platform_administrators_read_start_or_see_files_and_start_only_after_their_password()
    {
        var (administrator, one, _) = await PeopleAsync();
        var file = await ReadAsync(administrator, NewName(), $"customer,amount\n{one.Email},50\n");
        var stranger = one.Caller with { ConfirmedAt = portal.Clock.Now };

        await Assert.ThrowsAsync<AccessDeniedException>(() => Grants.ReadAsync(stranger, Upload("x", ""), Ct));
        await Assert.ThrowsAsync<AccessDeniedException>(() => Grants.FindAsync(stranger, file.Batch.Id, Ct));
        await Assert.ThrowsAsync<AccessDeniedException>(() => Grants.ListAsync(stranger, null, Ct));
        await Assert.ThrowsAsync<AccessDeniedException>(() => Grants.ListRowsAsync(stranger, file.Batch.Id, false, null, 10, Ct));
        foreach (var caller in new[] { stranger, administrator with { ConfirmedAt = null } })
        {
            await Assert.ThrowsAsync<AccessDeniedException>(() => Grants.StartAsync(caller, file.Batch.Id, "50", Ct));
            await Assert.ThrowsAsync<AccessDeniedException>(() => Grants.UndoAsync(caller, file.Batch.Id, Ct));
        }
    }

    private static string NewName() => Guid.NewGuid().ToString("N");

    private static GrantUpload Upload(string name, string text) => new(name, text, CreditTypes.ApiCredits, "promo", "A promotion");

    private async Task<GrantBatchView> ReadAsync(Caller administrator, string name, string text)
    {
        var read = Assert.IsType<BulkResult.Accepted>(await Grants.ReadAsync(administrator, Upload(name, text), Ct));
        return (await Grants.FindAsync(administrator, read.BatchId, Ct))!;
    }

    private async Task GrantAsync(Caller administrator, string name, string text, string total)
    {
        var file = await ReadAsync(administrator, name, text);
        Assert.IsType<BulkResult.Accepted>(await Grants.StartAsync(administrator, file.Batch.Id, total, Ct));
        await BecomesAsync(administrator, file.Batch.Id, GrantBatchState.Done);
    }

    private async Task<GrantBatchView> BecomesAsync(Caller administrator, string batchId, GrantBatchState state)
    {
        await Eventually.TrueAsync(async () => (await Grants.FindAsync(administrator, batchId, Ct))!.Batch.State == state);
        return (await Grants.FindAsync(administrator, batchId, Ct))!;
    }

    private async Task<(Caller Administrator, Person One, Person Other)> PeopleAsync() => (
        (await portal.Site.SignUpAsync(administrator: true)).Caller with { ConfirmedAt = portal.Clock.Now }, await portal.Site.SignUpAsync(), await portal.Site.SignUpAsync());

    private async Task<decimal> BalanceAsync(Person person) =>
        (await portal.Get<CurrentWallets>().GetBalanceAsync(person.Caller, CreditTypes.ApiCredits, Ct)).Available.ToDecimal();
}

public sealed class BulkGrantTestsOnSqlite(KeyedSite<SqliteEngine> portal) : BulkGrantTests<SqliteEngine>(portal);

public sealed class BulkGrantTestsOnPostgres(KeyedSite<PostgresEngine> portal) : BulkGrantTests<PostgresEngine>(portal);
