using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.JSInterop;

namespace BillingPortal.Components.Shared;

/// <summary>Estimates a month, or two side by side, says what covers it, and what is best bought for the rest.</summary>
public sealed partial class EstimatorCard : IAsyncDisposable
{
    // The second preset is a month of agents on the phone; an operation that the catalog does not have is left out.
    private const string SmallTeam = "?image_to_html=50&code_export=50&figma_export=20";
    private const string BusyAgent = "?voice=1200&chat=3000&transfer_minute=150&number=2";

    // The first scenario's fields have their plain names.
    private const string FirstPrefix = "";

    private static readonly IReadOnlyDictionary<string, string> Nothing = new Dictionary<string, string>();

    private EstimateScenario first = EstimateScenario.Empty;
    private EstimateScenario? second;
    private IReadOnlyList<EstimateGroup> groups = [];
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
    private PriceCatalog Prices { get; set; } = null!;

    [Inject]
    private NavigationManager NavigationManager { get; set; } = null!;

    [Inject]
    private IJSRuntime JS { get; set; } = null!;

    private string Address => EstimateForm.Address(Path, first.Texts, second?.Texts);

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

    private IEnumerable<(string Prefix, string? Letter, EstimateScenario Of)> Scenarios => second is null
        ? [(FirstPrefix, null, first)]
        : [(FirstPrefix, "A", first), (EstimateForm.SecondPrefix, "B", second)];

    private string Difference => (second!.Total - first.Total) switch
    {
        { IsZero: true } => "A and B take the same credits",
        { IsPositive: true } more => $"B takes {Display.Amount(more)} credits a month more than A",
        var less => $"B takes {Display.Amount(-less)} credits a month less than A",
    };

    protected override void OnInitialized()
    {
        Read(NavigationManager.Uri);
        NavigationManager.LocationChanged += Follow;
    }

    protected override void OnParametersSet()
    {
        groups = Form.FieldsOn(Overview?.Means.PlanId);
        first = Count(first.Texts);
        second = second is null ? null : Count(second.Texts);
    }

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
    private void Read(string address)
    {
        var query = new Uri(address).Query;
        first = Count(Form.Parse(query) is { Count: > 0 } said ? said : Overview?.LastDays ?? Nothing);
        second = Form.ParseSecond(query) is { } other ? Count(other) : null;
    }

    private void Follow(object? sender, LocationChangedEventArgs change)
    {
        if (new Uri(change.Location).AbsolutePath == Path)
        {
            Read(change.Location);
            _ = InvokeAsync(StateHasChanged);
        }
    }

    private Task TypeAsync(string prefix, string field, string? text)
    {
        var changed = (prefix == FirstPrefix ? first : second!).Texts.Where(pair => pair.Key != field).ToDictionary();
        if (text?.Trim() is { Length: > 0 } typed)
        {
            changed[field] = typed[..Math.Min(typed.Length, EstimateForm.MaximumLength)];
        }

        return StartFromAsync(prefix, changed);
    }

    private Task StartFromAsync(string prefix, IReadOnlyDictionary<string, string> from)
    {
        (first, second) = prefix == FirstPrefix ? (Count(from), second) : (first, Count(from));
        return KeepAsync();
    }

    private Task CompareAsync(IReadOnlyDictionary<string, string>? with)
    {
        second = with is null ? null : Count(with);
        return KeepAsync();
    }

    private string AddressWith(string prefix, IReadOnlyDictionary<string, string> texts) =>
        prefix == FirstPrefix ? EstimateForm.Address(Path, texts, second?.Texts) : EstimateForm.Address(Path, first.Texts, texts);

    // The address is kept by the browser alone: going there would load a page that is not live as a whole.
    private async Task KeepAsync()
    {
        if (module is not null)
        {
            await module.InvokeVoidAsync("keepAddress", Address);
        }
    }

    private EstimateScenario Count(IReadOnlyDictionary<string, string> texts) => EstimateScenario.Of(texts, Form, Estimator, Overview, Prices);

    private static Credits ApiOf(EstimateScenario scenario) => scenario.Estimate?.ApiTotal ?? Credits.Zero;

    private static Credits MissingOf(EstimateScenario scenario) => scenario.Cover?.Missing ?? Credits.Zero;
}
