using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace BillingPortal.Tests.Notifications;

/// <summary>An e-mail as a server got it.</summary>
/// <param name="Recipients">Whom the envelope names.</param>
/// <param name="Head">The header lines.</param>
/// <param name="Text">The body, decoded.</param>
internal sealed record ReceivedMail(IReadOnlyList<string> Recipients, string Head, string Text);

/// <summary>A mail server that keeps what it is sent.</summary>
internal sealed class SmtpSink : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Task accepting;

    public SmtpSink()
    {
        listener.Start();
        accepting = AcceptAsync();
    }

    public ConcurrentQueue<ReceivedMail> Mails { get; } = new();

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>Whether it turns everybody away.</summary>
    public bool IsBusy { get; set; }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Dispose();
        await accepting;
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(stop.Token);
                _ = ServeAsync(client);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var owned = client;
        await using var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.Latin1);
        await using var writer = new StreamWriter(stream, Encoding.ASCII) { NewLine = "\r\n", AutoFlush = true };
        try
        {
            await writer.WriteLineAsync(IsBusy ? "421 later" : "220 sink");
            var recipients = new List<string>();
            while (await reader.ReadLineAsync(stop.Token) is { } line)
            {
                var verb = line.Split(' ', ':')[0].ToUpperInvariant();
                switch (verb)
                {
                    case "RCPT":
                        recipients.Add(line);
                        await writer.WriteLineAsync("250 ok");
                        break;
                    case "DATA":
                        await writer.WriteLineAsync("354 go on");
                        var lines = new List<string>();
                        while (await reader.ReadLineAsync(stop.Token) is { } part && part != ".")
                        {
                            lines.Add(part);
                        }

                        Mails.Enqueue(Read(recipients, lines));
                        recipients = [];
                        await writer.WriteLineAsync("250 kept");
                        break;
                    case "QUIT":
                        await writer.WriteLineAsync("221 bye");
                        return;
                    default:
                        await writer.WriteLineAsync("250 ok");
                        break;
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // Whoever sent has gone.
        }
    }

    private static ReceivedMail Read(List<string> recipients, List<string> lines)
    {
        var end = lines.IndexOf("");
        return new ReceivedMail(
            recipients, string.Join('\n', lines[..end]), Encoding.UTF8.GetString(Convert.FromBase64String(string.Concat(lines[(end + 1)..]))));
    }
}
