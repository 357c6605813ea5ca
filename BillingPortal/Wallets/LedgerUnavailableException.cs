namespace BillingPortal.Wallets;

/// <summary>No credit can be moved now; nothing was changed as far as is known, and the same command may be repeated under the same reference. Answered with 503.</summary>
/// <param name="message">Why, for people.</param>
/// <param name="cause">The database's own error, if it was the database.</param>
public sealed class LedgerUnavailableException(string message, Exception? cause = null) : Exception(message, cause);
