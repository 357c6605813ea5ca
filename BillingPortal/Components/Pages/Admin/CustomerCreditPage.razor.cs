using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Administration;
using BillingPortal.Catalog;
using BillingPortal.Components.Shared;
using BillingPortal.Ledger;
using BillingPortal.Subscriptions;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Pages.Admin;

/// <summary>Bonus credit of which something is left.</summary>
public sealed record VoidableGrant(string BucketId, string CreditType, Credits Remaining, Credits Amount, string Source, DateTimeOffset GrantedAt);

/// <summary>What was done by hand, as a line of the list.</summary>
public sealed record AdjustmentRow(
    string Id, AdjustmentKind Kind, string CreditType, Credits Amount, string Source, string Reason, string Actor, DateTimeOffset At, DateTimeOffset? UndoneAt, bool MayUndo);

/// <summary>What the page shows; nothing if there is no such customer.</summary>
public sealed record CustomerCredit(
    CustomerRow? Customer, IReadOnlyList<WalletSummary> Wallets, IReadOnlyList<VoidableGrant> Grants, IReadOnlyList<AdjustmentRow> Adjustments, string? NextBefore);

public sealed partial class CustomerCreditPage
{
    private const int PageSize = 20;

    private ConfirmPassword gate = null!;
    private AdjustmentKind kind;
    private string creditType = CreditTypes.Credits;
    private decimal? amount;
    private string source = CreditAdjustments.Sources[0];
    private string reason = "";
    private string bucketId = "";
    private DateOnly? lastDay;
    private bool again;
    private bool busy;
    private string? problem;
    private string? said;
    private string? told;
    private string? last;
    private bool undone;
    private AdjustmentResult.Possible? plan;
    private CreditEffect? effect;
    private string formKey = Guid.NewGuid().ToString("N");
    private (string Id, string? Before)? shown;

    [Parameter]
    public string Id { get; set; } = "";

    [SupplyParameterFromQuery(Name = "before")]
    private string? Before { get; set; }

    [Inject]
    private Customers Customers { get; set; } = null!;

    [Inject]
    private CreditAdjustments Adjustments { get; set; } = null!;

    [Inject]
    private CreditEffects Effects { get; set; } = null!;

    [Inject]
    private CurrentWallets Wallets { get; set; } = null!;

    [Inject]
    private ActorNames Names { get; set; } = null!;

    [Inject]
    private Viewer Viewer { get; set; } = null!;

    private DateTimeOffset? ExpiresAt => kind is AdjustmentKind.Grant && lastDay is { } day ? Viewer.StartOf(day.AddDays(1)) : null;

    private string What => $"{WordFor(kind)} {Display.Amount(Wish.Amount)} {CreditTypes.NameOf(Wish.CreditType).ToLowerInvariant()}";

    private AdjustmentWish Wish
    {
        get
        {
            var voided = kind is AdjustmentKind.Void ? View?.Grants.FirstOrDefault(grant => grant.BucketId == bucketId) : null;
            return new AdjustmentWish(
                Id,
                voided?.CreditType ?? creditType,
                kind,
                voided?.Remaining ?? (kind is not AdjustmentKind.Void && amount is { } wanted && Credits.TryFromDecimal(wanted, out var exact) ? exact : Credits.Zero),
                source,
                reason,
                $"form:{formKey}",
                ExpiresAt,
                voided?.BucketId);
        }
    }

    protected override string Followed(Caller caller) => Id;

    protected override async Task OnParametersSetAsync()
    {
        var asked = (Id, Before);
        var moved = shown is not null && shown != asked;
        shown = asked;
        if (moved)
        {
            await ReloadAsync();
        }
    }

