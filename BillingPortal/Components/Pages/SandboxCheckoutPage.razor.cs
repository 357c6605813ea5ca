using BillingPortal.Payments.Sandbox;
using Microsoft.AspNetCore.Components;

namespace BillingPortal.Components.Pages;

public sealed partial class SandboxCheckoutPage
{
    private static readonly (SandboxMethod Method, string Name, string Hint)[] Methods =
    [
        (SandboxMethod.CardThatPays, "Card 4242 4242 4242 4242", "Pays at once."),
        (SandboxMethod.CardThatAsks, "Card 4000 0025 0000 3155", "The bank asks you to approve first."),
        (SandboxMethod.CardThatDeclines, "Card 4000 0000 0000 0002", "Is declined."),
        (SandboxMethod.BankThatPays, "Bank transfer", "The money arrives a little later."),
        (SandboxMethod.BankThatFails, "Bank transfer without funds", "The money does not arrive."),
    ];

    private SandboxPage? checkout;
    private SandboxAnswer? answer;
    private SandboxMethod chosen;
    private bool losesWebhook;
    private string? problem;

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
        (chosen, losesWebhook) = (Payment?.Method ?? SandboxMethod.CardThatPays, Payment?.LosesWebhook ?? false);
        await PayAsync(isAuthenticated: false);
    }

    private async Task ApproveAsync()
    {
        (chosen, losesWebhook) = (SandboxMethod.CardThatAsks, Approval?.LosesWebhook ?? false);
        if (Approval is { IsApproved: true })
        {
            await PayAsync(isAuthenticated: true);
        }
        else
        {
            answer = SandboxAnswer.Declined;
            problem = "You did not approve the payment. Nothing was charged; try again or use another card.";
        }
    }

    private async Task PayAsync(bool isAuthenticated)
    {
        answer = await Sandbox.PayAsync(SessionId, chosen, isAuthenticated, losesWebhook, Http.RequestAborted);
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

        public bool LosesWebhook { get; set; }
    }

    /// <summary>What the buyer told the bank.</summary>
    internal sealed class ApprovalForm
    {
        public bool IsApproved { get; set; }

        public bool LosesWebhook { get; set; }
    }
}
