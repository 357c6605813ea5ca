using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Demo;

/// <summary>The traffic simulator: reports usage of the demo organizations that somebody is looking at, so that the pages can be seen living.</summary>
public sealed class DemoTraffic(
    IDbContextFactory<BillingDbContext> contexts,
    UsageIngestion ingestion,
    BalanceFeed feed,
    IOptions<DemoOptions> options,
    TimeProvider clock,
    ILogger<DemoTraffic> logger) : BackgroundService
{
    private readonly Random random = new();
    private volatile bool isOn = options.Value.Traffic;

    /// <summary>Whether it may run: in demo mode only.</summary>
    public bool IsAvailable => options.Value.Enabled;

    /// <summary>Whether it runs. Without demo mode it never does.</summary>
    public bool IsOn => isOn && IsAvailable;

    /// <summary>Switches it on or off, for everyone who looks at this installation.</summary>
    public void Switch(bool on) => isOn = on;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!IsAvailable)
        {
            return;
        }

        var reporters = await FindReportersAsync(stoppingToken);
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds((double)options.Value.TrafficSeconds), clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var (person, caller) in reporters.Where(reporter => isOn && feed.IsWatched(reporter.Caller.OrganizationId)))
            {
                await ReportAsync(person, caller, stoppingToken);
            }
        }
    }

    private async Task ReportAsync(DemoPerson person, Caller caller, CancellationToken cancellationToken)
    {
        try
        {
            var now = clock.Now();
            await ingestion.IngestAsync(caller, [DemoUsage.Now(person, Ids.New("live", now), now, random)], cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            logger.LogWarning(exception, "The traffic simulator could not report; it goes on.");
        }
    }

    private async Task<List<(DemoPerson Person, Caller Caller)>> FindReportersAsync(CancellationToken cancellationToken)
    {
        var emails = DemoPeople.All.Where(person => person.Organization is not null && person.PlanId != "free").Select(person => person.Email).ToList();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var owned = await (
            from user in db.Users.AsNoTracking()
            join organization in db.Set<Organization>() on user.Id equals organization.PersonalOf
            where emails.Contains(user.Email!)
            select new { user.Email, organization.Id }).ToListAsync(cancellationToken);
        return
        [
            .. owned.Select(one => (
                DemoPeople.All.Single(person => person.Email == one.Email), Caller.ForKey("simulator", one.Id, [Scopes.UsageWrite]))),
        ];
    }
}
