using System.Collections.Immutable;
using BillingPortal.Access;
using BillingPortal.Accounts;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Shared;

/// <summary>Replaces a key, and shows the new one's secret this once.</summary>
public sealed partial class RotateKeyDialog
{
    private static readonly ImmutableArray<Choice> Choices =
    [
        new("now", TimeSpan.Zero),
        new("in an hour", TimeSpan.FromHours(1)),
        new("in 24 hours", TimeSpan.FromHours(24)),
        new("in 7 days", TimeSpan.FromDays(7)),
    ];

    private Choice chosen = Choices[2];
    private bool busy;
    private string? problem;
    private ApiKeyRotation.Rotated? rotated;

    /// <summary>The key to replace.</summary>
    [Parameter, EditorRequired]
    public ApiKeyView Key { get; set; } = null!;

    /// <summary>The viewer is done, or does not want to.</summary>
    [Parameter]
    public EventCallback OnClosed { get; set; }

    [Inject]
    private ApiKeys Keys { get; set; } = null!;

    [Inject]
    private CurrentCaller CurrentCaller { get; set; } = null!;

    // A secret is not lost to a slip on Escape.
    private Task CancelAsync() => rotated is null ? OnClosed.InvokeAsync() : Task.CompletedTask;

    private async Task RotateAsync()
    {
        if (busy)
        {
            return;
        }

        busy = true;
        try
        {
            if (await CurrentCaller.GetAsync() is not { } caller)
            {
                problem = "You are signed out. The key is as it was.";
                return;
            }

            switch (await Keys.RotateAsync(caller, Key.Id, chosen.Grace, null, CancellationToken.None))
            {
                case ApiKeyRotation.Rotated done:
                    rotated = done;
                    break;
                case ApiKeyRotation.Replaced replaced:
                    problem = $"This key was replaced by {replaced.By.Prefix}… meanwhile.";
                    break;
                case ApiKeyRotation.TooMany full:
                    problem = $"This organization has {Display.Number(full.Limit)} active keys, the most there may be. Revoke one first.";
                    break;
                default:
                    problem = "This key has ended meanwhile. Create a new one instead.";
                    break;
            }
        }
        catch (AccessDeniedException denied)
        {
            problem = denied.Message;
        }
        finally
        {
            busy = false;
        }
    }

    private sealed record Choice(string Text, TimeSpan Grace);
}
