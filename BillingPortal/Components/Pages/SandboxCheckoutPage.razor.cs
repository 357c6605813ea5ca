using BillingPortal.Payments.Sandbox;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Pages;

public sealed partial class SandboxCheckoutPage
{
    private static readonly (SandboxMethod Method, string Hint)[] PayMethods =
    [
        (SandboxMethod.CardThatPays, "Pays at once."),
        (SandboxMethod.CardThatAsks, "The bank asks you to approve first."),
        (SandboxMethod.CardThatDeclines, "Is declined."),
        (SandboxMethod.BankThatPays, "The money arrives a little later."),
        (SandboxMethod.BankThatFails, "The money does not arrive."),
    ];

    // What a saved card does when it is charged while its owner is away.
    private static readonly (SandboxMethod Method, string Hint)[] SaveMethods =
    [
        (SandboxMethod.CardThatPays, "Pays, here and later."),
        (SandboxMethod.CardThatAsks, "The bank asks you to approve now, and not again."),
        (SandboxMethod.CardThatAlwaysAsks, "The bank asks each time, so later charges wait for you."),
        (SandboxMethod.CardThatDeclinesLater, "Is accepted now and declined later."),
        (SandboxMethod.CardThatIsSlow, "Later charges take a while."),
        (SandboxMethod.CardWithLostAnswer, "Later charges go through, but the answer is lost."),
        (SandboxMethod.CardThatDeclines, "Is declined."),
    ];

    private static readonly (SandboxMethod Method, string Hint)[] SetupMethods =
        [.. SaveMethods[..^1], (SandboxMethod.CardWithoutFunds, "Is accepted now and has no funds later."), SaveMethods[^1]];

    private static readonly (SandboxWebhooks Way, string Name)[] Ways =
    [
        (SandboxWebhooks.AsTheyShould, "at once"),
        (SandboxWebhooks.Repeated, "three times over"),
        (SandboxWebhooks.OutOfOrder, "in the wrong order"),
        (SandboxWebhooks.Late, "half a minute late"),
        (SandboxWebhooks.Lost, "never: the webhook is lost"),
    ];

    private SandboxPage? checkout;
    private SandboxAnswer? answer;
    private SandboxMethod chosen;
    private SandboxWebhooks webhooks;
    private string? problem;

    private (SandboxMethod Method, string Hint)[] Methods => checkout switch
    {
        { IsSetup: true } => SetupMethods,
        { KeepsCard: true } => SaveMethods,
        _ => PayMethods,
    };

    [Parameter]
    public string SessionId { get; set; } = "";

    [SupplyParameterFromForm(FormName = "pay")]
    private PaymentForm? Payment { get; set; }

    [SupplyParameterFromForm(FormName = "approve")]
    private ApprovalForm? Approval { get; set; }

    [CascadingParameter]
    private HttpContext Http { get; set; } = null!;

    [Inject]
    private SandboxCheckout Sandbox { get; set; } = null!;

    [Inject]
    private NavigationManager Navigation { get; set; } = null!;

    protected override async Task OnInitializedAsync()
    {
        checkout = await Sandbox.FindAsync(SessionId, Http.RequestAborted);
        if (checkout is null)
        {
            Http.Response.StatusCode = StatusCodes.Status404NotFound;
        }

        // The form that was sent must stand on the page that receives it.
        answer = Approval is null ? null : SandboxAnswer.AuthenticationNeeded;
    }

    private async Task PayAsync()
    {
        (chosen, webhooks) = (Payment?.Method ?? SandboxMethod.CardThatPays, Payment?.Webhooks ?? default);
        await PayAsync(isAuthenticated: false);
    }

    private async Task ApproveAsync()
    {
        (chosen, webhooks) = (Approval?.Method ?? SandboxMethod.CardThatAsks, Approval?.Webhooks ?? default);
        if (Approval is { IsApproved: true })
        {
            await PayAsync(isAuthenticated: true);
        }
        else
        {
            answer = SandboxAnswer.Declined;
            problem = "You did not approve. Nothing was charged; try again or use another card.";
        }
    }

    private string Action => checkout is { IsSetup: false, Amount: var amount } ? $"Pay {Display.Price(amount)}" : "Save card";

    private static string NameOf(SandboxMethod method) => method switch
    {
        SandboxMethod.BankThatPays => "Bank transfer",
        SandboxMethod.BankThatFails => "Bank transfer without funds",
        _ => $"Card {method.Number()}",
    };

    private async Task PayAsync(bool isAuthenticated)
    {
        answer = await Sandbox.PayAsync(SessionId, chosen, isAuthenticated, webhooks, Http.RequestAborted);
        switch (answer)
        {
            case SandboxAnswer.Accepted:
                Navigation.NavigateTo(checkout!.SuccessUrl);
                break;
            case SandboxAnswer.Declined:
                problem = "The card was declined. Nothing was charged; use another card.";
                break;
            case SandboxAnswer.Over:
                // Somebody else, or another window, was quicker; or its time ran out just now.
                checkout = await Sandbox.FindAsync(SessionId, Http.RequestAborted);
                break;
        }
    }

    /// <summary>What the buyer chose.</summary>
    internal sealed class PaymentForm
    {
        public SandboxMethod Method { get; set; }

        public SandboxWebhooks Webhooks { get; set; }
    }

    /// <summary>What the buyer told the bank.</summary>
    internal sealed class ApprovalForm
    {
        public SandboxMethod Method { get; set; }

        public bool IsApproved { get; set; }

        public SandboxWebhooks Webhooks { get; set; }
    }
}
