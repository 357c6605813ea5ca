using System.Threading.Channels;

namespace BillingPortal.Components;

/// <summary>Turns any number of signals into refreshes at a steady pace: never more often than <paramref name="pace"/>, never losing the last signal, and once in a while unasked.</summary>
/// <param name="clock">Counts both waits.</param>
/// <param name="pace">The least time between two refreshes.</param>
/// <param name="patience">The longest time without one: what expires says nothing when it does.</param>
public sealed class Refresher(TimeProvider clock, TimeSpan pace, TimeSpan patience)
{
    private readonly Channel<bool> signals = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Asks for a refresh; returns at once.</summary>
    public void Signal() => signals.Writer.TryWrite(true);

    /// <summary>Refreshes until cancelled.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public async Task RunAsync(Func<CancellationToken, Task> refresh, CancellationToken cancellationToken)
    {
        while (true)
        {
            await WaitAsync(cancellationToken);
            await refresh(cancellationToken);
            await Task.Delay(pace, clock, cancellationToken);
        }
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await signals.Reader.WaitToReadAsync(cancellationToken).AsTask().WaitAsync(patience, clock, cancellationToken);
            signals.Reader.TryRead(out _);
        }
        catch (TimeoutException)
        {
            // Nobody signalled for long enough.
        }
    }
}
