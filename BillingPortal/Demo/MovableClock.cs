namespace BillingPortal.Demo;

/// <summary>The time of a demo: the machine's, and what its viewers have moved it forward. Timers run at the machine's pace.</summary>
public sealed class MovableClock : TimeProvider
{
    private long offset;

    /// <summary>How far it is ahead of the machine; never less than nothing.</summary>
    public TimeSpan Offset => TimeSpan.FromTicks(Interlocked.Read(ref offset));

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Offset;

    /// <summary>Moves it to an offset; never back, for what was done at a later time stays done.</summary>
    internal void MoveTo(TimeSpan target)
    {
        var known = Interlocked.Read(ref offset);
        while (target.Ticks > known)
        {
            var found = Interlocked.CompareExchange(ref offset, target.Ticks, known);
            if (found == known)
            {
                return;
            }

            known = found;
        }
    }
}
