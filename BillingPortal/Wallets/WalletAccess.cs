using BillingPortal.Access;

namespace BillingPortal.Wallets;

/// <summary>Who may read a wallet: anyone of its organization; a key only with the scope of the credit type.</summary>
internal static class WalletAccess
{
    private const string Flows = "flows";

    /// <exception cref="AccessDeniedException">A key without that scope.</exception>
    public static void DemandRead(Caller caller, string creditType) =>
        caller.DemandScope(creditType == Flows ? Scopes.FlowsRead : Scopes.BillingRead);
}
