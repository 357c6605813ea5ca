using BillingPortal.Ledger;

namespace BillingPortal.Wallets;

/// <summary>Debits usage.</summary>
public sealed record Charge : WalletCommand
{
    public required string CreditType { get; init; }

    /// <summary>What is debited; zero records the usage (with its riders) without a transaction.</summary>
    public required Credits Amount { get; init; }

    /// <summary>How far below zero the rate lets the available credit fall.</summary>
    public Credits OverdraftLimit { get; init; }

    public override IEnumerable<WalletKey> Wallets => [new(OrganizationId, CreditType)];

    internal override Refusal? Apply(WalletBook book) =>
        Amount.IsZero ? null : book.Change(new(OrganizationId, CreditType), wallet => wallet.Charge(book.Header(this), Amount, OverdraftLimit, GoesBeyondLimits, KeyId));
}

/// <summary>Debits usage that an allowance of another credit type serves first, exactly up to its last unit.</summary>
public sealed record AllowanceCharge : WalletCommand
{
    /// <summary>The wallet of the allowance, such as included minutes.</summary>
    public required string AllowanceType { get; init; }

    /// <summary>Units the allowance may serve.</summary>
    public required Credits Units { get; init; }

    /// <summary>The wallet that pays for the rest.</summary>
    public required string CreditType { get; init; }

    /// <summary>The price of the whole once the allowance has served a number of units. Pure.</summary>
    public required Func<Credits, Credits> PriceBeyond { get; init; }

    public Credits OverdraftLimit { get; init; }

    public override IEnumerable<WalletKey> Wallets => [new(OrganizationId, AllowanceType), new(OrganizationId, CreditType)];

    internal override Refusal? Apply(WalletBook book)
    {
        var allowance = new WalletKey(OrganizationId, AllowanceType);
        var served = Credits.Min(Units, Credits.Max(Credits.Zero, book[allowance].AvailableAt(book.Now)));
        var refusal = served.IsPositive ? book.Change(allowance, wallet => wallet.Charge(book.Header(this), served, Credits.Zero)) : null;
        var price = PriceBeyond(served);
        return refusal ?? (price.IsPositive
            ? book.Change(new(OrganizationId, CreditType), wallet => wallet.Charge(book.Header(this), price, OverdraftLimit, GoesBeyondLimits, KeyId))
            : null);
    }
}

/// <summary>Puts credit in: an allowance, a promotion, an administrator's grant, or (with type purchase) what was paid for.</summary>
public sealed record Grant : WalletCommand
{
    public required string CreditType { get; init; }

    public required Deposit Deposit { get; init; }

    /// <summary><see cref="TransactionType.Grant"/>, or <see cref="TransactionType.Purchase"/> when a payment settled.</summary>
    public TransactionType Type { get; init; } = TransactionType.Grant;

    public override IEnumerable<WalletKey> Wallets => [new(OrganizationId, CreditType)];

    internal override Refusal? Apply(WalletBook book) =>
        book.Change(new(OrganizationId, CreditType), wallet => wallet.Credit(book.Header(this), Type, Deposit));
}

/// <summary>Commits its riders, and the grants that ride with it, at most once for its reference; it moves no credit of its own.</summary>
public sealed record CommitRows : WalletCommand
{
    /// <summary>The wallet that is locked meanwhile.</summary>
    public required string CreditType { get; init; }

    public override IEnumerable<WalletKey> Wallets => [new(OrganizationId, CreditType)];

    internal override Refusal? Apply(WalletBook book) => null;
}

/// <summary>Says how much usage may take out of a wallet from now on.</summary>
public sealed record LimitSpending : WalletCommand
{
    public required string CreditType { get; init; }

    public required SpendLimits Limits { get; init; }

    public override IEnumerable<WalletKey> Wallets => [new(OrganizationId, CreditType)];

    internal override Refusal? Apply(WalletBook book) => book.Change(new(OrganizationId, CreditType), wallet => new(wallet with { Limits = Limits }, null, null));
}

/// <summary>Gives giftable credit to another organization: two transactions, one commit.</summary>
public sealed record GiftTransfer : WalletCommand
{
    public required string CreditType { get; init; }

    public required string RecipientOrganizationId { get; init; }

    public required Credits Amount { get; init; }

    /// <summary>The hold under which it was promised, which ends with it; null: there was none.</summary>
    public string? HoldId { get; init; }

    public override IEnumerable<WalletKey> Wallets => [new(OrganizationId, CreditType), new(RecipientOrganizationId, CreditType)];

