using BillingPortal.Invoices;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Payments.Sandbox;
using BillingPortal.Purchases;
using BillingPortal.Store;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Purchases;

/// <summary>A pack that was bought and paid, for tests of what comes after.</summary>
internal static class SettledPurchase
{
    /// <summary>Buys and pays a pack, and gives a part of the money back on paper.</summary>
    /// <returns>The ids of the payment, its invoice and the credit note.</returns>
    public static async Task<(string Payment, string Invoice, string CreditNote)> WithCreditNoteAsync(Site site, Person buyer)
    {
        var ct = TestContext.Current.CancellationToken;
        var services = site.Services;
        var order = Assert.IsType<PurchaseStart.Ready>(await services.GetRequiredService<PackPurchases>().StartAsync(buyer.Caller, Shop.Pack, null, ct));
        await services.GetRequiredService<SandboxCheckout>().PayAsync(
            Shop.SessionOf(order), SandboxMethod.CardThatPays, isAuthenticated: true, SandboxWebhooks.Lost, ct);
        await services.GetRequiredService<PaymentTracker>().ArriveAsync(buyer.Caller, order.PaymentId, ct);
        var invoice = Assert.IsType<Invoice>(await services.GetRequiredService<InvoiceBook>().FindByPaymentAsync(buyer.Caller, order.PaymentId, ct));
        await using var db = await services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(ct);
        await using var transaction = await db.Database.BeginTransactionAsync(ct);
        var note = await services.GetRequiredService<CreditNotes>().IssueAsync(
            db, new CreditNoteDraft(order.PaymentId, Money.FromCents(100), $"test:{order.PaymentId}", "A part was given back."), ct);
        await db.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
        return (order.PaymentId, invoice.Id, note.Id);
    }
}
