using BillingPortal.Store;

namespace BillingPortal.Notifications;

/// <summary>Tells whoever listens that a person's notifications changed.</summary>
public sealed class InboxFeed(ChangeRelay relay) : ChangeFeed(relay, "inbox")
{
    internal void Publish(string userId) => Tell(userId);
}
