using System.Collections.Immutable;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Components.Shared;
using BillingPortal.Gifting;
using BillingPortal.Ledger;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Options;

namespace BillingPortal.Components.Pages;

/// <summary>A gift that the organization gave.</summary>
public sealed record SentGift(string Id, string To, Credits Amount, string? Note, GiftState State, DateTimeOffset At, DateTimeOffset? DueAt);

/// <summary>A gift that the organization received.</summary>
public sealed record ReceivedGift(string Id, string From, Credits Amount, string? Note, DateTimeOffset At);

/// <summary>What the Gifts page shows.</summary>
public sealed record GiftBook(
    string OrganizationName, bool MayGive, GiftAllowance Allowance,
    IReadOnlyList<SentGift> Sent, string? SentNext, IReadOnlyList<ReceivedGift> Received, string? ReceivedNext);

public sealed partial class GiftsPage
{
    private const int PageSize = 20;

    private static readonly ImmutableArray<long> Chips = [5, 10, 25, 100];

    private string email = "";
    private long amount = 10;
    private string note = "";
    private string formKey = Guid.NewGuid().ToString("N");
    private bool isReviewing;
    private bool busy;
    private string? problem;
    private string? said;
    private string? undone;
    private (string? Sent, string? Received) shown;

    [Inject]
    private Gifts Gifts { get; set; } = null!;

    [Inject]
    private Organizations Organizations { get; set; } = null!;

    [Inject]
    private IOptions<GiftOptions> Options { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "sent")]
    private string? SentAfter { get; set; }

    [SupplyParameterFromQuery(Name = "received")]
    private string? ReceivedAfter { get; set; }

    private int InvitationDays => Options.Value.InvitationDays;

    private Credits Amount => Credits.FromWhole(amount);

    protected override async Task OnParametersSetAsync()
    {
        if (shown != (SentAfter, ReceivedAfter))
        {
            await ReloadAsync();
        }
    }

    protected override async Task<GiftBook> ReadAsync(Caller caller, CancellationToken cancellationToken)
    {
        shown = (SentAfter, ReceivedAfter);
        var organization = await Organizations.GetAsync(caller, cancellationToken);
        var sent = await Gifts.ListSentAsync(caller, SentAfter, PageSize, cancellationToken);
        var received = await Gifts.ListReceivedAsync(caller, ReceivedAfter, PageSize, cancellationToken);
        return new GiftBook(
            organization.Name,
            caller.Role >= MemberRole.Billing,
            await Gifts.GetAllowanceAsync(caller, cancellationToken),
            [.. sent.Gifts.Select(gift => new SentGift(gift.Id, gift.RecipientEmail, gift.AmountMicros, gift.Note, gift.State, gift.CreatedAt, gift.DueAt))],
            sent.NextAfter,
            [.. received.Gifts.Select(gift => new ReceivedGift(gift.Id, gift.SenderName, gift.AmountMicros, gift.Note, gift.EndedAt ?? gift.CreatedAt))],
            received.NextAfter);
    }

    private void Review()
    {
        undone = null;
        var allowance = View!.Allowance;
        problem = string.IsNullOrWhiteSpace(email) ? "Whom is it for? Enter an e-mail address."
            : amount < 1 || Amount < allowance.Minimum || Amount > allowance.Maximum ? $"One gift holds {allowance.Minimum} to {allowance.Maximum} flows."
            : Amount > allowance.Giftable ? $"You can give {Flows(allowance.Giftable)}."
            : null;
        isReviewing = problem is null;
    }

    private async Task GiveAsync()
    {
        if (busy || await FindCallerAsync() is not { } caller)
        {
            return;
        }

        busy = true;
        try
        {
            var result = await Gifts.PrepareAsync(caller, new GiftWish(email, amount, note), formKey, Gone);
            problem = ProblemOf(result);
            if (result is GiftResult.Given { Gift: var gift })
            {
                said = gift.State is GiftState.Invited
                    ? $"Nobody has that address yet. {Flows(gift.AmountMicros)} wait for a sign-up."
                    : $"{Flows(gift.AmountMicros)} set aside. You can undo for {Display.Count((long)Options.Value.UndoWindow.TotalSeconds, "second")}.";
                (email, note, formKey) = ("", "", Guid.NewGuid().ToString("N"));
            }

            isReviewing = false;
            await ReloadAsync();
        }
        finally
        {
            busy = false;
        }
    }

    private async Task UndoAsync(SentGift gift)
    {
        if (await FindCallerAsync() is { } caller)
        {
            undone = await Gifts.UndoAsync(caller, gift.Id, Gone) is GiftUndo.Undone
                ? "Undone. Nothing left your account."
                : $"Too late to undo: the gift to {gift.To} has arrived or ended.";
            said = undone;
            await ReloadAsync();
        }
    }

    private void Again(SentGift gift) =>
        (email, amount, note, isReviewing, problem) = (gift.To, (long)gift.Amount.ToDecimal(), gift.Note ?? "", false, null);

    private string? ProblemOf(GiftResult result) => result switch
    {
        GiftResult.Given => null,
        GiftResult.ToSelf => "That is your own address. A gift goes to somebody else.",
        GiftResult.Insufficient shortage => $"You can give {Flows(shortage.Giftable)}. Nothing was sent.",
        GiftResult.AmountOutOfRange range => $"One gift holds {range.Minimum} to {range.Maximum} flows. Nothing was sent.",
        GiftResult.CannotReceive => "This person cannot receive the gift. Nothing was sent.",
        GiftResult.DailyLimit limit => $"An organization gives at most {Display.Count(limit.Limit, "gift")} a day. Nothing was sent.",
        GiftResult.TooManyUnknown => $"Too many gifts went to addresses that nobody has. Nothing was sent; try again in {Wait(result)}.",
        GiftResult.Invalid invalid => invalid.Message,
        _ => "The gift could not be sent. Nothing left your account.",
    };

    private string Wait(GiftResult result) => result is GiftResult.TooManyUnknown unknown
        ? Display.Count((long)Math.Max(1, Math.Ceiling((unknown.NextAt - Clock.GetUtcNow()).TotalMinutes)), "minute")
        : "a while";

    private static string Flows(Credits amount) => $"{Display.Amount(amount)} {(amount == Credits.FromWhole(1) ? "flow" : "flows")}";

    private static Tone ToneOf(GiftState state) => state switch
    {
        GiftState.Sent => Tone.Good,
        GiftState.Waiting or GiftState.Invited => Tone.Info,
        _ => Tone.Neutral,
    };

    private static string WordFor(GiftState state) => state switch
    {
        GiftState.Waiting => "Set aside",
        GiftState.Invited => "Invited",
        GiftState.Sent => "Arrived",
        GiftState.Undone => "Undone",
        _ => "Came back",
    };
}
