using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Notifications;

/// <summary>How the e-mail of a notification stands.</summary>
public enum MailState
{
    /// <summary>None is sent: no mail is configured, or what it tells of is long past.</summary>
    None,

    /// <summary>To be sent.</summary>
    Pending,

    /// <summary>On its way. One that stays so was cut off half-way and is not sent again: twice would be worse.</summary>
    Claimed,

    Sent,

    /// <summary>Refused for good, or too often.</summary>
    Failed,
}

/// <summary>Something that a person is told, in the portal and by e-mail. One for each event and person.</summary>
internal sealed class Notification
{
    /// <summary>ntf_…</summary>
    public required string Id { get; init; }

    public required string UserId { get; init; }

    /// <summary>The organization it is about.</summary>
    public required string OrganizationId { get; init; }

    /// <summary>The event that it tells of.</summary>
    public required string EventId { get; init; }

    /// <summary>The event's type, such as <c>invoice.paid</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>One line of plain text; also the e-mail's subject.</summary>
    public required string Title { get; init; }

    /// <summary>Plain text.</summary>
    public required string Text { get; init; }

    /// <summary>The portal's page where it goes on; begins with a slash.</summary>
    public required string Link { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ReadAt { get; set; }

    /// <summary>Whether the portal shows it; the person may have chosen to be told by e-mail alone.</summary>
    public required bool InApp { get; init; }

    /// <summary>Where the e-mail goes; the person's address when it was written.</summary>
    public required string MailTo { get; init; }

    public required MailState MailState { get; set; }

    public long MailAttempts { get; set; }

    /// <summary>When the e-mail is sent, or tried again; null unless it is pending.</summary>
    public DateTimeOffset? NextMailAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<Notification>
    {
        public void Configure(EntityTypeBuilder<Notification> builder)
        {
            builder.ToTable("notifications", table =>
                table.HasCheckConstraint("ck_notifications_mail", "(mail_state = 'pending') = (next_mail_at IS NOT NULL)"));
            builder.HasKey(row => row.Id);
            // Whoever tells of an event a second time collides here.
            builder.HasIndex(row => new { row.EventId, row.UserId }).IsUnique();
            builder.HasIndex(row => new { row.UserId, row.Id });
            // Counts what is unread, however much was read.
            builder.HasIndex(row => row.UserId).HasFilter("read_at IS NULL AND in_app");
            builder.HasIndex(row => row.NextMailAt).HasFilter("next_mail_at IS NOT NULL");
        }
    }
}
