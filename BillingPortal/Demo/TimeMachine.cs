using BillingPortal.Access;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Demo;

/// <summary>How far to move a demo's time.</summary>
public enum TimeJump
{
    Day,
    Month,

    /// <summary>To the end of the viewer's cycle, or the next try of a renewal that is not paid.</summary>
    NextRenewal,
}

/// <summary>Moves the time of a demo forward, and does on the way what falls due. Never with a payment provider that moves real money.</summary>
public sealed class TimeMachine(
    IDbContextFactory<BillingDbContext> contexts,
    MovableClock clock,
    TimeProvider time,
    PlanStandings standings,
    Renewals renewals,
    AllowancePoster allowances,
    ExpirySweep expiry,
    ILogger<TimeMachine> logger) : BackgroundService
{
    // A year of monthly renewals of every demo organization, and some tries that fail.
    private const int MaxStops = 200;

    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim moving = new(1, 1);

    /// <summary>Whether time can be moved here.</summary>
    public bool IsAvailable => ReferenceEquals(time, clock);

    /// <summary>How far it was moved.</summary>
    public TimeSpan Offset => IsAvailable ? clock.Offset : TimeSpan.Zero;

    /// <summary>Now, as this demo has it.</summary>
    public DateTimeOffset Now => time.Now();

    /// <summary>Moves the time for everyone who looks at this installation, stopping wherever a plan renews.</summary>
    /// <param name="caller">Who moves it; its organization's renewal is the next one.</param>
    /// <param name="jump">How far.</param>
    /// <param name="cancellationToken">Stops on the way; what was reached stays reached.</param>
    /// <exception cref="InvalidOperationException">Time cannot be moved here.</exception>
    public async Task JumpAsync(Caller caller, TimeJump jump, CancellationToken cancellationToken)
    {
        if (!IsAvailable)
        {
            throw new InvalidOperationException("Time is moved in demo mode only.");
        }

        await moving.WaitAsync(cancellationToken);
        try
        {
            var now = time.Now();
            var target = jump switch
            {
                TimeJump.Day => now.AddDays(1),
                TimeJump.Month => now.AddMonths(1),
                _ => NextRenewalOf(await standings.GetAsync(caller.OrganizationId, cancellationToken), now),
            };
            for (var stops = 0; stops < MaxStops && await renewals.FindNextAsync(time.Now(), target, cancellationToken) is { } stop; stops++)
            {
                await ArriveAsync(stop, cancellationToken);
            }

            await ArriveAsync(target, cancellationToken);
            logger.LogInformation("The demo's time was moved to {Now} by {Actor}.", time.Now(), caller.Actor);
        }
        finally
        {
            moving.Release();
        }
    }

    /// <summary>Takes over how far the time was moved before; to be awaited before anything asks what time it is.</summary>
    internal async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        if (!IsAvailable)
        {
            return;
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var moved = await db.Set<ClockOffset>().Select(row => row.OffsetMillis).SingleOrDefaultAsync(cancellationToken);
        clock.MoveTo(TimeSpan.FromMilliseconds(moved));
    }

    /// <summary>Follows what other instances do with the time.</summary>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pace);
        while (IsAvailable && await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await CatchUpAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(exception, "How far the demo's time was moved could not be read; it is read again.");
            }
        }
    }

    public override void Dispose()
    {
        moving.Dispose();
        base.Dispose();
    }

    private static DateTimeOffset NextRenewalOf(PlanStanding standing, DateTimeOffset now) =>
        standing.RenewsAt is { } renewsAt && renewsAt > now ? renewsAt : standing.CycleEnd;

    /// <summary>Moves the time to an instant and does what is due then.</summary>
    private async Task ArriveAsync(DateTimeOffset instant, CancellationToken cancellationToken)
    {
        var ahead = instant - TimeProvider.System.GetUtcNow();
        var millis = (long)Math.Ceiling(Math.Max(ahead.TotalMilliseconds, clock.Offset.TotalMilliseconds));
        await using (var db = await contexts.CreateDbContextAsync(cancellationToken))
        {
            var moved = await db.Set<ClockOffset>().Where(row => row.OffsetMillis < millis)
                .ExecuteUpdateAsync(row => row.SetProperty(c => c.OffsetMillis, millis), cancellationToken);
            if (moved == 0 && !await db.Set<ClockOffset>().AnyAsync(cancellationToken))
            {
                db.Add(new ClockOffset { OffsetMillis = millis });
                await db.SaveChangesAsync(cancellationToken);
            }
        }

        clock.MoveTo(TimeSpan.FromMilliseconds(millis));
        await expiry.SweepAsync(cancellationToken);
        await renewals.RunDueAsync(cancellationToken);
        await allowances.SweepAsync(cancellationToken);
    }
}
