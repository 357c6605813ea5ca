using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Payments.Sandbox;

/// <summary>A gateway that moves no money: a checkout page of the portal's own, with cards that succeed, decline or ask for authentication.</summary>
internal sealed class SandboxGateway(
    IDbContextFactory<BillingDbContext> contexts, IStoreSessions stores, SandboxSecrets secrets, SandboxCharges charges, PortalAddress address, TimeProvider clock) : IPaymentGateway
{
    public bool IsLive => false;

    public static string PathOf(string sessionId) => $"/sandbox/checkout/{sessionId}";

    public Task<OpenedCheckout> OpenCheckoutAsync(CheckoutOrder order, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        return OpenAsync(
            new SandboxSession
            {
                Id = Ids.New("cs_test", now),
                PaymentId = order.PaymentId,
                CustomerId = order.CustomerId,
                KeepsCard = order.KeepsCard,
                Description = order.Description,
                AmountCents = order.Amount,
                SuccessUrl = order.SuccessUrl,
                CancelUrl = order.CancelUrl,
                CreatedAt = now,
                ExpiresAt = order.ExpiresAt,
            },
            cancellationToken);
    }

    public Task<OpenedCheckout> OpenCardSetupAsync(CardSetupOrder order, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        return OpenAsync(
            new SandboxSession
            {
                Id = Ids.New("cs_test", now),
                PaymentId = order.SetupId,
                IsSetup = true,
                CustomerId = order.CustomerId,
                Description = "A card for later payments",
                AmountCents = Money.Zero,
                SuccessUrl = order.SuccessUrl,
                CancelUrl = order.CancelUrl,
                CreatedAt = now,
                ExpiresAt = order.ExpiresAt,
            },
            cancellationToken);
    }

    public Task<string> CreateCustomerAsync(string organizationId, CancellationToken cancellationToken) => Task.FromResult(Ids.New("cus", clock.Now()));

    public async Task<IReadOnlyList<GatewayCard>?> ListCardsAsync(string customerId, CancellationToken cancellationToken) =>
        await charges.ListCardsAsync(customerId, cancellationToken);

    public Task RemoveCardAsync(string paymentMethodId, CancellationToken cancellationToken) => charges.RemoveCardAsync(paymentMethodId, cancellationToken);

    public Task<PaymentReport> ChargeCardAsync(CardCharge charge, CancellationToken cancellationToken) => charges.ChargeAsync(charge, cancellationToken);

    public Task<OpenedIntent> OpenIntentAsync(IntentOrder order, CancellationToken cancellationToken) => charges.OpenIntentAsync(order, cancellationToken);

    public Task<PaymentReport?> FindIntentAsync(string paymentIntentId, CancellationToken cancellationToken) =>
        charges.FindIntentAsync(paymentIntentId, cancellationToken);

    public Task<PaymentReport?> CancelIntentAsync(string paymentIntentId, CancellationToken cancellationToken) =>
        charges.CancelIntentAsync(paymentIntentId, cancellationToken);

    public Task<PaymentReport?> FindChargeAsync(CardCharge charge, CancellationToken cancellationToken) =>
        charges.FindAsync(charge.PaymentId, cancellationToken);

    public Task<string> RefundAsync(RefundOrder order, CancellationToken cancellationToken) => charges.RefundAsync(order, cancellationToken);

    public Task<GatewayMoney?> FindMoneyAsync(string paymentIntentId, CancellationToken cancellationToken) => charges.FindMoneyAsync(paymentIntentId, cancellationToken);

    public async Task<PaymentReport?> FindCheckoutAsync(string sessionId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var session = await db.Set<SandboxSession>().AsNoTracking().FirstOrDefaultAsync(row => row.Id == sessionId, cancellationToken);
        if (session is null)
        {
            return null;
        }

        var now = clock.Now();
        if (session.Status is SandboxStatus.Open && session.ExpiresAt <= now)
        {
            session.Status = SandboxStatus.Expired;
        }

        var report = GatewayJson.ReadSession(SandboxJson.Element(SandboxJson.Session(session, now)));
        return session.Bounces && session.ClearsAt <= now ? report with { Outcome = PaymentOutcome.Failed, FailureCode = "payment_failed" } : report;
    }

    public async ValueTask<GatewayEvent?> ReadEventAsync(ReadOnlyMemory<byte> body, string? signature, CancellationToken cancellationToken) =>
        WebhookSignature.Verify(await secrets.GetAsync(cancellationToken), body.Span, signature, clock.GetUtcNow()) ? GatewayJson.ReadEvent(body) : null;

    private async Task<OpenedCheckout> OpenAsync(SandboxSession session, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var earlier = await FindByOrderAsync(db, session.PaymentId, cancellationToken);
        if (earlier is null)
        {
            db.Add(session);
            try
            {
                await db.SaveChangesAsync(cancellationToken);
            }
            catch (DbUpdateException exception) when (stores.IsUniqueViolation(exception))
            {
                db.ChangeTracker.Clear();
                earlier = await FindByOrderAsync(db, session.PaymentId, cancellationToken);
            }
        }

        var id = (earlier ?? session).Id;
        return new OpenedCheckout(id, address.Absolute(PathOf(id)));
    }

    private static Task<SandboxSession?> FindByOrderAsync(BillingDbContext db, string orderId, CancellationToken cancellationToken) =>
        db.Set<SandboxSession>().AsNoTracking().FirstOrDefaultAsync(row => row.PaymentId == orderId, cancellationToken);
}