    internal override Refusal? Apply(WalletBook book)
    {
        if (RecipientOrganizationId == OrganizationId)
        {
            return new Refusal.Rule("GIFT_TO_SELF", "A gift goes to someone else.");
        }

        var sender = new WalletKey(OrganizationId, CreditType);
        if (HoldId is { } holdId && book.EndHold(sender, holdId, HoldState.Captured, wallet => wallet.Release(holdId, book.Now)) is { } ended)
        {
            return ended;
        }

        var before = book[sender];
        var refusal = book.Change(sender, wallet => wallet.SendGift(book.Header(this), Amount));
        return refusal ?? book.Change(
            new(RecipientOrganizationId, CreditType), wallet => wallet.ReceiveGift(ReceiptHeader(book), before, book.LastTransaction));
    }

    // References are the sender's to choose, so in the recipient's organization the sender is part of it: it cannot take one of the recipient's own.
    private TransactionHeader ReceiptHeader(WalletBook book) => book.Header(this) with { Reference = $"from:{OrganizationId}:{Reference}" };
}

/// <summary>Takes back a payment's credit; what was spent of it is owed.</summary>
public sealed record ClawBack : WalletCommand
{
    public required string CreditType { get; init; }

    /// <summary>The payment, as its bucket's origin names it.</summary>
    public required string Origin { get; init; }

    public required Credits Amount { get; init; }

    public override IEnumerable<WalletKey> Wallets => [new(OrganizationId, CreditType)];

    internal override Refusal? Apply(WalletBook book) =>
        book.Change(new(OrganizationId, CreditType), wallet => wallet.ClawBack(book.Header(this), Origin, Amount));
}

/// <summary>An administrator's deduction, in the spending order, never below zero.</summary>
public sealed record Deduction : WalletCommand
{
    public required string CreditType { get; init; }

    public required Credits Amount { get; init; }

    public override IEnumerable<WalletKey> Wallets => [new(OrganizationId, CreditType)];

    internal override Refusal? Apply(WalletBook book) =>
        book.Change(new(OrganizationId, CreditType), wallet => wallet.Deduct(book.Header(this), Amount));
}

/// <summary>Takes back what is left of one grant.</summary>
public sealed record VoidGrant : WalletCommand
{
    public required string CreditType { get; init; }

    public required string BucketId { get; init; }

    /// <summary>At most this much.</summary>
    public required Credits Amount { get; init; }

    public override IEnumerable<WalletKey> Wallets => [new(OrganizationId, CreditType)];

    internal override Refusal? Apply(WalletBook book) =>
        book.Change(new(OrganizationId, CreditType), wallet => wallet.Void(book.Header(this), BucketId, Amount));
}

/// <summary>Sets credit aside.</summary>
public sealed record PlaceHold : WalletCommand
{
    public required string CreditType { get; init; }

    public required string HoldId { get; init; }

    public required Credits Amount { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>Whether it is promised as a gift, and so out of giftable credit alone.</summary>
    public bool IsGift { get; init; }

    public override IEnumerable<WalletKey> Wallets => [new(OrganizationId, CreditType)];

    internal override Refusal? Apply(WalletBook book) =>
        book.Change(new(OrganizationId, CreditType), wallet => wallet.Reserve(new Hold(HoldId, Amount, ExpiresAt, IsGift), book.Now));
}

/// <summary>Ends a hold by charging what was really used, and frees the rest.</summary>
public sealed record CaptureHold : WalletCommand
{
    public required string CreditType { get; init; }

    public required string HoldId { get; init; }

    /// <summary>Zero frees the hold and charges nothing.</summary>
    public required Credits Amount { get; init; }

    public Credits OverdraftLimit { get; init; }

    public override IEnumerable<WalletKey> Wallets => [new(OrganizationId, CreditType)];

    internal override Refusal? Apply(WalletBook book) =>
        book.EndHold(new(OrganizationId, CreditType), HoldId, HoldState.Captured, wallet => wallet.Capture(book.Header(this), HoldId, Amount, OverdraftLimit));
}

/// <summary>Ends a hold and charges nothing.</summary>
public sealed record ReleaseHold : WalletCommand
{
    public required string CreditType { get; init; }

    public required string HoldId { get; init; }

    public override IEnumerable<WalletKey> Wallets => [new(OrganizationId, CreditType)];

    internal override Refusal? Apply(WalletBook book) =>
        book.EndHold(new(OrganizationId, CreditType), HoldId, HoldState.Released, wallet => wallet.Release(HoldId, book.Now));
}

/// <summary>Posts what has expired in a wallet. Settling is part of loading it, so there is nothing left to do; it has no reference to remember.</summary>
internal sealed record SettleWallet : WalletCommand
{
    public required string CreditType { get; init; }

    public override IEnumerable<WalletKey> Wallets => [new(OrganizationId, CreditType)];

    internal override Refusal? Apply(WalletBook book) => new Refusal.Rule("NOTHING_MORE", "Settling posts expiry only.");
}
