namespace BillingPortal.Tests.Support;

/// <summary>A clock that stands still until a test moves it; timers fall due while it is moved, in order, each at its own instant.</summary>
public sealed class ManualClock(DateTimeOffset start) : TimeProvider
{
    private readonly Lock gate = new();
    private readonly List<ManualTimer> timers = [];
    private DateTimeOffset now = start.ToUniversalTime();

    /// <summary>Starts at noon UTC on a Tuesday in the middle of a month, far from every boundary of a day, cycle or year.</summary>
    public ManualClock()
        : this(new DateTimeOffset(2026, 6, 16, 12, 0, 0, TimeSpan.Zero))
    {
    }

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>How many timers wait for their instant.</summary>
    public int Timers
    {
        get
        {
            lock (gate)
            {
                return timers.Count;
            }
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (gate)
        {
            return now;
        }
    }

    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    public void Advance(TimeSpan by) => MoveTo(GetUtcNow() + by);

    /// <exception cref="ArgumentOutOfRangeException"><paramref name="instant"/> lies in the past.</exception>
    public void MoveTo(DateTimeOffset instant)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(instant, GetUtcNow());
        while (NextDue(instant) is { } timer)
        {
            timer.Fire();
        }

        lock (gate)
        {
            now = instant.ToUniversalTime();
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves to the instant of the first timer due by then, and gives it; null if there is none.</summary>
    private ManualTimer? NextDue(DateTimeOffset instant)
    {
        lock (gate)
        {
            var next = timers.Where(timer => timer.DueAt <= instant).MinBy(timer => timer.DueAt);
            if (next is not null)
            {
                now = next.DueAt > now ? next.DueAt : now;
                next.Rearm();
            }

            return next;
        }
    }

    private sealed class ManualTimer(ManualClock clock, TimerCallback callback, object? state) : ITimer
    {
        private TimeSpan interval = Timeout.InfiniteTimeSpan;

        public DateTimeOffset DueAt { get; private set; }

        public void Fire() => callback(state);

        /// <summary>Called under the clock's lock when the timer is due.</summary>
        public void Rearm()
        {
            if (interval > TimeSpan.Zero)
            {
                DueAt += interval;
            }
            else
            {
                clock.timers.Remove(this);
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock.gate)
            {
                clock.timers.Remove(this);
                interval = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    DueAt = clock.now + dueTime;
                    clock.timers.Add(this);
                }
            }

            return true;
        }

        public void Dispose()
        {
            lock (clock.gate)
            {
                clock.timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
