using System.ComponentModel.DataAnnotations;
using System.Net.Mail;

namespace BillingPortal.Notifications;

/// <summary>Configuration section <c>Mail</c>. With neither a host nor a folder no e-mail is sent, and people are told in the portal alone.</summary>
public sealed class MailOptions : IValidatableObject
{
    public const string Section = "Mail";

    /// <summary>The address that e-mail comes from.</summary>
    public string From { get; set; } = "billing@localhost";

    /// <summary>The SMTP server.</summary>
    public string? SmtpHost { get; set; }

    [Range(1, 65535)]
    public int SmtpPort { get; set; } = 587;

    /// <summary>Whether the connection is encrypted by STARTTLS before anything is sent.</summary>
    public bool SmtpTls { get; set; } = true;

    public string? SmtpUser { get; set; }

    public string? SmtpPassword { get; set; }

    /// <summary>For development: a folder in which each e-mail is put as a file, instead of being sent.</summary>
    public string? Folder { get; set; }

    public bool IsOn => !string.IsNullOrEmpty(SmtpHost) || !string.IsNullOrEmpty(Folder);

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (IsOn && !MailAddress.TryCreate(From, out _))
        {
            yield return new ValidationResult("Mail:From: an e-mail address.");
        }

        if (!string.IsNullOrEmpty(SmtpHost) && !string.IsNullOrEmpty(Folder))
        {
            yield return new ValidationResult("Mail:Folder: not together with Mail:SmtpHost; e-mail is either sent or put into files.");
        }

        if (!string.IsNullOrEmpty(SmtpUser) && !SmtpTls)
        {
            yield return new ValidationResult("Mail:SmtpTls: must be on where Mail:SmtpUser is set, for the password would travel in the clear.");
        }
    }
}
