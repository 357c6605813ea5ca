using BillingPortal.Accounts;
using BillingPortal.Webhooks;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Shared;

/// <summary>Adds a webhook endpoint and shows its secret this once, or changes one.</summary>
public sealed partial class WebhookDialog
{
    private readonly HashSet<string> chosen = new(StringComparer.Ordinal);
    private string url = "";
    private bool all = true;
    private bool busy;
    private string? problem;
    private string? secret;

    /// <summary>Which is changed; null: one is added.</summary>
    [Parameter]
    public WebhookTarget? Endpoint { get; set; }

    /// <summary>The viewer is done, or does not want to.</summary>
    [Parameter]
    public EventCallback OnClosed { get; set; }

    [Inject]
    private WebhookSubscriptions Webhooks { get; set; } = null!;

    [Inject]
    private CurrentCaller CurrentCaller { get; set; } = null!;

    protected override void OnInitialized()
    {
        if (Endpoint is { } endpoint)
        {
            url = endpoint.Url;
            all = endpoint.Events.Contains(WebhookEvents.Everything);
            chosen.UnionWith(endpoint.Events.Where(type => type != WebhookEvents.Everything));
        }
    }

    // A secret is not lost to a slip on Escape.
    private Task CancelAsync() => secret is null ? OnClosed.InvokeAsync() : Task.CompletedTask;

    private void Toggle(string type)
    {
        if (!chosen.Remove(type))
        {
            chosen.Add(type);
        }
    }

    private async Task SaveAsync()
    {
        if (busy)
        {
            return;
        }

        busy = true;
        try
        {
            IReadOnlyList<string> events = all ? [WebhookEvents.Everything] : [.. chosen];
            if (events.Count == 0)
            {
                problem = "Choose at least one event.";
            }
            else if (await CurrentCaller.GetAsync() is not { } caller)
            {
                problem = "You are signed out. Nothing was changed.";
            }
            else
            {
                var change = Endpoint is { } endpoint
                    ? await Webhooks.ChangeAsync(caller, endpoint.Id, new WebhookEdit(url.Trim(), events), CancellationToken.None)
                    : await Webhooks.AddAsync(caller, url.Trim(), events, null, CancellationToken.None);
                switch (change)
                {
                    case WebhookChange.Done { Secret: { } made }:
                        secret = made;
                        break;
                    case WebhookChange.Done:
                        await OnClosed.InvokeAsync();
                        break;
                    case WebhookChange.Invalid invalid:
                        problem = invalid.Message;
                        break;
                    case WebhookChange.TooMany full:
                        problem = $"This organization has {Display.Number(full.Limit)} endpoints, the most there may be. Remove one first.";
                        break;
                    default:
                        problem = "This endpoint is not there any more.";
                        break;
                }
            }
        }
        finally
        {
            busy = false;
        }
    }
}

/// <summary>An endpoint as far as it can be changed.</summary>
public sealed record WebhookTarget(string Id, string Url, IReadOnlyList<string> Events);
