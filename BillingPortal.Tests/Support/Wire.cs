using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace BillingPortal.Tests.Support;

/// <summary>The network between the portal and PostgreSQL, which a test can cut: what is under way is lost, as when a server restarts, and nobody is let in until it is mended.</summary>
internal sealed class Wire : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly EndPoint server;
    private readonly Lock gate = new();
    private readonly HashSet<Socket> open = [];
    private readonly Task accepting;
    private bool cut;

    private Wire(EndPoint server)
    {
        this.server = server;
        listener.Start();
        accepting = AcceptAsync();
    }

    /// <summary>How many connections were made through it.</summary>
    public int Connections { get; private set; }

    /// <summary>The same database by way of a wire that can be cut.</summary>
    public static (Wire Wire, TestDatabase Database) To(TestDatabase database)
    {
        var connection = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        var wire = new Wire(connection.Host!.StartsWith('/')
            ? new UnixDomainSocketEndPoint($"{connection.Host}/.s.PGSQL.{connection.Port}")
            : new DnsEndPoint(connection.Host, connection.Port));
        (connection.Host, connection.Port) = ("127.0.0.1", ((IPEndPoint)wire.listener.LocalEndpoint).Port);
        return (wire, new TestDatabase(database.Provider, connection.ToString(), () => ValueTask.CompletedTask));
    }

    public void Cut()
    {
        lock (gate)
        {
            cut = true;
            foreach (var socket in open)
            {
                // Reset, so that neither side takes it for a farewell.
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
                socket.Dispose();
            }

            open.Clear();
        }
    }

    public void Mend()
    {
        lock (gate)
        {
            cut = false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Cut();
        listener.Dispose();
        await accepting;
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket near;
            try
            {
                near = await listener.AcceptSocketAsync();
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return;
            }

            var far = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
            lock (gate)
            {
                if (cut)
                {
                    near.Dispose();
                    far.Dispose();
                    continue;
                }

                open.UnionWith([near, far]);
                Connections++;
            }

            _ = CarryAsync(near, far);
        }
    }

    private async Task CarryAsync(Socket near, Socket far)
    {
        try
        {
            await far.ConnectAsync(server);
            await Task.WhenAny(PumpAsync(near, far), PumpAsync(far, near));
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Cut before it was made.
        }

        lock (gate)
        {
            open.ExceptWith([near, far]);
            near.Dispose();
            far.Dispose();
        }
    }

    private static async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
            {
                await to.SendAsync(buffer.AsMemory(0, count));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Cut.
        }
    }
}
