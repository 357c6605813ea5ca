using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Gifting;

/// <summary>Sends gifts whose time to undo is over, gives back what nobody claimed, and delivers invitations that a sign-up left behind.</summary>
/// <remarks>Any number of instances may: each gift is sent, or ended, once.</remarks>
public sealed class GiftUpkeep(
    IDbContextFactory<BillingDbContext> contexts, Gifts gifts, TimeProvider clock, ILogger<GiftUpkeep> logger) : PeriodicJob(TimeSpan.FromSeconds(1), clock, logger)
{
    private const int Page = 100;
    /// <summary>Does all that is due now, and tells how many gifts there were.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var now = Clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var due = await db.Set<Gift>().AsNoTracking()
            .Where(row => row.DueAt != null && row.DueAt <= now)
            .OrderBy(row => row.DueAt)
            .Take(Page)
            .ToListAsync(cancellationToken);
        foreach (var gift in due)
        {
            if (gift is { State: GiftState.Waiting, RecipientUserId: { } userId, RecipientOrganizationId: { } organizationId })
            {
                await gifts.DeliverAsync(gift, new Recipient(userId, organizationId, gift.RecipientEmail), cancellationToken);
            }
            else
            {
                await gifts.EndAsync(gift, GiftState.Returned, "system:gift", cancellationToken);
            }
        }

        // A sign-up claims by itself; one that broke off before it did is made good here.
        var unclaimed = await (
            from gift in db.Set<Gift>()
            join user in db.Users on gift.RecipientKey equals user.NormalizedEmail
            where gift.State == GiftState.Invited && gift.DueAt > now && user.DisabledAt == null
            select user.Email).Distinct().Take(Page).ToListAsync(cancellationToken);
        foreach (var email in unclaimed)
        {
            await gifts.ClaimAsync(email!, cancellationToken);
        }

        return due.Count + unclaimed.Count;
    }

    protected override Task RunRoundAsync(CancellationToken cancellationToken) => RunAsync(cancellationToken);
}
