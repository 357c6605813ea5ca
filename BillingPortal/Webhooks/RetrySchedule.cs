namespace BillingPortal.Webhooks;

/// <summary>What follows from the answer to one try. Pure.</summary>
internal static class RetrySchedule
{
    private const int Factor = 3;
    private static readonly TimeSpan First = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(4);
    private static readonly TimeSpan LongestWish = TimeSpan.FromHours(24);

    /// <summary>How long to wait after the try of a number: 5 s, 15 s, 45 s … 4 h, a fifth more or less, and at least as long as the endpoint asks for.</summary>
    /// <param name="attempt">1, 2, 3…</param>
    /// <param name="wish">The answer's <c>Retry-After</c>; a day of it is honoured.</param>
    /// <param name="luck">0 to 1; spreads out what failed at the same moment.</param>
    public static TimeSpan DelayAfter(int attempt, TimeSpan? wish, double luck)
    {
        var delay = First;
        for (var i = 1; i < attempt && delay < Longest; i++)
        {
            delay *= Factor;
        }

        delay = (delay < Longest ? delay : Longest) * (0.8 + (0.4 * luck));
        var wished = wish is { } asked && asked > TimeSpan.Zero ? asked : TimeSpan.Zero;
        wished = wished < LongestWish ? wished : LongestWish;
        return delay > wished ? delay : wished;
    }

    /// <summary>Whether a status is about the event and not the endpoint: then later events need not wait for this one.</summary>
    public static bool IsAboutTheEvent(int? status) => status is 400 or 409 or 413 or 415 or 422;
}
