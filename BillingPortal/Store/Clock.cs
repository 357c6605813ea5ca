namespace BillingPortal.Store;

/// <summary>The portal's instants: whole milliseconds, as they are stored, so that a value read back equals the value written.</summary>
public static class Clock
{
    /// <summary>Now, in UTC, cut to the millisecond.</summary>
    public static DateTimeOffset Now(this TimeProvider clock) =>
        DateTimeOffset.FromUnixTimeMilliseconds(clock.GetUtcNow().ToUnixTimeMilliseconds());
}
