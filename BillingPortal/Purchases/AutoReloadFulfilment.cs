using BillingPortal.Payments;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Purchases;

/// <summary>What a paid reload earns, and what a failed one means for the next: in the commit that ends the payment.</summary>
public sealed class AutoReloadFulfilment(PackFulfilment purchases, PortalAddress address, TimeProvider clock) : IPaymentFulfilment
{
    // Spreads those who were declined at the same moment, by up to a tenth of the wait.
    private const double Jitter = 0.1;

    public bool Fulfils(PaymentKind kind) => kind is PaymentKind.AutoReload;

    public WalletCommand Fulfil(Payment payment)
    {
        var command = purchases.Fulfil(payment);
        return command with { Riders = [.. command.Riders, new EntityRider((db, posted, ct) => SucceedAsync(db, payment, posted, ct))] };
    }

    public async Task CloseAsync(BillingDbContext db, Payment payment, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        var reason = payment.FailureCode ?? FailureCodes.GivenUp;
        await db.Set<AutoReloadAttempt>()
            .Where(row => row.PaymentId == payment.Id && row.State == AutoReloadState.Open)
            .ExecuteUpdateAsync(
                row => row.SetProperty(a => a.State, AutoReloadState.Failed).SetProperty(a => a.Reason, reason).SetProperty(a => a.EndedAt, now),
                cancellationToken);

        // Locks the rule from here to the commit.
        await db.Set<AutoReloadSetting>().Where(row => row.OrganizationId == payment.OrganizationId)
            .ExecuteUpdateAsync(row => row.SetProperty(s => s.Version, s => s.Version + 1), cancellationToken);
        var setting = await db.Set<AutoReloadSetting>().FirstOrDefaultAsync(row => row.OrganizationId == payment.OrganizationId, cancellationToken);
        if (setting is null || reason == FailureCodes.GivenUp)
        {
            return;
        }

        setting.Failures++;
        setting.LastFailedAt = now;
        var needsOwner = reason == FailureCodes.AuthenticationRequired;
        setting.NeedsOwner = needsOwner;
        setting.NotBefore = now + (AutoReloadBounds.WaitAfter((int)setting.Failures) * (1 + (Jitter * Random.Shared.NextDouble())));
        db.Add(OutboxEvent.Of(
            payment.OrganizationId,
            "auto_reload.failed",
            new
            {
                PaymentId = payment.Id,
                AmountUsd = payment.AmountCents.ToDecimal(),
                Reason = reason,
                setting.Failures,
                NeedsOwner = needsOwner,
                NextTryAt = needsOwner || setting.Failures >= AutoReloadBounds.MaxFailures ? null : setting.NotBefore,
                PayUrl = address.Absolute(PaymentOrders.PathOf(payment.Id)),
                Stopped = false,
            },
            now));
    }

    private async Task SucceedAsync(BillingDbContext db, Payment payment, PostResult.Posted posted, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        await db.Set<AutoReloadAttempt>()
            .Where(row => row.PaymentId == payment.Id)
            .ExecuteUpdateAsync(
                row => row.SetProperty(a => a.State, AutoReloadState.Succeeded).SetProperty(a => a.Reason, (string?)null).SetProperty(a => a.EndedAt, now),
                cancellationToken);
        await db.Set<AutoReloadSetting>()
            .Where(row => row.OrganizationId == payment.OrganizationId)
            .ExecuteUpdateAsync(
                row => row
                    .SetProperty(s => s.Version, s => s.Version + 1)
                    .SetProperty(s => s.Failures, 0)
                    .SetProperty(s => s.LastFailedAt, (DateTimeOffset?)null)
                    .SetProperty(s => s.NotBefore, (DateTimeOffset?)null)
                    .SetProperty(s => s.NeedsOwner, false)
                    .SetProperty(s => s.StoppedAt, (DateTimeOffset?)null),
                cancellationToken);
        db.Add(OutboxEvent.Of(
            payment.OrganizationId,
            "auto_reload.succeeded",
            new
            {
                PaymentId = payment.Id,
                AmountUsd = payment.AmountCents.ToDecimal(),
                Credits = payment.CreditMicros.ToDecimal(),
                TransactionId = posted.Transactions[0].Id,
                BalanceAfter = posted.Transactions[0].BalanceAfter.ToDecimal(),
            },
            now));
    }
}
