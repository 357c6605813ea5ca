using System.Globalization;
using BillingPortal.Access;
using BillingPortal.Components.Shared;
using BillingPortal.Store;
using BillingPortal.Webhooks;
using Microsoft.AspNetCore.Components;
using Microsoft.Extensions.Options;

namespace BillingPortal.Components.Pages;

/// <summary>A delivery in the log.</summary>
public sealed record DeliveryRow(string Id, string Type, string State, Tone Tone, string Answer, int Attempts, DateTimeOffset At, DateTimeOffset? NextAttemptAt)
{
    public static DeliveryRow Of(WebhookDelivery delivery) => new(
        delivery.Id,
        delivery.EventType,
        delivery.State.ToString(),
        delivery.State switch { WebhookDeliveryState.Delivered => Tone.Good, WebhookDeliveryState.Failed => Tone.Bad, _ => Tone.Info },
        delivery.Attempts == 0 ? "Not tried yet" : $"{AnswerOf(delivery.LastStatus, delivery.LastError)}, {Display.Number(delivery.LastDurationMillis ?? 0)} ms",
        delivery.Attempts,
        delivery.LastAttemptAt ?? delivery.CreatedAt,
        delivery.NextAttemptAt);

    /// <summary>What a try came to, in words.</summary>
    public static string AnswerOf(int? status, string? error) => status is { } answered ? $"Answered {answered}" : error switch
    {
        "timeout" => "No answer in time",
        "address_refused" => "The address is not on the public internet",
        "tls_failed" => "No secure connection",
        "name_not_found" => "The name does not resolve",
        "invalid_answer" => "The answer was not HTTP",
        _ => "No connection",
    };
}

/// <summary>What the page of an endpoint shows; without a target there is none.</summary>
public sealed record WebhookView(
    WebhookTarget? Target, bool MayManage, bool IsActive, string? Problem, int Waiting, DateTimeOffset? OldSecretUntil, int RetentionDays,
    string Finding, IReadOnlyList<ChartColumn> Columns, IReadOnlyList<ChartSeries> Series, IReadOnlyList<DeliveryRow> Deliveries, bool HasMore);

public sealed partial class WebhookPage
{
    private const int PageSize = 20;
    private const int OverlapHours = 24;

    private string testType = WebhookEvents.Test;
    private bool editing;
    private bool rolling;
    private bool removing;
    private string? secret;
    private string? told;
    private WebhookDeliveryDetail? opened;
    private (string Id, string? Status, int Page) shown;

    [Parameter]
    public string Id { get; set; } = "";

    [SupplyParameterFromQuery(Name = "status")]
    private string? Status { get; set; }

    [SupplyParameterFromQuery(Name = "page")]
    private int? Number { get; set; }

    [SupplyParameterFromQuery(Name = "show")]
    private string? Shown { get; set; }

    [Inject]
    private WebhookSubscriptions Webhooks { get; set; } = null!;

    [Inject]
    private WebhookLog Log { get; set; } = null!;

    [Inject]
    private Viewer Viewer { get; set; } = null!;

    [Inject]
    private IOptions<WebhookOptions> Options { get; set; } = null!;

    private int PageNumber => Math.Clamp(Number ?? 1, 1, WebhookLog.LastPage);

    // What arrives there changes no balance, so the page looks by itself.
    protected override TimeSpan Patience => TimeSpan.FromSeconds(3);

    protected override async Task OnParametersSetAsync()
    {
        if (shown != (Id, Status, PageNumber))
        {
            await ReloadAsync();
        }
    }

