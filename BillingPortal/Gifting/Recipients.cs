namespace BillingPortal.Gifting;

/// <summary>Somebody who can receive: a person who signed up.</summary>
/// <param name="UserId">Who.</param>
/// <param name="OrganizationId">The personal organization, into which gifts and grants go.</param>
/// <param name="Email">As that person writes it.</param>
public sealed record Recipient(string UserId, string OrganizationId, string Email);

/// <summary>Finds people by their e-mail address.</summary>
public interface IRecipients
{
    /// <summary>Null if nobody with that address may sign in. Takes the same work either way.</summary>
    Task<Recipient?> FindAsync(string email, CancellationToken cancellationToken);
}

/// <summary>E-mail addresses as they are compared.</summary>
internal static class EmailKey
{
    /// <summary>Longest address that is looked up, in characters. Source: RFC 5321, 4.5.3.1.3.</summary>
    public const int MaxLength = 254;

    /// <summary>The same for every way of writing an address; as <c>NormalizedEmail</c> of a person has it.</summary>
    public static string Of(string email) => email.Trim().Normalize().ToUpperInvariant();
}
