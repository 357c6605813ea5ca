using BillingPortal.Payments;
using BillingPortal.Payments.Sandbox;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Purchases;

/// <summary>The sandbox behind a line that breaks: before the work, after it, or for ever.</summary>
internal sealed class UnreliableGateway(SandboxGateway inner) : IPaymentGateway
{
    private int charges;

    /// <summary>Nothing comes through.</summary>
    public bool IsAway { get; set; }

    /// <summary>Nothing ever answers.</summary>
    public bool Hangs { get; set; }

    /// <summary>What is asked is done, and the answer is lost.</summary>
    public bool LosesAnswers { get; set; }

    public Func<CheckoutOrder, string, Task>? BeforeAnswer { get; set; }

    /// <summary>How often a card was to be charged, answered or not.</summary>
    public int Charges => Volatile.Read(ref charges);

    public bool IsLive => inner.IsLive;

    public static void Use(IServiceCollection services)
    {
        services.AddSingleton<SandboxGateway>();
        services.AddSingleton<IPaymentGateway, UnreliableGateway>();
    }

    public async Task<OpenedCheckout> OpenCheckoutAsync(CheckoutOrder order, CancellationToken cancellationToken)
    {
        var opened = await ThroughAsync(() => inner.OpenCheckoutAsync(order, cancellationToken), cancellationToken);
        await (BeforeAnswer?.Invoke(order, opened.SessionId) ?? Task.CompletedTask);
        return opened;
    }

    public Task<PaymentReport?> FindCheckoutAsync(string sessionId, CancellationToken cancellationToken) =>
        ThroughAsync(() => inner.FindCheckoutAsync(sessionId, cancellationToken), cancellationToken);

    public Task<OpenedIntent> OpenIntentAsync(IntentOrder order, CancellationToken cancellationToken) =>
        ThroughAsync(() => inner.OpenIntentAsync(order, cancellationToken), cancellationToken);

    public Task<PaymentReport?> FindIntentAsync(string paymentIntentId, CancellationToken cancellationToken) =>
        ThroughAsync(() => inner.FindIntentAsync(paymentIntentId, cancellationToken), cancellationToken);

    public Task<PaymentReport?> CancelIntentAsync(string paymentIntentId, CancellationToken cancellationToken) =>
        ThroughAsync(() => inner.CancelIntentAsync(paymentIntentId, cancellationToken), cancellationToken);

    public Task<string> CreateCustomerAsync(string organizationId, CancellationToken cancellationToken) =>
        ThroughAsync(() => inner.CreateCustomerAsync(organizationId, cancellationToken), cancellationToken);

    public Task<OpenedCheckout> OpenCardSetupAsync(CardSetupOrder order, CancellationToken cancellationToken) =>
        ThroughAsync(() => inner.OpenCardSetupAsync(order, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<GatewayCard>?> ListCardsAsync(string customerId, CancellationToken cancellationToken) =>
        ThroughAsync(() => inner.ListCardsAsync(customerId, cancellationToken), cancellationToken);

    public async Task RemoveCardAsync(string paymentMethodId, CancellationToken cancellationToken) =>
        await ThroughAsync(
            async () =>
            {
                await inner.RemoveCardAsync(paymentMethodId, cancellationToken);
                return true;
            },
            cancellationToken);

    public Task<PaymentReport> ChargeCardAsync(CardCharge charge, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref charges);
        return ThroughAsync(() => inner.ChargeCardAsync(charge, cancellationToken), cancellationToken);
    }

    public Task<PaymentReport?> FindChargeAsync(CardCharge charge, CancellationToken cancellationToken) =>
        ThroughAsync(() => inner.FindChargeAsync(charge, cancellationToken), cancellationToken);

    public Task<string> RefundAsync(RefundOrder order, CancellationToken cancellationToken) =>
        ThroughAsync(() => inner.RefundAsync(order, cancellationToken), cancellationToken);

    public Task<GatewayMoney?> FindMoneyAsync(string paymentIntentId, CancellationToken cancellationToken) =>
        ThroughAsync(() => inner.FindMoneyAsync(paymentIntentId, cancellationToken), cancellationToken);

    public ValueTask<GatewayEvent?> ReadEventAsync(ReadOnlyMemory<byte> body, string? signature, CancellationToken cancellationToken) =>
        inner.ReadEventAsync(body, signature, cancellationToken);

    private async Task<TAnswer> ThroughAsync<TAnswer>(Func<Task<TAnswer>> work, CancellationToken cancellationToken)
    {
        if (Hangs)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }

        if (IsAway)
        {
            throw new GatewayException("The line is dead.");
        }

        var answer = await work();
        return LosesAnswers ? throw new GatewayException("The line went dead.") : answer;
    }
}