    protected override async Task<WebhookView> ReadAsync(Caller caller, CancellationToken cancellationToken)
    {
        shown = (Id, Status, PageNumber);
        var state = SnakeCase.TryParse<WebhookDeliveryState>(Status, out var wanted) ? wanted : (WebhookDeliveryState?)null;
        if (await Webhooks.FindAsync(caller, Id, cancellationToken) is not { } endpoint
            || await Log.GetHealthAsync(caller, Id, cancellationToken) is not { } health
            || await Log.ListAsync(caller, Id, state, PageNumber, PageSize, cancellationToken) is not { } page)
        {
            return new WebhookView(null, false, false, null, 0, null, 0, "", [], [], [], false);
        }

        var now = Clock.GetUtcNow();
        return new WebhookView(
            new WebhookTarget(endpoint.Id, endpoint.Url, endpoint.Events),
            caller.Role >= MemberRole.Owner,
            endpoint.IsActive,
            ProblemOf(endpoint),
            health.Waiting,
            endpoint.PreviousSecretUntil > now ? endpoint.PreviousSecretUntil : null,
            Options.Value.RetentionDays,
            FindingOf(health),
            [.. health.Hours.Select((hour, i) => new ChartColumn(Viewer.Clock(hour.Hour)[..^3], null, i == health.Hours.Count - 1))],
            [
                new ChartSeries("Arrived", [.. health.Hours.Select(hour => (decimal)hour.Succeeded)]),
                new ChartSeries("Failed", [.. health.Hours.Select(hour => (decimal)hour.Failed)]),
            ],
            [.. page.Deliveries.Select(DeliveryRow.Of)],
            page.Total > (long)PageNumber * PageSize);
    }

    private string? ProblemOf(WebhookEndpoint endpoint) => endpoint switch
    {
        { Pause: WebhookPause.ByHand, PausedAt: { } at } => $"Paused since {Viewer.Exact(at)}.",
        { Pause: WebhookPause.Gone, PausedAt: { } at } => $"410 received {Viewer.Exact(at)}: we stopped sending, as your server asked.",
        { Pause: WebhookPause.Failing, PausedAt: { } at } => $"Switched off {Viewer.Exact(at)}: nothing had arrived for {Display.Count(Options.Value.GiveUpAfterDays, "day")}.",
        { FailingSince: { } since } => $"Nothing has arrived since {Viewer.Exact(since)}."
            + (endpoint.BackoffUntil is { } next && next > Clock.GetUtcNow() ? $" Next try {Viewer.Exact(next)}." : ""),
        _ => null,
    };

    private static string FindingOf(WebhookHealth health)
    {
        var tries = health.Succeeded + health.Failed;
        return tries == 0
            ? "Nothing was sent in the last 24 hours."
            : string.Create(CultureInfo.InvariantCulture, $"{WebhookRow.RateOf(health)}; 95 of 100 took at most {Display.Number(health.SlowMillis ?? 0)} ms.");
    }

    private string Address(WebhookDeliveryState? state, int? page, string? status = null)
    {
        var filter = state?.Text() ?? status;
        var query = string.Join('&', new[] { filter is null ? null : $"status={filter}", page is > 1 ? $"page={page}" : null }.OfType<string>());
        return query.Length == 0 ? $"/webhook-endpoints/{Id}" : $"/webhook-endpoints/{Id}?{query}";
    }

    private async Task SetActiveAsync(bool active) => await DoAsync(async caller =>
    {
        await Webhooks.ChangeAsync(caller, Id, new WebhookEdit(IsActive: active), Gone);
        told = active ? "Active again. What waited is on its way." : "Paused. Nothing is sent until you resume.";
    });

    private async Task TestAsync() => await DoAsync(async caller =>
        told = await Log.TestAsync(caller, Id, testType, Gone) is WebhookSend.Queued ? "The test event is on its way; the log below shows how your server answers." : "The test event could not be sent.");

    private async Task ResendAsync(string deliveryId) => await DoAsync(async caller =>
        told = await Log.ResendAsync(caller, Id, deliveryId, Gone) is WebhookSend.Queued ? "It is on its way again, with the same id and bytes." : "It could not be sent again.");

    private async Task OpenAsync(string deliveryId) => await DoAsync(async caller => opened = await Log.FindAsync(caller, deliveryId, Gone));

    private async Task RollAsync() => await DoAsync(async caller =>
    {
        if (await Webhooks.RollSecretAsync(caller, Id, OverlapHours, null, Gone) is WebhookChange.Done { Secret: { } made })
        {
            secret = made;
        }
    });

    // A secret is not lost to a slip on Escape.
    private void CancelRoll() => rolling = secret is not null;

    private async Task RemoveAsync() => await DoAsync(async caller =>
    {
        await Webhooks.RemoveAsync(caller, Id, Gone);
        NavigationManager.NavigateTo("/webhook-endpoints");
    });

    private async Task CloseAsync()
    {
        (editing, rolling, secret) = (false, false, null);
        await ReloadAsync();
    }

    private async Task DoAsync(Func<Caller, Task> deed)
    {
        if (await FindCallerAsync() is { } caller)
        {
            await deed(caller);
            await ReloadAsync();
        }
    }
}
