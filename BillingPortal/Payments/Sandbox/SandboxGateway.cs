using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Payments.Sandbox;

/// <summary>A gateway that moves no money: a checkout page of the portal's own, with cards that succeed, decline or ask for authentication.</summary>
internal sealed class SandboxGateway(
    IDbContextFactory<BillingDbContext> contexts, IStoreSessions stores, SandboxSecrets secrets, PortalAddress address, TimeProvider clock) : IPaymentGateway
{
    public bool IsLive => false;

    public static string PathOf(string sessionId) => $"/sandbox/checkout/{sessionId}";

    public async Task<OpenedCheckout> OpenCheckoutAsync(CheckoutOrder order, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var session = await db.Set<SandboxSession>().AsNoTracking().FirstOrDefaultAsync(row => row.PaymentId == order.PaymentId, cancellationToken);
        if (session is null)
        {
            var now = clock.Now();
            session = new SandboxSession
            {
                Id = Ids.New("cs_test", now),
                PaymentId = order.PaymentId,
                Description = order.Description,
                AmountCents = order.Amount,
                SuccessUrl = order.SuccessUrl,
                CancelUrl = order.CancelUrl,
                CreatedAt = now,
                ExpiresAt = order.ExpiresAt,
            };
            db.Add(session);
            try
            {
                await db.SaveChangesAsync(cancellationToken);
            }
            catch (DbUpdateException exception) when (stores.IsUniqueViolation(exception))
            {
                db.ChangeTracker.Clear();
                session = await db.Set<SandboxSession>().AsNoTracking().SingleAsync(row => row.PaymentId == order.PaymentId, cancellationToken);
            }
        }

        return new OpenedCheckout(session.Id, address.Absolute(PathOf(session.Id)));
    }

    public async Task<CheckoutReport?> FindCheckoutAsync(string sessionId, CancellationToken cancellationToken)
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

        var report = CheckoutJson.ReadSession(SandboxJson.SessionElement(session, now));
        return session.Bounces && session.ClearsAt <= now ? report with { Outcome = CheckoutOutcome.Failed, FailureCode = "payment_failed" } : report;
    }

    public async ValueTask<GatewayEvent?> ReadEventAsync(ReadOnlyMemory<byte> body, string? signature, CancellationToken cancellationToken) =>
        WebhookSignature.Verify(await secrets.GetAsync(cancellationToken), body.Span, signature, clock.GetUtcNow()) ? CheckoutJson.ReadEvent(body) : null;
}
