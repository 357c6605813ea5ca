using BillingPortal.Access;
using BillingPortal.Accounts;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Shared;

/// <summary>Sets how many credits a key may take.</summary>
public sealed partial class KeyLimitsDialog
{
    private LimitTexts texts = new();
    private bool busy;
    private string? problem;

    [Parameter, EditorRequired]
    public ApiKeyView Key { get; set; } = null!;

    /// <summary>How the key stands.</summary>
    [Parameter, EditorRequired]
    public KeySpendView Spend { get; set; } = null!;

    /// <summary>The viewer is done, or does not want to.</summary>
    [Parameter]
    public EventCallback OnClosed { get; set; }

    [Inject]
    private KeySpendLimits Limits { get; set; } = null!;

    [Inject]
    private CurrentCaller CurrentCaller { get; set; } = null!;

    protected override void OnInitialized() => texts = LimitTexts.Of(Spend.Limits);

    private async Task SaveAsync()
    {
        if (busy)
        {
            return;
        }

        busy = true;
        try
        {
            if (texts.Read() is not { } limits)
            {
                problem = $"{LimitTexts.Fault} Nothing was changed.";
            }
            else if (await CurrentCaller.GetAsync() is not { } caller)
            {
                problem = "You are signed out. Nothing was changed.";
            }
            else if (await Limits.SetAsync(caller, Key.Id, limits, CancellationToken.None))
            {
                await OnClosed.InvokeAsync();
            }
            else
            {
                problem = "This organization has no such key any more.";
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
}
