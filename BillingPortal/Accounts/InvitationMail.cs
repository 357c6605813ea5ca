using System.Globalization;
using System.Net.Mail;
using BillingPortal.Ledger;
using BillingPortal.Notifications;
using BillingPortal.Payments;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Accounts;

/// <summary>Tells people that they are invited: by e-mail, with the link, and in the portal where their address has an account.</summary>
/// <remarks>The link's secret is stored nowhere, so its e-mail is sent at once or not at all; who invites sees which, and has the link: docs/decisions/0131.</remarks>
public sealed class InvitationMail(
    IDbContextFactory<BillingDbContext> contexts, Mailer mailer, PortalAddress address, TimeProvider clock, ILogger<InvitationMail> logger)
{
    /// <summary>How long an address is not told again by the same organization, however often it is invited.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    /// <summary>How many invitations of an organization are told of in a day.</summary>
    public const int MostInADay = 50;

    /// <summary>The notification's kind.</summary>
    public const string Kind = "invitation";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Decides whether the address is told, in the invitation's own transaction, and tells it in the portal if it has an account.</summary>
    internal async Task PrepareAsync(BillingDbContext db, Invitation invitation, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        var (lately, today) = (now - Pause, now.AddDays(-1));
        var earlier = db.Set<Invitation>().Where(row => row.OrganizationId == invitation.OrganizationId);
        if (await earlier.AnyAsync(row => row.NormalizedEmail == invitation.NormalizedEmail && row.ToldAt > lately, cancellationToken)
            || await earlier.CountAsync(row => row.ToldAt > today, cancellationToken) >= MostInADay)
        {
            return;
        }

        invitation.ToldAt = now;
        if (await db.Users.Where(row => row.NormalizedEmail == invitation.NormalizedEmail && row.DisabledAt == null).Select(row => row.Id)
            .FirstOrDefaultAsync(cancellationToken) is { } userId)
        {
            db.Add(new Notification
            {
                Id = Ids.New("ntf", now),
                UserId = userId,
                OrganizationId = invitation.OrganizationId,
                EventId = invitation.Id,
                Kind = Kind,
                Title = $"You are invited to {await NameAsync(db, invitation, cancellationToken)}",
                Text = $"Follow the link that was sent to you, or ask for it there. It works until {Day(invitation)}.",
                Link = "/wallet",
                CreatedAt = now,
                InApp = true,
                MailTo = invitation.Email,
                MailState = MailState.None,
            });
        }
    }

    /// <summary>Sends the link, and tells whether the mail server took it.</summary>
    internal async Task<bool> SendAsync(Invitation invitation, string path, CancellationToken cancellationToken)
    {
        if (!mailer.IsOn || invitation.ToldAt is null)
        {
            return false;
        }

        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var name = await NameAsync(db, invitation, cancellationToken);
        using var patience = new CancellationTokenSource(Patience);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await mailer.SendAsync(
                invitation.Email, $"You are invited to {name}",
                $"You are invited to join {name} in the billing portal. Sign in or sign up with this address and follow the link:\n\n{address.Absolute(path)}\n\n"
                + $"It works for {invitation.Email} until {Day(invitation)}. If you do not know what this is about, do nothing, and nothing happens.\n",
                either.Token);
            return true;
        }
        catch (Exception exception) when (exception is SmtpException or FormatException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            logger.LogWarning("The e-mail of invitation {InvitationId} was not sent: {Reason}", invitation.Id, exception.Message);
            return false;
        }
    }

    private static async Task<string> NameAsync(BillingDbContext db, Invitation invitation, CancellationToken cancellationToken) =>
        NotificationText.Plain(await db.Set<Organization>().Where(row => row.Id == invitation.OrganizationId).Select(row => row.Name).SingleAsync(cancellationToken));

    private static string Day(Invitation invitation) => invitation.ExpiresAt.UtcDateTime.ToString("d MMMM yyyy", CultureInfo.InvariantCulture);
}
