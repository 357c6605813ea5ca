namespace BillingPortal.Demo;

/// <summary>The time while the demo year is played. It stands still until moved, and no timer that was made of it ever fires.</summary>
internal sealed class DemoClock(DateTimeOffset start) : TimeProvider
{
    private long ticks = start.UtcTicks;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref ticks), TimeSpan.Zero);

    public override long GetTimestamp() => Interlocked.Read(ref ticks);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Silent();

    /// <summary>Moves the time forward; never back.</summary>
    public void MoveTo(DateTimeOffset instant) => Interlocked.Exchange(ref ticks, Math.Max(Interlocked.Read(ref ticks), instant.UtcTicks));

    private sealed class Silent : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