    protected override async Task<CustomerCredit> ReadAsync(Caller caller, CancellationToken cancellationToken)
    {
        if (await Customers.FindAsync(caller, Id, cancellationToken) is not { } customer)
        {
            NavigationManager.NotFound();
            return new CustomerCredit(null, [], [], [], null);
        }

        var (now, visitor) = (Clock.GetUtcNow(), caller.Visiting(Id));
        var wallets = new List<Wallet>();
        foreach (var type in CreditAdjustments.Adjustable)
        {
            wallets.Add(await Wallets.GetWalletAsync(visitor, type, cancellationToken));
        }

        var rows = await Adjustments.ListAsync(caller, Id, Before, PageSize + 1, cancellationToken);
        var names = await Names.FindAsync(caller, rows.Select(row => row.Actor), cancellationToken);
        return new CustomerCredit(
            customer,
            [.. wallets.Select(wallet => WalletSummary.Of(wallet, now))],
            [
                .. wallets.SelectMany(wallet => wallet.Buckets
                    .Where(bucket => bucket.Kind is BucketKind.Promotional && bucket.IsLiveAt(now) && bucket.Remaining.IsPositive)
                    .OrderByDescending(bucket => bucket.EffectiveAt)
                    .Select(bucket => new VoidableGrant(bucket.Id, wallet.Key.CreditType, bucket.Remaining, bucket.Amount, bucket.Source, bucket.EffectiveAt))),
            ],
            [
                .. rows.Take(PageSize).Select(row => new AdjustmentRow(
                    row.Id, row.Kind, row.CreditType, row.AmountMicros, row.Source, row.Reason, names.GetValueOrDefault(row.Actor, row.Actor), row.At, row.UndoneAt,
                    row.UndoneAt is null && row.At + CreditAdjustments.UndoWithin > now)),
            ],
            rows.Count > PageSize ? rows[PageSize - 1].Id : null);
    }

    private void Choose(AdjustmentKind choice) => (kind, problem, told) = (choice, null, null);

    private async Task ReviewAsync()
    {
        (told, again) = (null, false);
        if (await FindCallerAsync() is { } caller)
        {
            var result = await Adjustments.PreviewAsync(caller, Wish, Gone);
            problem = ProblemOf(result);
            effect = result is AdjustmentResult.Possible possible ? await Effects.ReadAsync(caller, Wish, possible, Gone) : null;
            plan = result as AdjustmentResult.Possible;
        }
    }

    private async Task DoAsync()
    {
        if (busy || await FindCallerAsync() is not { } caller || !gate.Lets(caller))
        {
            return;
        }

        busy = true;
        try
        {
            var what = What;
            var result = await Adjustments.DoAsync(caller, Wish, Gone);
            problem = ProblemOf(result);
            if (result is AdjustmentResult.Done done)
            {
                (told, last, undone, plan) = ($"{what}: done. The balance went from {Display.Amount(done.Before)} to {Display.Amount(done.After)}.", done.Adjustment.Id, false, null);
                (amount, reason, bucketId, lastDay, formKey) = (null, "", "", null, Guid.NewGuid().ToString("N"));
                said = told;
                await ReloadAsync();
            }
        }
        finally
        {
            busy = false;
        }
    }

    private async Task UndoAsync(string adjustmentId)
    {
        if (busy || await FindCallerAsync() is not { } caller || !gate.Lets(caller))
        {
            return;
        }

        busy = true;
        try
        {
            told = await Adjustments.UndoAsync(caller, adjustmentId, Gone) switch
            {
                AdjustmentUndo.Undone done => $"Undone: {Display.Amount(done.Amount)} went back.",
                AdjustmentUndo.NothingLeft => "Nothing could be taken back: all of it was used or has expired.",
                _ => "It is too late to undo this. Grant or deduct the difference instead.",
            };
            (said, undone) = (told, true);
            await ReloadAsync();
        }
        finally
        {
            busy = false;
        }
    }

    private static string LastsOf(CreditEffect effect) => effect is { LastsNow: { } now, LastsThen: { } then }
        ? $"{now.Text} → {then.Text}, at the pace of the last {Display.Count(now.BasisDays, "day")}"
        : "Too little was used lately to say how long it lasts";

    private string OwedOf(CreditEffect effect)
    {
        var owed = $"{Display.Amount(effect.OwedNow)} → {Display.Amount(effect.OwedThen)}";
        return Wish.CreditType == CreditTypes.Credits ? $"{owed}, worth {Worth(effect.OwedNow)} → {Worth(effect.OwedThen)}" : owed;

        // One credit is one cent.
        static string Worth(decimal credits) => Display.Price(Money.FromCents((long)decimal.Truncate(credits)));
    }

    private static string? ProblemOf(AdjustmentResult result) => result switch
    {
        AdjustmentResult.Invalid invalid => $"{invalid.Message} Nothing was changed.",
        AdjustmentResult.NoSuchOrganization => "This customer is not there any more. Nothing was changed.",
        _ => null,
    };

    private static string WordFor(AdjustmentKind kind) => kind switch
    {
        AdjustmentKind.Grant => "Grant",
        AdjustmentKind.Deduction => "Deduct",
        _ => "Void",
    };

    private static string NameOf(string source) => $"{char.ToUpperInvariant(source[0])}{source[1..].Replace('_', ' ')}";
}
