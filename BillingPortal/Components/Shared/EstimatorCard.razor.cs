using System.Globalization;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.JSInterop;

namespace BillingPortal.Components.Shared;

/// <summary>Estimates a month, says what covers it, and what is best bought for the rest.</summary>
public sealed partial class EstimatorCard : IAsyncDisposable
{
    // The second preset is a month of agents on the phone; an operation that the catalog does not have is left out.
    private const string SmallTeam = "?image_to_html=50&code_export=50&figma_export=20";
    private const string BusyAgent = "?voice=1200&chat=3000&transfer_minute=150&number=2";

    private static readonly IReadOnlyDictionary<string, string> Nothing = new Dictionary<string, string>();

    private IReadOnlyDictionary<string, string> texts = Nothing;
    private IReadOnlyDictionary<string, string> faults = Nothing;
    private IReadOnlyList<EstimateGroup> groups = [];
    private string? problem;
    private Estimate? estimate;
    private EstimateCover? cover;
    private EstimateAdvice? advice;
    private IJSObjectReference? module;

    /// <summary>The page it stands on.</summary>
    [Parameter, EditorRequired]
    public string Path { get; set; } = "";

    /// <summary>Whom it counts for; null: nobody in particular.</summary>
    [Parameter]
    public EstimateOverview? Overview { get; set; }

    [Inject]
    private EstimateForm Form { get; set; } = null!;

    [Inject]
    private Estimator Estimator { get; set; } = null!;

    [Inject]
    private NavigationManager NavigationManager { get; set; } = null!;

    [Inject]
    private IJSRuntime JS { get; set; } = null!;

    private Credits Total => estimate?.Total ?? Credits.Zero;

    private bool IsSomething => advice is not null;

    private string Address => EstimateForm.Address(Path, texts);

    private string Link => NavigationManager.ToAbsoluteUri(Address).ToString();

    private IEnumerable<(string Name, IReadOnlyDictionary<string, string> Texts)> Presets
    {
        get
        {
            (string Name, IReadOnlyDictionary<string, string> Texts)[] presets =
                [("My last 30 days", Overview?.LastDays ?? Nothing), ("Small team", Form.Parse(SmallTeam)), ("Busy agents", Form.Parse(BusyAgent))];
            return presets.Where(preset => preset.Texts.Count > 0);
        }
    }

    private IEnumerable<Part> Uses => groups
        .Select((group, index) => new Part(
            group.Title,
            Credits.Sum(estimate!.Lines.Where(line => line.Rate.CreditType == CreditTypes.Credits && group.Fields.Any(one => one.Name == line.Id)).Select(line => line.Credits)),
            ChartSeries.ColorOf(index)))
        .Where(use => use.Credits.IsPositive);

    private IEnumerable<Part> Sources => new Part[]
    {
        new("Included minutes", cover!.ByMinutes, "var(--amber)"),
        new($"{Overview!.PlanName} plan credits", cover.ByAllowance, "var(--blue)"),
        new(cover.ByAllowance.IsPositive ? "Other credits you hold" : "Credits you hold", cover.ByHeld, "var(--teal)"),
        new(cover.Owed.IsPositive ? "Still missing, what is owed included" : "Still missing", cover.Missing, "var(--other)", "held"),
    }.Where(source => source.Credits.IsPositive);

    private string Finding
    {
        get
        {
            var most = Uses.MaxBy(use => use.Credits)!;
            var use = $"{(most.Credits == Total ? "All" : $"{UsageFinding.Percent(most.Credits, Total)}%")} of it is {most.Name}.";
            return Overview is null
                ? use
                : cover!.Missing.IsPositive
                    ? $"{use} What you have covers {Display.Amount(Credits.Max(Credits.Zero, Total - cover.Missing))} of {Display.Amount(Total)}; you need about {Display.Amount(cover.Missing)} more."
                    : $"{use} What you have covers all of it.";
        }
    }

    protected override void OnInitialized()
    {
        texts = StartOf(NavigationManager.Uri);
        NavigationManager.LocationChanged += Follow;
    }

    protected override void OnParametersSet() => Count();

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            module = await JS.InvokeAsync<IJSObjectReference>("import", "./portal.js");
        }
    }

    public async ValueTask DisposeAsync()
    {
        NavigationManager.LocationChanged -= Follow;
        try
        {
            if (module is not null)
            {
                await module.DisposeAsync();
            }
        }
        catch (JSDisconnectedException)
        {
            // The browser is gone, and the module with it.
        }
    }

    // An address that says nothing starts from what was used lately.
    private IReadOnlyDictionary<string, string> StartOf(string address) =>
        Form.Parse(new Uri(address).Query) is { Count: > 0 } said ? said : Overview?.LastDays ?? Nothing;

    private void Follow(object? sender, LocationChangedEventArgs change)
    {
        if (new Uri(change.Location).AbsolutePath == Path)
        {
            texts = StartOf(change.Location);
            Count();
            _ = InvokeAsync(StateHasChanged);
        }
    }

    private Task TypeAsync(string field, string? text)
    {
        var changed = texts.Where(pair => pair.Key != field).ToDictionary();
        if (text?.Trim() is { Length: > 0 } typed)
        {
            changed[field] = typed[..Math.Min(typed.Length, EstimateForm.MaximumLength)];
        }

        return StartFromAsync(changed);
    }

    private Task StartFromAsync(IReadOnlyDictionary<string, string> from)
    {
        texts = from;
        Count();
        return KeepAsync();
    }

    // The address is kept by the browser alone: going there would load a page that is not live as a whole.
    private async Task KeepAsync()
    {
        if (module is not null)
        {
            await module.InvokeVoidAsync("keepAddress", Address);
        }
    }

    private void Count()
    {
        var planId = Overview?.Means.PlanId;
        groups = Form.FieldsOn(planId);
        (var wish, faults) = Form.Read(texts, planId);
        estimate = Estimator.Of(wish, out var fault);
        problem = fault?.Message;
        (cover, advice) = (null, null);
        if (estimate is not null && (estimate.Lines.Length > 0 || wish.FlowsPerDay is not null))
        {
            cover = Estimator.Cover(wish, Overview?.Means);
            advice = EstimateAdvice.Of(estimate, cover, Overview, Prices);
        }
    }

    private string CostOf(string field) =>
        estimate?.Lines.FirstOrDefault(line => line.Id == field) is { } line ? Display.Amount(line.Credits) : "";

    private static string DescriptionOf(string what, IEnumerable<Part> parts) =>
        $"{what}: {string.Join(", ", parts.Select(part => $"{part.Name} {Display.Amount(part.Credits)}"))}";

    private static string Share(Credits credits) => credits.ToDecimal().ToString("0.######", CultureInfo.InvariantCulture);

    private sealed record Part(string Name, Credits Credits, string Tone, string Class = "");
}
