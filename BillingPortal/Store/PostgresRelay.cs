using System.Data.Common;
using Npgsql;

namespace BillingPortal.Store;

/// <summary>Carries announcements between instances by LISTEN and NOTIFY: at most ten messages a second from each, with many organizations in one.</summary>
internal sealed class PostgresRelay(NpgsqlDataSource source, ChangeRelay relay, TimeProvider clock, ILogger<PostgresRelay> logger) : BackgroundService
{
    public const string Channel = "billing_changes";

    // The server takes less than 8,000 bytes.
    private const int MaxMessage = 7_900;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5);

    // A connection that died without a word is noticed when it is next asked for a sign of life.
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(15);

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        relay.Carry();
        return Task.WhenAll(KeepTryingAsync(ListenAsync, stoppingToken), KeepTryingAsync(SendAsync, stoppingToken));
    }

    private async Task KeepTryingAsync(Func<Action, CancellationToken, Task> work, CancellationToken stoppingToken)
    {
        var delay = FirstDelay;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await work(() => delay = FirstDelay, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is DbException or TimeoutException or IOException or System.Net.Sockets.SocketException or InvalidOperationException)
            {
                // Pages read again by themselves within half a minute; until it is mended they are only slower to follow other instances.
                logger.LogWarning(exception, "Instances cannot tell each other of changes just now; it is tried again.");
            }

            await Task.Delay(delay, clock, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay;
        }
    }

    private async Task ListenAsync(Action onSuccess, CancellationToken stoppingToken)
    {
        await using var connection = await source.OpenConnectionAsync(stoppingToken);
        connection.Notification += (_, notification) => relay.Receive(notification.Payload);
        await ExecuteAsync(connection, $"LISTEN {Channel}", stoppingToken);
        onSuccess();

        // Whatever was said before we listened was not heard.
        relay.Gap();
        while (true)
        {
            if (!await connection.WaitAsync(SignOfLife, stoppingToken))
            {
                await ExecuteAsync(connection, "SELECT 1", stoppingToken);
            }
        }
    }

    private async Task SendAsync(Action onSuccess, CancellationToken stoppingToken)
    {
        while (true)
        {
            await relay.WaitAsync(stoppingToken);
            if (relay.Take(MaxMessage) is { } message)
            {
                try
                {
                    await using var command = source.CreateCommand("SELECT pg_notify($1, $2)");
                    command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Channel });
                    command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = message });
                    await command.ExecuteNonQueryAsync(stoppingToken);
                }
                catch
                {
                    relay.Return(message);
                    throw;
                }

                onSuccess();
            }

            await Task.Delay(Pace, clock, stoppingToken);
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
