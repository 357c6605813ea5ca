using System.Collections.Concurrent;

namespace BillingPortal.Store;

/// <summary>Tells whoever listens that something of an owner's changed, on this instance or another. It says that, not what: listeners read again, at a pace of their own.</summary>
public abstract class ChangeFeed
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<Subscription, byte>> listeners = new(StringComparer.Ordinal);
    private readonly ChangeRelay relay;
    private readonly string topic;

    /// <param name="relay">Reaches the other instances.</param>
    /// <param name="topic">A word of this feed's own.</param>
    protected ChangeFeed(ChangeRelay relay, string topic)
    {
        this.relay = relay;
        this.topic = topic;
        relay.Subscribe(topic, Notify, NotifyAll);
    }

    /// <summary>Calls <paramref name="onChange"/> after each commit that changed something of the owner's, until disposed. It must return at once.</summary>
    public IDisposable Subscribe(string ownerId, Action onChange)
    {
        var subscription = new Subscription(this, ownerId, onChange);
        listeners.GetOrAdd(ownerId, _ => new())[subscription] = 0;
        return subscription;
    }

    /// <summary>Whether anyone of this instance listens to the owner's.</summary>
    public bool IsWatched(string ownerId) => listeners.TryGetValue(ownerId, out var subscriptions) && !subscriptions.IsEmpty;

    /// <summary>Tells listeners of this instance, and the other instances.</summary>
    protected void Tell(string ownerId)
    {
        Notify(ownerId);
        relay.Announce(topic, ownerId);
    }

    private void Notify(string ownerId)
    {
        if (listeners.TryGetValue(ownerId, out var subscriptions))
        {
            foreach (var subscription in subscriptions.Keys)
            {
                subscription.OnChange();
            }
        }
    }

    private void NotifyAll()
    {
        foreach (var ownerId in listeners.Keys)
        {
            Notify(ownerId);
        }
    }

    private sealed class Subscription(ChangeFeed feed, string ownerId, Action onChange) : IDisposable
    {
        public Action OnChange => onChange;

        public void Dispose()
        {
            if (feed.listeners.TryGetValue(ownerId, out var subscriptions))
            {
                subscriptions.TryRemove(this, out _);
            }
        }
    }
}
