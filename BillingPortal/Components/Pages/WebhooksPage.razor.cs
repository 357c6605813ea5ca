using BillingPortal.Access;
using BillingPortal.Components.Shared;
using BillingPortal.Webhooks;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Pages;

/// <summary>An endpoint in the list.</summary>
public sealed record WebhookRow(
    string Id, string Url, IReadOnlyList<string> Events, string State, Tone Tone, string Rate, DateTimeOffset? LastAttemptAt)
{
    /// <summary>How an endpoint does, in a word.</summary>
    public static (string Word, Tone Tone) StateOf(WebhookEndpoint endpoint) => endpoint switch
    {
        { Pause: WebhookPause.ByHand } => ("Paused", Tone.Neutral),
        { Pause: WebhookPause.Gone } => ("Stopped: 410", Tone.Warn),
        { Pause: WebhookPause.Failing } => ("Switched off", Tone.Bad),
        { FailingSince: not null } => ("Failing", Tone.Warn),
        _ => ("Active", Tone.Good),
    };

    /// <summary>Which part of the last day's tries arrived.</summary>
    public static string RateOf(WebhookHealth health) => (health.Succeeded + health.Failed) switch
    {
        0 => "Nothing sent",
        var tries => $"{health.Succeeded * 100 / tries}% of {Display.Count(tries, "try", "tries")} arrived",
    };
}

/// <summary>What the Webhooks page shows.</summary>
public sealed record WebhookList(IReadOnlyList<WebhookRow> Endpoints, bool MayManage);

public sealed partial class WebhooksPage
{
    private bool adding;

    [Inject]
    private WebhookSubscriptions Webhooks { get; set; } = null!;

    [Inject]
    private WebhookLog Log { get; set; } = null!;

    protected override async Task<WebhookList> ReadAsync(Caller caller, CancellationToken cancellationToken)
    {
        var rows = new List<WebhookRow>();
        foreach (var endpoint in await Webhooks.ListAsync(caller, cancellationToken))
        {
            if (await Log.GetHealthAsync(caller, endpoint.Id, cancellationToken) is { } health)
            {
                var (word, tone) = WebhookRow.StateOf(endpoint);
                rows.Add(new WebhookRow(endpoint.Id, endpoint.Url, endpoint.Events, word, tone, WebhookRow.RateOf(health), endpoint.LastAttemptAt));
            }
        }

        return new WebhookList(rows, caller.Role >= MemberRole.Owner);
    }

    private async Task CloseAsync()
    {
        adding = false;
        await ReloadAsync();
    }
}
