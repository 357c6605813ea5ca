namespace BillingPortal.Notifications;

/// <summary>Who of an organization is told.</summary>
public enum Audience
{
    /// <summary>Those who may spend its money: the roles billing and owner.</summary>
    Payers,

    /// <summary>All members.</summary>
    Members,
}

/// <summary>A person who is told.</summary>
public readonly record struct Addressee(string UserId, string Email);

/// <summary>Finds who is to be told. Accounts knows.</summary>
public interface INotificationAudience
{
    /// <summary>People of the organization who may sign in, a few hundred at most.</summary>
    Task<IReadOnlyList<Addressee>> FindAsync(string organizationId, Audience audience, CancellationToken cancellationToken);
}
