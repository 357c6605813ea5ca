using BillingPortal.Ledger;

namespace BillingPortal.Tests.Ledger;

public sealed class WalletTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 16, 12, 0, 0, TimeSpan.Zero);

    private int ids;

    [Fact]
    public void Credit_is_spent_daily_then_plan_then_promotional_then_purchased()
    {
        var wallet = WalletWith(
            new Deposit(BucketKind.Purchased, Whole(1)),
            new Deposit(BucketKind.Promotional, Whole(1)),
            new Deposit(BucketKind.Plan, Whole(1), Now.AddDays(30)),
            new Deposit(BucketKind.Daily, Whole(1), Now.AddHours(12)));

        Assert.Equal([BucketKind.Daily, BucketKind.Plan, BucketKind.Promotional, BucketKind.Purchased], KindsDrawnBy(wallet.Charge(Header(), Whole(4), Credits.Zero)));
    }

    [Fact]
    public void Within_a_kind_the_soonest_expiry_is_spent_first_and_then_the_oldest()
    {
        var wallet = WalletWith(
            new Deposit(BucketKind.Promotional, Whole(1), Origin: "oldest, never expires"),
            new Deposit(BucketKind.Promotional, Whole(1), Origin: "younger, never expires"),
            new Deposit(BucketKind.Promotional, Whole(1), Now.AddDays(2), Origin: "in two days"),
            new Deposit(BucketKind.Promotional, Whole(1), Now.AddDays(1), Origin: "tomorrow"));

        var charged = wallet.Charge(Header(), Whole(4), Credits.Zero);

        Assert.Equal(["tomorrow", "in two days", "oldest, never expires", "younger, never expires"], Drawn(charged).Select(bucket => bucket.Origin));
    }

    [Fact]
    public void A_priority_overrides_the_kind()
    {
        var wallet = WalletWith(
            new Deposit(BucketKind.Daily, Whole(1)),
            new Deposit(BucketKind.Purchased, Whole(1), Priority: -1));

        Assert.Equal([BucketKind.Purchased, BucketKind.Daily], KindsDrawnBy(wallet.Charge(Header(), Whole(2), Credits.Zero)));
    }

    [Fact]
    public void A_debit_beyond_the_available_is_refused_with_what_is_needed_and_what_there_is()
    {
        var wallet = WalletWith(new Deposit(BucketKind.Purchased, Whole(5)));

        var step = wallet.Charge(Header(), Whole(5) + Micro(1), Credits.Zero);

        Assert.Equal(new Refusal.Insufficient("credits", Whole(5) + Micro(1), Whole(5)), step.Refusal);
        Assert.Same(wallet, step.Wallet);
        Assert.Null(step.Transaction);
    }

    [Fact]
    public void A_rate_that_allows_overdraft_goes_down_to_its_limit_and_no_further()
    {
        var wallet = WalletWith(new Deposit(BucketKind.Purchased, Whole(5)));

        Assert.NotNull(wallet.Charge(Header(), Whole(8) + Micro(1), Whole(3)).Refusal);
        var charged = wallet.Charge(Header(), Whole(8), Whole(3));

        Assert.Equal(Whole(-3), charged.Wallet.AvailableAt(Now));
        Assert.NotNull(charged.Wallet.Charge(Header(), Micro(1), Whole(3)).Refusal);
    }

    [Fact]
    public void Held_credit_cannot_be_spent_held_again_or_given()
    {
        var wallet = WalletWith(new Deposit(BucketKind.Promotional, Whole(5), Giftable: true))
            .Reserve(new Hold("hold_1", Whole(4), Now.AddMinutes(15)), Now).Wallet;

        Assert.NotNull(wallet.Charge(Header(), Whole(2), Credits.Zero).Refusal);
        Assert.NotNull(wallet.Reserve(new Hold("hold_2", Whole(2), Now.AddMinutes(15)), Now).Refusal);
        Assert.NotNull(wallet.SendGift(Header(), Whole(2)).Refusal);
        Assert.Null(wallet.Charge(Header(), Whole(1), Credits.Zero).Refusal);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(5)]
    public void A_capture_charges_what_was_used_and_frees_the_rest(long used)
    {
        var wallet = WalletWith(new Deposit(BucketKind.Purchased, Whole(5)))
            .Reserve(new Hold("hold_1", Whole(4), Now.AddMinutes(15)), Now).Wallet;

        var captured = wallet.Capture(Header(), "hold_1", Whole(used), Credits.Zero);

        Assert.Equal(Whole(5 - used), captured.Wallet.AvailableAt(Now));
        Assert.Empty(captured.Wallet.Holds);
        Assert.IsType<Refusal.HoldNotOpen>(captured.Wallet.Capture(Header(), "hold_1", Whole(used), Credits.Zero).Refusal);
    }

    [Fact]
    public void A_capture_that_cannot_be_paid_leaves_the_hold_open()
    {
        var wallet = WalletWith(new Deposit(BucketKind.Purchased, Whole(5)))
            .Reserve(new Hold("hold_1", Whole(4), Now.AddMinutes(15)), Now).Wallet;

        var step = wallet.Capture(Header(), "hold_1", Whole(6), Credits.Zero);

        Assert.IsType<Refusal.Insufficient>(step.Refusal);
        Assert.Equal(Whole(4), step.Wallet.HeldAt(Now));
    }

    [Fact]
    public void A_refund_takes_its_own_purchase_first_then_other_purchased_credit_and_then_becomes_debt()
    {
        var wallet = WalletWith(
            new Deposit(BucketKind.Plan, Whole(10), Now.AddDays(30)),
            new Deposit(BucketKind.Purchased, Whole(3), Origin: "pay_other"),
            new Deposit(BucketKind.Purchased, Whole(4), Origin: "pay_refunded"));

        var refunded = wallet.ClawBack(Header(), "pay_refunded", Whole(9)).Wallet;

        Assert.Equal([Whole(10), Credits.Zero, Credits.Zero, Whole(-2)], refunded.Buckets.Select(bucket => bucket.Remaining));
        Assert.Equal(Whole(8), refunded.AvailableAt(Now));
    }

    [Fact]
    public void An_allowance_that_came_too_late_to_count_repays_nothing()
    {
        var owing = Empty.ClawBack(Header(), "pay_1", Whole(2)).Wallet;

        var late = owing.Credit(Header(), TransactionType.Grant, new Deposit(BucketKind.Daily, Whole(5), Now)).Wallet;

        Assert.Equal(Whole(-2), late.AvailableAt(Now));
    }

    [Fact]
    public void A_gift_keeps_the_expiry_of_each_bucket_it_came_from()
    {
        var sender = WalletWith(
            new Deposit(BucketKind.Promotional, Whole(2), Now.AddDays(1), Giftable: true),
            new Deposit(BucketKind.Promotional, Whole(3), Giftable: true),
            new Deposit(BucketKind.Promotional, Whole(9)));

        var sent = sender.SendGift(Header(), Whole(4));
        var received = Wallet.Empty(new("org_ben", "credits")).ReceiveGift(Header(), sender, sent.Transaction!).Wallet;

        Assert.Equal([(Whole(2), Now.AddDays(1)), (Whole(2), null)], received.Buckets.Select(bucket => (bucket.Remaining, bucket.ExpiresAt)));
        Assert.NotNull(sender.SendGift(Header(), Whole(6)).Refusal);
    }

    [Fact]
    public void A_balance_that_would_pass_64_bits_is_refused_and_not_wrapped()
    {
        var wallet = WalletWith(new Deposit(BucketKind.Purchased, Credits.MaxValue - Micro(1)));

        Assert.IsType<Refusal.BalanceTooLarge>(wallet.Credit(Header(), TransactionType.Grant, new Deposit(BucketKind.Promotional, Micro(2))).Refusal);
        var full = wallet.Credit(Header(), TransactionType.Grant, new Deposit(BucketKind.Promotional, Micro(1)));
        Assert.Equal(Credits.MaxValue, full.Wallet.BalanceAt(Now));
    }

    [Fact]
    public void A_debt_that_would_pass_64_bits_is_refused_and_not_wrapped()
    {
        var owing = Empty.ClawBack(Header(), "pay_1", Credits.MaxValue).Wallet;
        Assert.IsType<Refusal.BalanceTooLarge>(owing.ClawBack(Header(), "pay_1", Micro(1)).Refusal);
        Assert.IsType<Refusal.Insufficient>(owing.Charge(Header(), Micro(1), Credits.MaxValue).Refusal);

        var spentElsewhere = WalletWith(new Deposit(BucketKind.Plan, Credits.MaxValue)).ClawBack(Header(), "pay_1", Credits.MaxValue).Wallet;
        Assert.Equal(Credits.Zero, spentElsewhere.AvailableAt(Now));
        Assert.IsType<Refusal.BalanceTooLarge>(spentElsewhere.ClawBack(Header(), "pay_1", Micro(1)).Refusal);

        var held = WalletWith(new Deposit(BucketKind.Purchased, Credits.MaxValue, Origin: "pay_1"))
            .Reserve(new Hold("hold_1", Credits.MaxValue, Now.AddMinutes(1)), Now).Wallet.ClawBack(Header(), "pay_1", Credits.MaxValue).Wallet;
        Assert.IsType<Refusal.BalanceTooLarge>(held.ClawBack(Header(), "pay_1", Micro(1)).Refusal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void An_amount_that_is_not_positive_is_a_fault_of_the_caller(long micros)
    {
        var wallet = WalletWith(new Deposit(BucketKind.Promotional, Whole(5), Origin: "pay_1", Giftable: true));
        var amount = Micro(micros);
        Func<WalletStep>[] deeds =
        [
            () => wallet.Credit(Header(), TransactionType.Grant, new Deposit(BucketKind.Promotional, amount)),
            () => wallet.Charge(Header(), amount, Credits.Zero),
            () => wallet.Deduct(Header(), amount),
            () => wallet.SendGift(Header(), amount),
            () => wallet.ClawBack(Header(), "pay_1", amount),
            () => wallet.Void(Header(), wallet.Buckets[0].Id, amount),
            () => wallet.Reserve(new Hold("hold_1", amount, Now.AddMinutes(1)), Now),
        ];

        Assert.All(deeds, deed => Assert.Throws<ArgumentOutOfRangeException>(() => deed()));
    }

    private static Wallet Empty => Wallet.Empty(new("org_ann", "credits"));

    private Wallet WalletWith(params Deposit[] deposits) =>
        deposits.Aggregate(Empty, (wallet, deposit) => wallet.Credit(Header(), TransactionType.Grant, deposit).Wallet);

    private TransactionHeader Header()
    {
        ids++;
        return new($"tx_{ids:D3}", $"test:{ids}", "test", null, "system:test", Now, Now);
    }

    private static IEnumerable<BucketKind> KindsDrawnBy(WalletStep step) => Drawn(step).Select(bucket => bucket.Kind);

    private static IEnumerable<Bucket> Drawn(WalletStep step) =>
        step.Transaction!.Postings.Where(posting => posting.Account.BucketId is not null)
            .Select(posting => step.Wallet.Buckets.Single(bucket => bucket.Id == posting.Account.BucketId));

    private static Credits Whole(long credits) => Credits.FromWhole(credits);

    private static Credits Micro(long micros) => Credits.FromMicros(micros);
}
