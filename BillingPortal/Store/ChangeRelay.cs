using System.Collections.Concurrent;
using System.Text;
using System.Threading.Channels;

namespace BillingPortal.Store;

/// <summary>Passes on to the other instances which organizations something changed for. It says that, not what: whoever hears of it reads again.</summary>
/// <remarks>
/// An announcement may come late, twice, or not at all, so nothing may depend on it that another reading would not mend. After a gap everybody is told.
/// With one instance, as on SQLite, it costs nothing. docs/decisions/0062.
/// </remarks>
public sealed class ChangeRelay
{
    // Beyond it the news is that much has changed.
    private const int Capacity = 20_000;
    private const char Everything = '*';

    private readonly ConcurrentDictionary<string, Listener> listeners = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> waiting = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> queue = new();
    private readonly Channel<bool> signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    // By which an instance knows its own words again.
    private readonly string sender = Guid.NewGuid().ToString("N");

    private bool isCarried;

    /// <summary>Listens to one topic of other instances; for as long as the program runs.</summary>
    /// <param name="topic">A word of the listener's own.</param>
    /// <param name="onChange">Something changed for this organization. Must return at once.</param>
    /// <param name="onGap">Something may have changed for any organization. Must return at once.</param>
    public void Subscribe(string topic, Action<string> onChange, Action onGap) => listeners[topic] = new Listener(onChange, onGap);

    /// <summary>Tells the other instances, soon; returns at once. The same again before it went out is one announcement.</summary>
    public void Announce(string topic, string organizationId)
    {
        if (!Volatile.Read(ref isCarried))
        {
            return;
        }

        Queue(queue.Count < Capacity ? $"{topic}:{organizationId}" : $"{Everything}");
    }

    /// <summary>Somebody carries announcements from now on.</summary>
    internal void Carry() => Volatile.Write(ref isCarried, true);

    internal async Task WaitAsync(CancellationToken cancellationToken)
    {
        await signal.Reader.WaitToReadAsync(cancellationToken);
        signal.Reader.TryRead(out _);
    }

    /// <summary>What to carry next; the rest waits for another turn.</summary>
    /// <param name="maxBytes">As much as fits into one message.</param>
    /// <returns>Null if there is nothing.</returns>
    internal string? Take(int maxBytes)
    {
        var message = new StringBuilder(sender);
        var bytes = message.Length;
        while (queue.TryPeek(out var entry))
        {
            bytes += 1 + Encoding.UTF8.GetByteCount(entry);
            if (bytes > maxBytes)
            {
                signal.Writer.TryWrite(true);
                break;
            }

            // Taken before it is sent: what is announced from here on is news.
            waiting.TryRemove(entry, out _);
            queue.TryDequeue(out _);
            message.Append(' ').Append(entry);
        }

        return message.Length == sender.Length ? null : message.ToString();
    }

    /// <summary>A message could not be carried: it waits again.</summary>
    internal void Return(string message)
    {
        foreach (var entry in message.Split(' ').Skip(1))
        {
            Queue(entry);
        }
    }

    /// <summary>Takes a message in, whoever sent it.</summary>
    internal void Receive(string message)
    {
        var entries = message.Split(' ');
        if (entries[0] == sender)
        {
            return;
        }

        foreach (var entry in entries.Skip(1))
        {
            if (entry is [Everything])
            {
                Gap();
            }
            else if (entry.Split(':', 2) is [var topic, var organizationId] && listeners.TryGetValue(topic, out var listener))
            {
                listener.OnChange(organizationId);
            }
        }
    }

    /// <summary>Messages may have been missed.</summary>
    internal void Gap()
    {
        foreach (var listener in listeners.Values)
        {
            listener.OnGap();
        }
    }

    private void Queue(string entry)
    {
        if (waiting.TryAdd(entry, 0))
        {
            queue.Enqueue(entry);
        }

        signal.Writer.TryWrite(true);
    }

    private sealed record Listener(Action<string> OnChange, Action OnGap);
}
