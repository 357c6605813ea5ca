using BillingPortal.Ledger;

namespace BillingPortal.Gifting;

/// <summary>What somebody wants to give.</summary>
/// <param name="RecipientEmail">Whom; any spelling of the address.</param>
/// <param name="Amount">Whole flows.</param>
/// <param name="Note">At most <see cref="Gifts.NoteLength"/> characters; null or blank: none.</param>
public sealed record GiftWish(string RecipientEmail, long Amount, string? Note = null);

/// <summary>What became of the wish to give.</summary>
public abstract record GiftResult
{
    private GiftResult()
    {
    }

    /// <summary>Sent, or set aside: the gift's state tells.</summary>
    /// <param name="Gift">As it stands.</param>
    /// <param name="BonusLeft">Bonus flows the giver has now, without what is set aside.</param>
    public sealed record Given(Gift Gift, Credits BonusLeft) : GiftResult;

    /// <summary>A gift holds so many flows; nothing was done.</summary>
    public sealed record AmountOutOfRange(Credits Minimum, Credits Maximum, bool IsTooLarge) : GiftResult;

    /// <summary>The address is the giver's own; nothing was done.</summary>
    public sealed record ToSelf : GiftResult;

    /// <summary>Nobody has that address; nothing was done.</summary>
    public sealed record RecipientNotFound : GiftResult;

    /// <summary>The giver has only so many flows to give; nothing was done.</summary>
    public sealed record Insufficient(Credits Giftable) : GiftResult;

    /// <summary>The recipient's wallet cannot take it; nothing was done.</summary>
    public sealed record CannotReceive : GiftResult;

    /// <summary>So many gifts in a day; nothing was done.</summary>
    public sealed record DailyLimit(int Limit, DateTimeOffset NextAt) : GiftResult;

    /// <summary>Too many gifts to addresses that nobody has; nothing was done.</summary>
    public sealed record TooManyUnknown(DateTimeOffset NextAt) : GiftResult;

    /// <summary>The named part of the wish cannot be; nothing was done.</summary>
    public sealed record Invalid(string Field, string Message) : GiftResult;
}

/// <summary>What became of the wish to undo a gift.</summary>
public enum GiftUndo
{
    /// <summary>Nothing left the wallet.</summary>
    Undone,

    /// <summary>It was sent, or had ended otherwise, before.</summary>
    TooLate,

    /// <summary>The organization gave no such gift.</summary>
    NotFound,
}

/// <summary>What the giver can still give.</summary>
/// <param name="Giftable">Flows that may be given now.</param>
/// <param name="Bonus">Bonus flows, giftable or not, without what is set aside.</param>
/// <param name="Minimum">Least flows in one gift.</param>
/// <param name="Maximum">Most flows in one gift.</param>
/// <param name="LeftToday">How many gifts the day still allows.</param>
/// <param name="NextAt">When the next gift may be given, if <paramref name="LeftToday"/> is zero.</param>
public sealed record GiftAllowance(Credits Giftable, Credits Bonus, Credits Minimum, Credits Maximum, int LeftToday, DateTimeOffset? NextAt);

/// <summary>A page of gifts, newest first, and the id after which the next one begins; null at the end.</summary>
public sealed record GiftPage(IReadOnlyList<Gift> Gifts, string? NextAfter);
