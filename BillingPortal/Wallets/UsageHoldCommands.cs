using System.Collections.Immutable;
using BillingPortal.Ledger;

namespace BillingPortal.Wallets;

/// <summary>A hold of usage that a command ends.</summary>
/// <param name="HoldId">As <see cref="PlaceUsageHold"/> placed it.</param>
/// <param name="ExpiresAt">When it ends by itself.</param>
/// <param name="Wallets">Those it lies in, or may.</param>
public sealed record UsageHoldClaim(string HoldId, DateTimeOffset ExpiresAt, ImmutableArray<WalletKey> Wallets);

/// <summary>Sets aside what usage will take: units of an allowance as far as there are any, and credit for the price of the rest.</summary>
/// <remarks>One hold may lie in two wallets; a charge ends both with <see cref="WalletCommand.Captures"/>.</remarks>
public sealed record PlaceUsageHold : WalletCommand
{
    /// <summary>The refusal of one hold too many.</summary>
    public const string TooMany = "TOO_MANY_HOLDS";

    /// <summary>Most holds open in one wallet: every one is read with it.</summary>
    public const int MostOpen = 1_000;

    public required string HoldId { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The wallet of the allowance, such as included minutes; null if none serves this usage.</summary>
    public string? AllowanceType { get; init; }

    /// <summary>Units the allowance may serve.</summary>
    public Credits Units { get; init; }

    /// <summary>The wallet that pays for the rest.</summary>
    public required string CreditType { get; init; }

    /// <summary>The price of the whole once the allowance has served a number of units. Pure.</summary>
    public required Func<Credits, Credits> PriceBeyond { get; init; }

    public override IEnumerable<WalletKey> Wallets =>
        AllowanceType is null ? [new(OrganizationId, CreditType)] : [new(OrganizationId, AllowanceType), new(OrganizationId, CreditType)];

    /// <summary>The id of a hold in one of the wallets it lies in.</summary>
    public static string IdIn(WalletKey wallet, string holdId) => $"{holdId}:{wallet.CreditType}";

    internal override Refusal? Apply(WalletBook book)
    {
        var payer = new WalletKey(OrganizationId, CreditType);
        if (Wallets.Any(key => book[key].Holds.Length >= MostOpen))
        {
            return new Refusal.Rule(TooMany, $"At most {MostOpen} holds can be open at once.");
        }

        var served = Credits.Zero;
        if (AllowanceType is not null)
        {
            var allowance = new WalletKey(OrganizationId, AllowanceType);
            served = Credits.Min(Units, Credits.Max(Credits.Zero, book[allowance].AvailableAt(book.Now)));
            if (served.IsPositive && Place(book, allowance, served) is { } refusal)
            {
                return refusal;
            }
        }

        var price = PriceBeyond(served);
        return price.IsPositive ? Place(book, payer, price) : null;
    }

    private Refusal? Place(WalletBook book, WalletKey wallet, Credits amount) =>
        book.PlaceHold(wallet, new Hold(IdIn(wallet, HoldId), amount, ExpiresAt, KeyId: KeyId));
}

/// <summary>Ends a hold of usage and charges nothing.</summary>
public sealed record ReleaseUsageHold : WalletCommand
{
    public required UsageHoldClaim Hold { get; init; }

    public override IEnumerable<WalletKey> Wallets => Hold.Wallets;

    internal override Refusal? Apply(WalletBook book) => book.EndUsageHold(Hold, HoldState.Released);
}
