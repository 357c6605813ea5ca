using System.Collections.Immutable;
using BillingPortal.Access;
using BillingPortal.Accounts;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Shared;

/// <summary>Makes a key and shows its secret this once.</summary>
public sealed partial class CreateKeyDialog
{
    private const int SuggestedDays = 90;

    private static readonly ImmutableArray<Preset> Presets =
    [
        new("Report usage and read balances", [Scopes.UsageWrite, Scopes.BillingRead, Scopes.FlowsRead]),
        new("Report usage only", [Scopes.UsageWrite]),
        new("Read balances and history only", [Scopes.BillingRead, Scopes.FlowsRead]),
        new("Read, report, and spend flows", [Scopes.UsageWrite, Scopes.BillingRead, Scopes.FlowsRead, Scopes.FlowsWrite]),
    ];

    private Preset chosen = Presets[0];
    private readonly LimitTexts limits = new();
    private string name = "";
    private int days = SuggestedDays;
    private bool busy;
    private string? problem;
    private string? secret;

    /// <summary>The viewer is done, or does not want to.</summary>
    [Parameter]
    public EventCallback OnClosed { get; set; }

    [Inject]
    private ApiKeys Keys { get; set; } = null!;

    [Inject]
    private KeySpendLimits Limits { get; set; } = null!;

    [Inject]
    private CurrentCaller CurrentCaller { get; set; } = null!;

    // A secret is not lost to a slip on Escape.
    private Task CancelAsync() => secret is null ? OnClosed.InvokeAsync() : Task.CompletedTask;

    private async Task CreateAsync()
    {
        if (busy)
        {
            return;
        }

        busy = true;
        try
        {
            if (string.IsNullOrWhiteSpace(name))
            {
                problem = "Give the key a name, to tell it apart later.";
            }
            else if (limits.Read() is not { } most)
            {
                problem = $"{LimitTexts.Fault} No key was made.";
            }
            else if (await CurrentCaller.GetAsync() is not { } caller)
            {
                problem = "You are signed out. No key was made.";
            }
            else
            {
                var wish = new NewApiKey(name, [.. chosen.Scopes], days is 0 ? null : days);
                switch (await Keys.CreateAsync(caller, wish, null, CancellationToken.None))
                {
                    case ApiKeyCreation.Created created:
                        // Before anybody knows the secret.
                        if (most != default)
                        {
                            await Limits.SetAsync(caller, created.Key.Id, most, CancellationToken.None);
                        }

                        secret = created.Secret;
                        break;
                    case ApiKeyCreation.Invalid invalid:
                        problem = invalid.Message;
                        break;
                    case ApiKeyCreation.TooMany full:
                        problem = $"This organization has {Display.Number(full.Limit)} active keys, the most there may be. Revoke one first.";
                        break;
                }
            }
        }
        finally
        {
            busy = false;
        }
    }

    private sealed record Preset(string Name, ImmutableArray<string> Scopes);
}
