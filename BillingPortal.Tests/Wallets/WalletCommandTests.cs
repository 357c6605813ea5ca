using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Wallets;

public abstract class WalletCommandTests<TEngine>(WalletFixture<TEngine> store) : IClassFixture<WalletFixture<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private static readonly Credits One = Credits.FromWhole(1);

    private WalletHost Host => store.Host;

    private DateTimeOffset Now => store.Clock.GetUtcNow();

    [Fact]
    public async Task A_charge_takes_its_amount_and_says_what_is_left()
    {
        var wallet = await Host.NewWalletAsync(5);

        var posted = Assert.IsType<PostResult.Posted>(await Host.DoAsync(Do.Charge(wallet, Credits.FromMicros(1_500_000))));

        var transaction = Assert.Single(posted.Transactions);
        Assert.Equal((TransactionType.Charge, Credits.FromMicros(-1_500_000), Credits.FromMicros(3_500_000)), (transaction.Type, transaction.Amount, transaction.BalanceAfter));
        Assert.Equal(Credits.FromMicros(3_500_000), posted.BalanceOf(wallet).Available);
        Assert.Equal(Credits.FromMicros(3_500_000), await Host.AvailableAsync(wallet));
    }

    [Fact]
    public async Task A_charge_beyond_the_balance_is_refused_and_leaves_nothing()
    {
        var wallet = await Host.NewWalletAsync(1);
        var charge = Do.Charge(wallet, One + One);

        var refused = Assert.IsType<PostResult.Refused>(await Host.DoAsync(charge));
        Assert.Equal(new Refusal.Insufficient("credits", One + One, One), refused.Refusal);
        Assert.Equal(One, await Host.AvailableAsync(wallet));

        // The reference was not used up: with credit it goes through.
        await Host.DoAsync(Do.Grant(wallet, One));
        Assert.IsType<PostResult.Posted>(await Host.DoAsync(charge));
    }

    [Fact]
    public async Task A_free_charge_is_remembered_without_a_transaction()
    {
        var wallet = await Host.NewWalletAsync();
        var free = Do.Charge(wallet, Credits.Zero);

        Assert.Empty(Assert.IsType<PostResult.Posted>(await Host.DoAsync(free)).Transactions);
        Assert.IsType<PostResult.Replayed>(await Host.DoAsync(free));
    }

    [Fact]
    public async Task A_command_repeated_under_its_reference_changes_nothing()
    {
        var wallet = await Host.NewWalletAsync(5);
        var charge = Do.Charge(wallet, One);

        var posted = Assert.IsType<PostResult.Posted>(await Host.DoAsync(charge));
        var replayed = Assert.IsType<PostResult.Replayed>(await Host.DoAsync(charge));

        replayed.Deconstruct(out var id);
        Assert.Equal(posted.Transactions[0].Id, id);
        Assert.Equal(Credits.FromWhole(4), await Host.AvailableAsync(wallet));
    }

    [Fact]
    public async Task A_reference_is_an_organizations_own()
    {
        var (first, second) = (await Host.NewWalletAsync(1), await Host.NewWalletAsync(1));
        var charge = Do.Charge(first, One);

        Assert.IsType<PostResult.Posted>(await Host.DoAsync(charge));
        Assert.IsType<PostResult.Posted>(await Host.DoAsync(charge with { OrganizationId = second.OrganizationId }));
    }

    [Fact]
    public async Task A_reference_posts_once_whatever_the_credit_type()
    {
        var wallet = await Host.NewWalletAsync();
        var grant = Do.Grant(wallet, One);

        Assert.IsType<PostResult.Posted>(await Host.DoAsync(grant));
        Assert.IsType<PostResult.Replayed>(await Host.DoAsync(grant with { CreditType = "flows" }));
    }

    [Fact]
    public async Task An_overdraft_is_repaid_by_the_next_credit()
    {
        var wallet = await Host.NewWalletAsync(1);

        Assert.IsType<PostResult.Posted>(await Host.DoAsync(Do.Charge(wallet, Credits.FromWhole(3)) with { OverdraftLimit = Credits.FromWhole(2) }));
        Assert.Equal(Credits.FromWhole(-2), await Host.AvailableAsync(wallet));
        Assert.IsType<PostResult.Refused>(await Host.DoAsync(Do.Charge(wallet, Credits.FromMicros(1)) with { OverdraftLimit = Credits.FromWhole(2) }));

        await Host.DoAsync(Do.Grant(wallet, Credits.FromWhole(5)));
        Assert.Equal(Credits.FromWhole(3), await Host.AvailableAsync(wallet));
        var buckets = (await Host.Reader.GetWalletAsync(wallet, TestContext.Current.CancellationToken)).Buckets;
        Assert.Equal([Credits.FromWhole(3), Credits.Zero], buckets.Select(bucket => bucket.Remaining));
    }

    [Theory]
    [InlineData(3, 10, 3, 0)]
    [InlineData(10, 10, 10, 0)]
    [InlineData(14, 10, 10, 8)]
    public async Task An_allowance_serves_up_to_its_last_unit_and_the_rest_is_paid(long minutes, long included, long served, long paid)
    {
        var wallet = await Host.NewWalletAsync(100);
        var allowance = wallet with { CreditType = "minutes" };
        await Host.DoAsync(Do.Grant(allowance, Credits.FromWhole(included)));
        var charge = new AllowanceCharge
        {
            OrganizationId = wallet.OrganizationId,
            Reference = Do.NewReference(),
            Source = "voice",
            Actor = "key:test",
            AllowanceType = "minutes",
            CreditType = "credits",
            Units = Credits.FromWhole(minutes),
            PriceBeyond = units => (Credits.FromWhole(minutes) - units).Scale(2, 1),
        };

        Assert.IsType<PostResult.Posted>(await Host.DoAsync(charge));

        Assert.Equal(Credits.FromWhole(included - served), await Host.AvailableAsync(allowance));
        Assert.Equal(Credits.FromWhole(100 - paid), await Host.AvailableAsync(wallet));
    }

    [Fact]
    public async Task An_allowance_is_not_used_by_a_call_that_cannot_be_paid()
    {
        var wallet = await Host.NewWalletAsync(1);
        var allowance = wallet with { CreditType = "minutes" };
        await Host.DoAsync(Do.Grant(allowance, One));

        Assert.IsType<PostResult.Refused>(await Host.DoAsync(new AllowanceCharge
        {
            OrganizationId = wallet.OrganizationId,
            Reference = Do.NewReference(),
            Source = "voice",
            Actor = "key:test",
            AllowanceType = "minutes",
            CreditType = "credits",
            Units = Credits.FromWhole(9),
            PriceBeyond = _ => Credits.FromWhole(8),
        }));

        Assert.Equal(One, await Host.AvailableAsync(allowance));
    }

    [Fact]
    public async Task A_gift_moves_credit_in_one_commit_and_both_sides_remember_it()
    {
        var (ann, ben) = (await Host.NewWalletAsync(5, giftable: true), await Host.NewWalletAsync());
        var gift = Do.Gift(ann, ben, Credits.FromWhole(2));

        var posted = Assert.IsType<PostResult.Posted>(await Host.DoAsync(gift));

        Assert.Equal([TransactionType.GiftSent, TransactionType.GiftReceived], posted.Transactions.Select(transaction => transaction.Type));
        Assert.Equal(Credits.FromWhole(3), await Host.AvailableAsync(ann));
        Assert.Equal(Credits.FromWhole(2), await Host.AvailableAsync(ben));
        Assert.IsType<PostResult.Replayed>(await Host.DoAsync(gift));
    }

    [Fact]
    public async Task A_gift_does_not_take_a_reference_of_its_recipient()
    {
        var (ann, ben) = (await Host.NewWalletAsync(5, giftable: true), await Host.NewWalletAsync(5, giftable: true));
        var there = Do.Gift(ann, ben, One) with { Reference = "gift:the same words" };
        var back = Do.Gift(ben, ann, One) with { Reference = "gift:the same words" };

        Assert.All(await Task.WhenAll(Host.DoAsync(there), Host.DoAsync(back)), result => Assert.IsType<PostResult.Posted>(result));
    }

    [Fact]
    public async Task A_gift_of_what_is_not_giftable_or_to_oneself_is_refused()
    {
        var (ann, ben) = (await Host.NewWalletAsync(5), await Host.NewWalletAsync());

        Assert.IsType<PostResult.Refused>(await Host.DoAsync(Do.Gift(ann, ben, One)));
        Assert.IsType<PostResult.Refused>(await Host.DoAsync(Do.Gift(ann, ann, One)));
        Assert.Equal(Credits.FromWhole(5), await Host.AvailableAsync(ann));
    }

    [Fact]
    public async Task A_claw_back_leaves_a_debt_of_what_was_spent()
    {
        var wallet = await Host.NewWalletAsync();
        await Host.DoAsync(Do.Grant(wallet, Credits.FromWhole(5), kind: BucketKind.Purchased, origin: "pay_1") with { Type = TransactionType.Purchase });
        await Host.DoAsync(Do.Charge(wallet, Credits.FromWhole(4)));

        Assert.IsType<PostResult.Posted>(await Host.DoAsync(Do.ClawBack(wallet, "pay_1", Credits.FromWhole(5))));

        Assert.Equal(Credits.FromWhole(-4), await Host.AvailableAsync(wallet));
    }

    [Fact]
    public async Task A_deduction_stops_at_zero()
    {
        var wallet = await Host.NewWalletAsync(2);

        Assert.IsType<PostResult.Refused>(await Host.DoAsync(Do.Deduct(wallet, Credits.FromWhole(3))));
        Assert.IsType<PostResult.Posted>(await Host.DoAsync(Do.Deduct(wallet, Credits.FromWhole(2))));
        Assert.Equal(Credits.Zero, await Host.AvailableAsync(wallet));
    }

    [Fact]
    public async Task A_voided_grant_gives_back_what_is_left_of_it_and_no_other_credit()
    {
        var wallet = await Host.NewWalletAsync(2);
        var granted = Assert.IsType<PostResult.Posted>(await Host.DoAsync(Do.Grant(wallet, Credits.FromWhole(5), kind: BucketKind.Daily)));
        var bucket = granted.Transactions[0].Postings.Single(posting => posting.Account.BucketId is not null).Account.BucketId!;
        await Host.DoAsync(Do.Charge(wallet, One));

        Assert.IsType<PostResult.Posted>(await Host.DoAsync(Do.Void(wallet, bucket, Credits.FromWhole(5))));

        Assert.Equal(Credits.FromWhole(2), await Host.AvailableAsync(wallet));
        Assert.IsType<PostResult.Refused>(await Host.DoAsync(Do.Void(wallet, bucket, One)));
    }

    [Fact]
    public async Task A_hold_lowers_the_available_and_its_capture_charges_what_was_used()
    {
        var wallet = await Host.NewWalletAsync(5);
        var hold = Do.Hold(wallet, Ids.New("hold", Now), Credits.FromWhole(4), Now.AddMinutes(15));

        Assert.IsType<PostResult.Posted>(await Host.DoAsync(hold));
        Assert.IsType<PostResult.Replayed>(await Host.DoAsync(hold));
        Assert.Equal(One, await Host.AvailableAsync(wallet));

        Assert.IsType<PostResult.Posted>(await Host.DoAsync(Do.Capture(wallet, hold.HoldId, Credits.FromWhole(3))));
        Assert.Equal(Credits.FromWhole(2), await Host.AvailableAsync(wallet));
        Assert.IsType<PostResult.Refused>(await Host.DoAsync(Do.Capture(wallet, hold.HoldId, One)));
        Assert.IsType<PostResult.Refused>(await Host.DoAsync(Do.Release(wallet, hold.HoldId)));
    }

    [Fact]
    public async Task A_released_hold_and_one_captured_for_nothing_charge_nothing()
    {
        var wallet = await Host.NewWalletAsync(5);
        var (first, second) = (Ids.New("hold", Now), Ids.New("hold", Now));
        await Host.DoAsync(Do.Hold(wallet, first, One, Now.AddMinutes(15)));
        await Host.DoAsync(Do.Hold(wallet, second, One, Now.AddMinutes(15)));

        Assert.Empty(Assert.IsType<PostResult.Posted>(await Host.DoAsync(Do.Release(wallet, first))).Transactions);
        Assert.Empty(Assert.IsType<PostResult.Posted>(await Host.DoAsync(Do.Capture(wallet, second, Credits.Zero))).Transactions);
        Assert.Equal(Credits.FromWhole(5), await Host.AvailableAsync(wallet));
        Assert.Equal(["captured", "released"], await HoldStatesAsync(wallet));
    }

    [Fact]
    public async Task A_hold_that_expires_frees_its_credit_to_the_millisecond()
    {
        var wallet = await Host.NewWalletAsync(5);
        var holdId = Ids.New("hold", Now);
        var end = Now.AddMinutes(15);
        await Host.DoAsync(Do.Hold(wallet, holdId, Credits.FromWhole(5), end));

        store.Clock.MoveTo(end.AddMilliseconds(-1));
        Assert.Equal(Credits.Zero, await Host.AvailableAsync(wallet));
        Assert.IsType<PostResult.Refused>(await Host.DoAsync(Do.Charge(wallet, One)));

        store.Clock.MoveTo(end);
        Assert.Equal(Credits.FromWhole(5), await Host.AvailableAsync(wallet));
        Assert.IsType<PostResult.Posted>(await Host.DoAsync(Do.Charge(wallet, One)));
        Assert.IsType<PostResult.Refused>(await Host.DoAsync(Do.Capture(wallet, holdId, One)));
        Assert.Equal(["expired"], await HoldStatesAsync(wallet));
    }

    [Fact]
    public async Task Credit_that_expires_counts_until_the_millisecond_before_in_reads_and_in_debits()
    {
        var wallet = await Host.NewWalletAsync(1);
        var end = Now.AddHours(1);
        await Host.DoAsync(Do.Grant(wallet, Credits.FromWhole(4), end));

        store.Clock.MoveTo(end.AddMilliseconds(-1));
        Assert.Equal(Credits.FromWhole(5), await Host.AvailableAsync(wallet));
        Assert.IsType<PostResult.Posted>(await Host.DoAsync(Do.Charge(wallet, One)));

        store.Clock.MoveTo(end);
        Assert.Equal(One, await Host.AvailableAsync(wallet));
        Assert.IsType<PostResult.Refused>(await Host.DoAsync(Do.Charge(wallet, One + One)));
        Assert.IsType<PostResult.Posted>(await Host.DoAsync(Do.Charge(wallet, One)));
        Assert.Equal(Credits.Zero, await Host.AvailableAsync(wallet));
    }

    [Fact]
    public async Task The_sweep_posts_what_expired_once()
    {
        var wallet = await Host.NewWalletAsync(1);
        await Host.DoAsync(Do.Grant(wallet, Credits.FromWhole(4), Now.AddSeconds(1)));
        await Host.DoAsync(Do.Hold(wallet, Ids.New("hold", Now), One, Now.AddSeconds(1)));
        store.Clock.Advance(TimeSpan.FromSeconds(2));

        Assert.True(await Host.Sweep.SweepAsync(TestContext.Current.CancellationToken) >= 1);
        Assert.Equal(0, await Host.Sweep.SweepAsync(TestContext.Current.CancellationToken));

        await using var db = await Host.Contexts.CreateDbContextAsync(TestContext.Current.CancellationToken);
        var expired = await db.Set<TransactionRow>()
            .SingleAsync(row => row.OrganizationId == wallet.OrganizationId && row.Type == TransactionType.Expired, TestContext.Current.CancellationToken);
        Assert.Equal((Credits.FromWhole(-4), One), (expired.AmountMicros, expired.BalanceAfterMicros));
        Assert.Equal(["expired"], await HoldStatesAsync(wallet));
    }

    [Fact]
    public async Task Allowances_that_fell_due_are_posted_once_with_the_first_command_that_brings_them()
    {
        var wallet = await Host.NewWalletAsync();
        var due = Do.Grant(wallet, Credits.FromWhole(10), Now.AddDays(30), BucketKind.Plan) with { Reference = "allowance:2026-06" };

        Assert.All(
            await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Host.DoAsync(Do.Charge(wallet, One) with { Due = [due] }))),
            result => Assert.IsType<PostResult.Posted>(result));

        Assert.Equal(Credits.FromWhole(2), await Host.AvailableAsync(wallet));
        Assert.IsType<PostResult.Replayed>(await Host.DoAsync(due));
    }

    [Fact]
    public async Task Allowances_that_fell_due_fall_with_the_command_that_brought_them()
    {
        var wallet = await Host.NewWalletAsync();
        var due = Do.Grant(wallet, One, Now.AddDays(30), BucketKind.Plan) with { Reference = "allowance:2026-06" };

        Assert.IsType<PostResult.Refused>(await Host.DoAsync(Do.Charge(wallet, One + One) with { Due = [due] }));
        Assert.Equal(Credits.Zero, await Host.AvailableAsync(wallet));
        Assert.IsType<PostResult.Posted>(await Host.DoAsync(due));
    }

    [Fact]
    public async Task A_grant_onto_a_balance_near_the_end_of_64_bits_is_refused()
    {
        var wallet = await Host.NewWalletAsync();
        await Host.DoAsync(Do.Grant(wallet, Credits.MaxValue - One));

        var refused = Assert.IsType<PostResult.Refused>(await Host.DoAsync(Do.Grant(wallet, One + Credits.FromMicros(1))));

        Assert.IsType<Refusal.BalanceTooLarge>(refused.Refusal);
        Assert.Equal(Credits.MaxValue - One, await Host.AvailableAsync(wallet));
        Assert.IsType<PostResult.Posted>(await Host.DoAsync(Do.Grant(wallet, One)));
    }

    [Fact]
    public async Task What_a_command_says_of_itself_is_stored_as_it_was_said()
    {
        var wallet = await Host.NewWalletAsync(5);
        var late = Now.AddDays(-3);
        const string Note = "Ærøskøbing '); DROP TABLE wallets; -- 👩‍👩‍👧 \u202e <script>";

        await Host.DoAsync(Do.Charge(wallet, One) with { Note = Note, EffectiveAt = late });

        await using var db = await Host.Contexts.CreateDbContextAsync(TestContext.Current.CancellationToken);
        var row = await db.Set<TransactionRow>().SingleAsync(row => row.OrganizationId == wallet.OrganizationId && row.Type == TransactionType.Charge, TestContext.Current.CancellationToken);
        Assert.Equal((Note, "voice", "key:test", late, Now), (row.Note, row.Source, row.Actor, row.EffectiveAt, row.RecordedAt));
    }

    [Fact]
    public async Task Rows_of_features_commit_with_the_posting()
    {
        var wallet = await Host.NewWalletAsync(5);

        await Host.DoAsync(Do.Charge(wallet, One) with { Riders = [new OutboxRows(wallet, "set-wise"), OutboxEntity(wallet, "entity")] });

        Assert.Equal(["entity", "set-wise"], await OutboxAsync(wallet));
    }

    [Fact]
    public async Task Rows_of_features_are_not_written_for_a_refusal_or_a_replay()
    {
        var wallet = await Host.NewWalletAsync(1);
        var charge = Do.Charge(wallet, One) with { Riders = [new OutboxRows(wallet, "set-wise"), OutboxEntity(wallet, "entity")] };

        Assert.IsType<PostResult.Posted>(await Host.DoAsync(charge));
        Assert.IsType<PostResult.Replayed>(await Host.DoAsync(charge));
        Assert.IsType<PostResult.Refused>(await Host.DoAsync(charge with { Reference = Do.NewReference() }));

        Assert.Equal(["entity", "set-wise"], await OutboxAsync(wallet));
    }

    [Fact]
    public async Task A_rider_that_vetoes_takes_the_posting_and_all_other_rows_with_it_and_nobody_elses()
    {
        var (wallet, other) = (await Host.NewWalletAsync(5), await Host.NewWalletAsync(5));
        var rule = new Refusal.Rule("LIMIT_REACHED", "No more places.");
        var vetoed = Do.Charge(wallet, One) with { Riders = [new OutboxRows(wallet, "set-wise"), new EntityRider((_, _, _) => throw new RiderVetoException(rule))] };

        var results = await Task.WhenAll(
            Host.DoAsync(Do.Charge(other, One)), Host.DoAsync(vetoed), Host.DoAsync(Do.Charge(wallet, One)), Host.DoAsync(Do.Charge(other, One)));

        Assert.Equal(rule, Assert.IsType<PostResult.Refused>(results[1]).Refusal);
        Assert.Empty(await OutboxAsync(wallet));
        Assert.Equal(Credits.FromWhole(4), await Host.AvailableAsync(wallet));
        Assert.Equal(Credits.FromWhole(3), await Host.AvailableAsync(other));
    }

    [Fact]
    public async Task A_bad_command_fails_alone()
    {
        var wallets = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Host.NewWalletAsync(1)));
        var broken = new EntityRider((_, _, _) => throw new InvalidOperationException("a fault of the feature"));

        var tasks = wallets.Select((wallet, index) => Host.DoAsync(Do.Charge(wallet, One) with { Riders = index == 5 ? [broken] : [] })).ToArray();
        await Task.WhenAll(tasks).ContinueWith(_ => { }, TaskScheduler.Default);

        Assert.Equal("a fault of the feature", Assert.IsType<InvalidOperationException>(tasks[5].Exception!.InnerException).Message);
        Assert.All(tasks.Where((_, index) => index != 5), task => Assert.IsType<PostResult.Posted>(task.Result));
        Assert.Equal(One, await Host.AvailableAsync(wallets[5]));
    }

    [Fact]
    public async Task A_command_that_is_malformed_fails_alone()
    {
        var (wallet, other) = (await Host.NewWalletAsync(1), await Host.NewWalletAsync(1));

        var bad = Host.DoAsync(Do.Charge(wallet, -One));
        var good = Host.DoAsync(Do.Charge(other, One));

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => bad);
        Assert.IsType<PostResult.Posted>(await good);
    }

    [Fact]
    public async Task Listeners_are_told_after_the_commit_and_not_of_what_changed_nothing()
    {
        var wallet = await Host.NewWalletAsync(1);
        var told = 0;
        using (Host.Feed.Subscribe(wallet.OrganizationId, () => Interlocked.Increment(ref told)))
        {
            await Host.DoAsync(Do.Charge(wallet, One));
            await Eventually.TrueAsync(() => Volatile.Read(ref told) == 1);
            await Host.DoAsync(Do.Charge(wallet, One));
        }

        await Host.DoAsync(Do.Grant(wallet, One));
        Assert.Equal(1, told);
    }

    private async Task<List<string>> HoldStatesAsync(WalletKey wallet)
    {
        await using var db = await Host.Contexts.CreateDbContextAsync(TestContext.Current.CancellationToken);
        var rows = await db.Set<HoldRow>().Where(row => row.OrganizationId == wallet.OrganizationId).ToListAsync(TestContext.Current.CancellationToken);
        return [.. rows.Select(row => row.State.Text()).Order(StringComparer.Ordinal)];
    }

    private async Task<List<string>> OutboxAsync(WalletKey wallet)
    {
        await using var db = await Host.Contexts.CreateDbContextAsync(TestContext.Current.CancellationToken);
        return await db.Set<OutboxEvent>().Where(row => row.OrganizationId == wallet.OrganizationId)
            .OrderBy(row => row.Type).Select(row => row.Type).ToListAsync(TestContext.Current.CancellationToken);
    }

    private EntityRider OutboxEntity(WalletKey wallet, string type) => new((db, posted, _) =>
    {
        db.Add(OutboxEvent.Of(wallet.OrganizationId, type, new { Transaction = posted.Transactions[0].Id }, Now));
        return Task.CompletedTask;
    });

    private sealed class OutboxRows(WalletKey wallet, string type) : CommitRider
    {
        private static readonly TableShape Shape = new("outbox_events", RowVerb.Insert, 1,
            [TableShape.Text("id"), TableShape.Text("organization_id"), TableShape.Text("type"), TableShape.Text("data"), TableShape.Number("occurred_at")]);

        public override void Write(StoreSession session, PostResult.Posted posted) =>
            session.Rows(Shape).Add($"evt_{posted.Transactions[0].Id}", wallet.OrganizationId, type, "{}", 0L);
    }
}

public sealed class WalletCommandTestsOnSqlite(WalletFixture<SqliteEngine> store) : WalletCommandTests<SqliteEngine>(store);

public sealed class WalletCommandTestsOnPostgres(WalletFixture<PostgresEngine> store) : WalletCommandTests<PostgresEngine>(store);
