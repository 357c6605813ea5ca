using BillingPortal.Access;
using BillingPortal.Components.Shared;
using BillingPortal.Reconciliation;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Pages.Admin;

/// <summary>What the reconciliation page shows.</summary>
/// <param name="Summary">How far the comparison is.</param>
/// <param name="Differences">A page of them, newest first.</param>
/// <param name="NextBefore">Where the next page begins; null at the end.</param>
/// <param name="Chosen">The one that is about to be healed; null if none is.</param>
public sealed record ReconciliationView(
    ReconciliationSummary Summary, IReadOnlyList<PaymentDifference> Differences, string? NextBefore, PaymentDifference? Chosen);

public sealed partial class ReconciliationPage
{
    private const int IdLength = 60;

    private ConfirmPassword? gate;
    private bool busy;
    private (Tone Tone, string Text)? told;
    private (bool, string?, string?)? shown;

    [Inject]
    private Reconciliations Reconciliations { get; set; } = null!;

    [Inject]
    private Healing Healer { get; set; } = null!;

    [SupplyParameterFromQuery(Name = "show")]
    private string? Show { get; set; }

    [SupplyParameterFromQuery(Name = "before")]
    private string? Before { get; set; }

    [SupplyParameterFromQuery(Name = "heal")]
    private string? Heal { get; set; }

    // A list that is being read does not move.
    protected override bool IsLive => false;

    private bool ShowsAll => Show is "all";

    protected override async Task OnParametersSetAsync()
    {
        var asked = (ShowsAll, Before, Heal);
        var moved = shown is not null && shown != asked;
        shown = asked;
        if (moved)
        {
            await ReloadAsync();
        }
    }

    protected override async Task<ReconciliationView> ReadAsync(Caller caller, CancellationToken cancellationToken)
    {
        var page = await Reconciliations.ListAsync(caller, new DifferenceQuery(ShowsAll ? null : DifferenceState.Open, Before: IdOf(Before)), cancellationToken);
        return new ReconciliationView(
            await Reconciliations.SummarizeAsync(caller, cancellationToken), page.Differences, page.NextBefore,
            IdOf(Heal) is { } id ? await Reconciliations.FindOpenAsync(caller, id, cancellationToken) : null);
    }

    private async Task HealAsync()
    {
        if (busy || View?.Chosen is not { } chosen || await FindCallerAsync() is not { } caller || gate?.Lets(caller) is not true)
        {
            return;
        }

        busy = true;
        try
        {
            told = await Healer.HealAsync(caller, chosen.Id, Gone) switch
            {
                HealResult.Healed => (Tone.Good, $"Healed. The books agree on {chosen.PaymentId} in this."),
                HealResult.Persists persists => (Tone.Bad, $"It is still there: {persists.Detail} Look at the payment before you try again."),
                HealResult.GatewayDown => (Tone.Bad, "The payment provider did not answer. Nothing was decided; try again in a moment."),
                _ => (Tone.Info, "It was not there any more. Nothing was done."),
            };
            NavigationManager.NavigateTo(Address(null, null));
            await ReloadAsync();
        }
        finally
        {
            busy = false;
        }
    }

    private async Task CompareAllAsync()
    {
        if (!busy && await FindCallerAsync() is { } caller)
        {
            await Reconciliations.CompareAllAsync(caller, Gone);
            told = (Tone.Info, "All payments are being compared again, as fast as the payment provider allows. What does not agree will stand here.");
            await ReloadAsync();
        }
    }

    private static string? IdOf(string? text) => text is { Length: > 0 and <= IdLength } id && !id.Any(char.IsControl) ? id : null;

    private static Tone ToneOf(DifferenceState state) => state switch
    {
        DifferenceState.Open => Tone.Bad,
        DifferenceState.Healed => Tone.Good,
        _ => Tone.Neutral,
    };

    private string Address(string? heal, string? before) => "/admin/reconciliation" + QueryString.Create(
        new Dictionary<string, string?> { ["show"] = ShowsAll ? "all" : null, ["heal"] = heal, ["before"] = before ?? (heal is null ? null : Before) }
            .Where(part => part.Value is not null));
}
