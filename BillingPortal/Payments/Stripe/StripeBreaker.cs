namespace BillingPortal.Payments.Stripe;

/// <summary>Stops asking a Stripe that does not answer, so that pages do not wait for it one by one; after a while one request tries again.</summary>
internal sealed class StripeBreaker(TimeProvider clock)
{
    private const int FailuresToOpen = 5;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private int failures;
    private DateTimeOffset closedUntil = DateTimeOffset.MinValue;

    /// <summary>Whether a request may be sent now. After the pause one is let through, and the next only when that one was answered or another pause is over.</summary>
    public bool TryPass()
    {
        lock (gate)
        {
            var now = clock.GetUtcNow();
            if (failures < FailuresToOpen)
            {
                return true;
            }

            if (now < closedUntil)
            {
                return false;
            }

            closedUntil = now + Pause;
            return true;
        }
    }

    /// <summary>Stripe answered, whatever it said.</summary>
    public void Answered()
    {
        lock (gate)
        {
            failures = 0;
        }
    }

    /// <summary>No answer, or one that says that Stripe itself is broken.</summary>
    public void Failed()
    {
        lock (gate)
        {
            if (++failures == FailuresToOpen)
            {
                closedUntil = clock.GetUtcNow() + Pause;
            }
        }
    }
}
