using System.Diagnostics;
using System.Globalization;
using System.IO.Pipes;
using System.Net;
using System.Net.Sockets;

namespace BillingPortal.Benchmarks;

/// <summary>What a server holds after a full collection, in bytes.</summary>
/// <param name="Managed">On the managed heap.</param>
/// <param name="Resident">Of the machine's memory, by the whole process.</param>
internal sealed record Memory(long Managed, long Resident);

/// <summary>A web server as a process of its own, measured from outside.</summary>
internal sealed class Served : IAsyncDisposable
{
    private readonly Process process;
    private readonly string pipe;

    private Served(Process process, Uri address, string pipe) => (this.process, Address, this.pipe) = (process, address, pipe);

    public Uri Address { get; }

    /// <summary>Processor time it has used so far.</summary>
    public TimeSpan Cpu
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    /// <summary>Starts a program and returns when <paramref name="path"/> answers with success.</summary>
    public static async Task<Served> StartAsync(string dll, string path, params (string Name, string Value)[] environment)
    {
        var address = new Uri($"http://localhost:{FreePort()}");
        var pipe = $"benchmark-{Guid.NewGuid():N}";
        var start = new ProcessStartInfo("dotnet", [dll, "--urls", address.ToString()]) { RedirectStandardOutput = true, WorkingDirectory = Path.GetDirectoryName(dll) };
        start.Environment["Logging__LogLevel__Default"] = "Warning";
        start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location;
        start.Environment[StartupHook.PipeVariable] = pipe;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        _ = process.StandardOutput.ReadToEndAsync();
        var served = new Served(process, address, pipe);
        using var client = new HttpClient { BaseAddress = address };
        for (var tries = 0; ; tries++)
        {
            try
            {
                (await client.GetAsync(path)).EnsureSuccessStatusCode();
                return served;
            }
            catch (HttpRequestException) when (tries < 300 && !process.HasExited)
            {
                await Task.Delay(100);
            }
            catch
            {
                await served.DisposeAsync();
                throw;
            }
        }
    }

    public async Task<Memory> CollectAsync()
    {
        await using var client = new NamedPipeClientStream(".", pipe, PipeDirection.InOut, PipeOptions.Asynchronous);
        await client.ConnectAsync();
        using var reader = new StreamReader(client);
        var figures = (await reader.ReadLineAsync())!.Split(' ').Select(figure => long.Parse(figure, CultureInfo.InvariantCulture)).ToArray();
        return new Memory(figures[0], figures[1]);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill(entireProcessTree: true);
        }

        await process.WaitForExitAsync();
        process.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
