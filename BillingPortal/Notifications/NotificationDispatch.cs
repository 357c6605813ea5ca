using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Notifications;

/// <summary>Writes the notifications of what happened, and sends their e-mails: once for each event and person, whichever instance does it.</summary>
internal sealed class NotificationDispatch(
    IDbContextFactory<BillingDbContext> contexts, INotificationAudience audience, InboxFeed feed, Mailer mailer, PortalAddress address, TimeProvider clock, ILogger<NotificationDispatch> logger)
{
    private const int Page = 100;
    private const int MaxAttempts = 8;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMinutes(1);

    // Who hears by e-mail of something older wonders more than it helps.
    private static readonly TimeSpan MailedWithin = TimeSpan.FromDays(3);

    /// <summary>Tells of a page of events, and how many there were.</summary>
    public async Task<int> TellDueAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var due = await db.Set<OutboxEvent>().AsNoTracking().Where(row => row.NotifiedAt == null).OrderBy(row => row.Id).Take(Page).ToListAsync(cancellationToken);
        var now = clock.Now();
        var silent = due.Where(told => !NotificationText.Types.Contains(told.Type)).Select(told => told.Id).ToList();
        if (silent.Count > 0)
        {
            await db.Set<OutboxEvent>().Where(row => silent.Contains(row.Id) && row.NotifiedAt == null)
                .ExecuteUpdateAsync(row => row.SetProperty(e => e.NotifiedAt, now), cancellationToken);
        }

        foreach (var told in due.Where(told => NotificationText.Types.Contains(told.Type)))
        {
            await TellAsync(told, cancellationToken);
        }

        return due.Count;
    }

    /// <summary>Sends a page of e-mails, and how many there were. Stops early while the server takes none.</summary>
    public async Task<int> MailDueAsync(CancellationToken cancellationToken)
    {
        if (!mailer.IsOn)
        {
            return 0;
        }

        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var due = await db.Set<Notification>().AsNoTracking()
            .Where(row => row.NextMailAt != null && row.NextMailAt <= now).OrderBy(row => row.NextMailAt).Take(Page).ToListAsync(cancellationToken);
        foreach (var notification in due)
        {
            if (!await MailAsync(db, notification, cancellationToken))
            {
                return 0;
            }
        }

        return due.Count;
    }

    private async Task TellAsync(OutboxEvent told, CancellationToken cancellationToken)
    {
        NotificationText? text;
        try
        {
            text = NotificationText.Of(told.Type, told.Data);
        }
        catch (Exception exception) when (exception is System.Text.Json.JsonException or InvalidOperationException)
        {
            // It will not read better the next time, and must not hold up those behind it.
            logger.LogError(exception, "Event {EventId} cannot be said in words; nobody is told of it.", told.Id);
            text = null;
        }

        if (text is null)
        {
            await using var marked = await contexts.CreateDbContextAsync(cancellationToken);
            await ClaimAsync(marked, told, cancellationToken);
            return;
        }

        var addressees = await audience.FindAsync(told.OrganizationId, text.Audience, cancellationToken);
        var now = clock.Now();
        var isMailed = mailer.IsOn && now - told.OccurredAt < MailedWithin;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var unit = await db.Database.BeginTransactionAsync(cancellationToken);
        if (!await ClaimAsync(db, told, cancellationToken))
        {
            return;
        }

        var choices = await NotificationChoices.ReadAsync(db, text.Kind, [.. addressees.Select(addressee => addressee.UserId)], cancellationToken);
        foreach (var addressee in addressees)
        {
            var (inApp, byMail) = choices.TryGetValue(addressee.UserId, out var choice) ? (choice.InApp, choice.ByMail && isMailed) : (true, isMailed);
            if (!inApp && !byMail)
            {
                continue;
            }

            db.Add(new Notification
            {
                Id = Ids.New("ntf", now),
                UserId = addressee.UserId,
                OrganizationId = told.OrganizationId,
                EventId = told.Id,
                Kind = told.Type,
                Title = text.Title,
                Text = text.Text,
                Link = text.Link,
                CreatedAt = now,
                InApp = inApp,
                MailTo = addressee.Email,
                MailState = byMail ? MailState.Pending : MailState.None,
                NextMailAt = byMail ? now : null,
            });
        }

        await db.SaveChangesAsync(cancellationToken);
        await unit.CommitAsync(cancellationToken);
        foreach (var addressee in addressees)
        {
            feed.Publish(addressee.UserId);
        }
    }

    private async Task<bool> ClaimAsync(BillingDbContext db, OutboxEvent told, CancellationToken cancellationToken)
    {
        var now = clock.Now();
        return await db.Set<OutboxEvent>().Where(row => row.Id == told.Id && row.NotifiedAt == null)
            .ExecuteUpdateAsync(row => row.SetProperty(e => e.NotifiedAt, now), cancellationToken) == 1;
    }

    /// <summary>Sends one; false if the server takes none at all just now.</summary>
    private async Task<bool> MailAsync(BillingDbContext db, Notification notification, CancellationToken cancellationToken)
    {
        // Claimed before it is sent: if this process dies half-way it is never sent again, for nobody could say whether it was.
        var claimed = await db.Set<Notification>()
            .Where(row => row.Id == notification.Id && row.MailState == MailState.Pending && row.MailAttempts == notification.MailAttempts)
            .ExecuteUpdateAsync(
                row => row.SetProperty(n => n.MailState, MailState.Claimed).SetProperty(n => n.NextMailAt, (DateTimeOffset?)null).SetProperty(n => n.MailAttempts, n => n.MailAttempts + 1),
                cancellationToken);
        if (claimed == 0)
        {
            return true;
        }

        var (state, goesOn) = await SendAsync(notification, cancellationToken);
        var next = state is MailState.Pending ? clock.Now() + (FirstDelay * (1L << (int)notification.MailAttempts)) : (DateTimeOffset?)null;
        await db.Set<Notification>().Where(row => row.Id == notification.Id)
            .ExecuteUpdateAsync(row => row.SetProperty(n => n.MailState, state).SetProperty(n => n.NextMailAt, next), CancellationToken.None);
        return goesOn;
    }

    private async Task<(MailState State, bool GoesOn)> SendAsync(Notification notification, CancellationToken cancellationToken)
    {
        try
        {
            var text = $"{notification.Text}\n\n{address.Absolute(notification.Link)}\n\n--\nSent to {notification.MailTo} for your organization in the billing portal.\n";
            await mailer.SendAsync(notification.MailTo, notification.Title, text, cancellationToken);
            return (MailState.Sent, true);
        }
        catch (System.Net.Mail.SmtpFailedRecipientException exception)
        {
            logger.LogWarning("The mail server does not take e-mail {NotificationId}: {Status}", notification.Id, exception.StatusCode);
            return (Later(notification), true);
        }
        catch (Exception exception) when (exception is System.Net.Mail.SmtpException or IOException or UnauthorizedAccessException)
        {
            logger.LogWarning("E-mail {NotificationId} was not sent: {Reason}", notification.Id, exception.GetBaseException().Message);
            return (Later(notification), false);
        }
        catch (FormatException)
        {
            logger.LogWarning("E-mail {NotificationId} has a recipient that no mail can be sent to.", notification.Id);
            return (MailState.Failed, true);
        }
    }

    private static MailState Later(Notification notification) => notification.MailAttempts + 1 < MaxAttempts ? MailState.Pending : MailState.Failed;
}

/// <summary>Tells people of what happened, soon after it did.</summary>
internal sealed class NotificationUpkeep(NotificationDispatch dispatch, TimeProvider clock, ILogger<NotificationUpkeep> logger) : PeriodicJob(TimeSpan.FromSeconds(5), clock, logger)
{
    protected override async Task RunRoundAsync(CancellationToken cancellationToken)
    {
        while (await dispatch.TellDueAsync(cancellationToken) + await dispatch.MailDueAsync(cancellationToken) > 0)
        {
        }
    }
}
