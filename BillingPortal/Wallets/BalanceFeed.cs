using BillingPortal.Store;

namespace BillingPortal.Wallets;

/// <summary>Tells whoever listens that an organization's wallets changed.</summary>
public sealed class BalanceFeed(ChangeRelay relay) : ChangeFeed(relay, "wallet")
{
    /// <summary>Organizations whose wallets a commit of this instance changed: for what is to be done about it once. A handler must return at once.</summary>
    internal event Action<string>? ChangedHere;

    /// <summary>Organizations that were refused something here because they had too little. A handler must return at once.</summary>
    internal event Action<string>? ShortHere;

    internal void Publish(IEnumerable<string> organizationIds)
    {
        foreach (var organizationId in organizationIds.Distinct(StringComparer.Ordinal))
        {
            Tell(organizationId);
            ChangedHere?.Invoke(organizationId);
        }
    }

    internal void PublishShortage(IEnumerable<string> organizationIds)
    {
        foreach (var organizationId in organizationIds.Distinct(StringComparer.Ordinal))
        {
            ShortHere?.Invoke(organizationId);
        }
    }
}
