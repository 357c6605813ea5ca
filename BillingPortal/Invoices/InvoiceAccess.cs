using BillingPortal.Access;

namespace BillingPortal.Invoices;

/// <summary>Who may read documents: people of role billing, keys with <c>billing:read</c>, the portal itself.</summary>
internal static class InvoiceAccess
{
    /// <exception cref="AccessDeniedException">The caller may not.</exception>
    public static void DemandRead(Caller caller)
    {
        if (caller.Kind is CallerKind.ApiKey)
        {
            caller.DemandScope(Scopes.BillingRead);
        }
        else
        {
            caller.DemandRole(MemberRole.Billing);
        }
    }
}
