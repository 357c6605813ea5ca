using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace BillingPortal.Tests.Support;

/// <summary>The portal as operators run it: a program of its own, which a test can kill.</summary>
internal sealed class PortalProcess : IAsyncDisposable
{
    // The program's own folder, built in the configuration of the tests.
    private static readonly string Dll = Path.Combine(
        AppContext.BaseDirectory.Replace("BillingPortal.Tests", "BillingPortal", StringComparison.Ordinal), "BillingPortal.dll");

    private readonly Process process;
    private readonly StringBuilder output;

    private PortalProcess(Process process, StringBuilder output, Uri address) => (this.process, this.output, Address) = (process, output, address);

    public Uri Address { get; }

    /// <summary>Everything it wrote so far.</summary>
    public string Output
    {
        get
        {
            lock (output)
            {
                return output.ToString();
            }
        }
    }

    /// <summary>A port that nobody listens on now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Starts serving and returns when it answers.</summary>
    public static async Task<PortalProcess> StartAsync(TestDatabase database, int port, CancellationToken cancellationToken, params string[] settings)
    {
        var address = new Uri($"http://127.0.0.1:{port}");
        var (process, output) = Launch([$"--urls={address}", .. SettingsOf(database), .. settings]);
        var portal = new PortalProcess(process, output, address);
        using var client = new HttpClient { BaseAddress = address };
        var patience = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync("/health/live", cancellationToken);
                return portal;
            }
            catch (HttpRequestException) when (!process.HasExited && patience.Elapsed < TimeSpan.FromMinutes(1))
            {
                await Task.Delay(50, cancellationToken);
            }
            catch (HttpRequestException)
            {
                await portal.DisposeAsync();
                Assert.Fail($"The portal did not start.\n{portal.Output}");
            }
        }
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(TestDatabase database, CancellationToken cancellationToken, params string[] words)
    {
        var (process, output) = Launch([.. words, .. SettingsOf(database)]);
        using var ended = process;
        await process.WaitForExitAsync(cancellationToken);
        lock (output)
        {
            return (process.ExitCode, output.ToString());
        }
    }

    /// <summary>Ends it as a power failure would: no handler runs, nothing is flushed.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            await KillAsync();
        }

        process.Dispose();
    }

    private static IEnumerable<string> SettingsOf(TestDatabase database) =>
    [
        $"--Database:Provider={database.Provider}", $"--ConnectionStrings:Billing={database.ConnectionString}",
        "--Demo:Enabled=false", "--RateLimits:PerMinute=0", "--Logging:LogLevel:Default=Warning",
    ];

    private static (Process Process, StringBuilder Output) Launch(IEnumerable<string> arguments)
    {
        Assert.True(File.Exists(Dll), $"{Dll} is missing: build the solution.");
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Dll);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var output = new StringBuilder();
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Append(line.Data);
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return (process, output);

        void Append(string? line)
        {
            lock (output)
            {
                output.AppendLine(line);
            }
        }
    }
}
