using System.Collections.Concurrent;
using BillingPortal.Store;

namespace BillingPortal.Wallets;

/// <summary>Tells whoever listens that an organization's wallets changed, on this instance or another. It says that, not what: listeners read again, at a pace of their own.</summary>
public sealed class BalanceFeed
{
    private const string Topic = "wallet";

    private readonly ConcurrentDictionary<string, ConcurrentDictionary<Subscription, byte>> listeners = new(StringComparer.Ordinal);
    private readonly ChangeRelay relay;

    public BalanceFeed(ChangeRelay relay)
    {
        this.relay = relay;
        relay.Subscribe(Topic, Notify, NotifyAll);
    }

    /// <summary>Organizations whose wallets a commit of this instance changed: for what is to be done about it once. A handler must return at once.</summary>
    internal event Action<string>? ChangedHere;

    /// <summary>Calls <paramref name="onChange"/> after each commit that changed the organization's wallets, until disposed. It must return at once.</summary>
    public IDisposable Subscribe(string organizationId, Action onChange)
    {
        var subscription = new Subscription(this, organizationId, onChange);
        listeners.GetOrAdd(organizationId, _ => new())[subscription] = 0;
        return subscription;
    }

    /// <summary>Whether anyone of this instance listens to the organization.</summary>
    public bool IsWatched(string organizationId) => listeners.TryGetValue(organizationId, out var subscriptions) && !subscriptions.IsEmpty;

    /// <summary>Tells listeners of this instance, and the other instances.</summary>
    internal void Publish(IEnumerable<string> organizationIds)
    {
        foreach (var organizationId in organizationIds.Distinct(StringComparer.Ordinal))
        {
            Notify(organizationId);
            relay.Announce(Topic, organizationId);
            ChangedHere?.Invoke(organizationId);
        }
    }

    private void Notify(string organizationId)
    {
        if (listeners.TryGetValue(organizationId, out var subscriptions))
        {
            foreach (var subscription in subscriptions.Keys)
            {
                subscription.OnChange();
            }
        }
    }

    private void NotifyAll()
    {
        foreach (var organizationId in listeners.Keys)
        {
            Notify(organizationId);
        }
    }

    private sealed class Subscription(BalanceFeed feed, string organizationId, Action onChange) : IDisposable
    {
        public Action OnChange => onChange;

        public void Dispose()
        {
            if (feed.listeners.TryGetValue(organizationId, out var subscriptions))
            {
                subscriptions.TryRemove(this, out _);
            }
        }
    }
}
