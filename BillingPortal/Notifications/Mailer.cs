using System.Net;
using System.Net.Mail;
using System.Net.Mime;
using System.Text;
using Microsoft.Extensions.Options;

namespace BillingPortal.Notifications;

/// <summary>Sends an e-mail by SMTP, or puts it into a file. Why the framework's client: docs/decisions/0113.</summary>
public sealed class Mailer(IOptions<MailOptions> options)
{
    /// <summary>How long a server may take for one e-mail.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public bool IsOn => options.Value.IsOn;

    /// <summary>Sends plain text. Returns when the server has taken it.</summary>
    /// <exception cref="SmtpException">The server did not take it.</exception>
    /// <exception cref="FormatException">The recipient is no address that mail can be sent to.</exception>
    public async Task SendAsync(string to, string subject, string text, CancellationToken cancellationToken)
    {
        // Both are cleaned here and not only where they are written: nothing that comes from people ends a header.
        using var message = new MailMessage(new MailAddress(options.Value.From), new MailAddress(Clean(to)))
        {
            Subject = Clean(subject),
            SubjectEncoding = Encoding.UTF8,
            Body = text,
            BodyEncoding = Encoding.UTF8,
            BodyTransferEncoding = TransferEncoding.Base64,
            IsBodyHtml = false,
        };
        message.Headers.Add("Auto-Submitted", "auto-generated");
        using var client = NewClient();
        using var patience = new CancellationTokenSource(Patience);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await client.SendMailAsync(message, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new SmtpException(SmtpStatusCode.GeneralFailure, "The server took too long.");
        }
    }

    private static string Clean(string header) => NotificationText.Plain(header);

    private SmtpClient NewClient()
    {
        var settings = options.Value;
        if (!string.IsNullOrEmpty(settings.Folder))
        {
            return new SmtpClient
            {
                DeliveryMethod = SmtpDeliveryMethod.SpecifiedPickupDirectory,
                PickupDirectoryLocation = Directory.CreateDirectory(Path.GetFullPath(settings.Folder)).FullName,
            };
        }

        return new SmtpClient(settings.SmtpHost, settings.SmtpPort)
        {
            EnableSsl = settings.SmtpTls,
            Credentials = string.IsNullOrEmpty(settings.SmtpUser) ? null : new NetworkCredential(settings.SmtpUser, settings.SmtpPassword),
        };
    }
}
