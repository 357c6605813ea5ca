using System.Collections.Concurrent;

namespace BillingPortal.Wallets;

/// <summary>Tells whoever listens that an organization's wallets changed. It says that, not what: listeners read again, at a pace of their own.</summary>
public sealed class BalanceFeed
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<Subscription, byte>> listeners = new(StringComparer.Ordinal);

    /// <summary>Organizations changed by this instance, for a relay to others.</summary>
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

    /// <summary>Tells listeners of this instance, and the relay.</summary>
    internal void Publish(IEnumerable<string> organizationIds)
    {
        foreach (var organizationId in organizationIds.Distinct(StringComparer.Ordinal))
        {
            Notify(organizationId);
            ChangedHere?.Invoke(organizationId);
        }
    }

    /// <summary>Tells listeners of this instance only.</summary>
    internal void Notify(string organizationId)
    {
        if (listeners.TryGetValue(organizationId, out var subscriptions))
        {
            foreach (var subscription in subscriptions.Keys)
            {
                subscription.OnChange();
            }
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
