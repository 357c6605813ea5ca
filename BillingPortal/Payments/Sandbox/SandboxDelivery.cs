using System.Net.Http.Headers;
using System.Text;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Payments.Sandbox;

/// <summary>Wakes the delivery when there is something to send.</summary>
public sealed class SandboxSignal : IDisposable
{
    private readonly SemaphoreSlim raised = new(0, 1);

    public void Raise()
    {
        try
        {
            raised.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is raised already.
        }
    }

    /// <summary>Waits until it is raised, but no longer than <paramref name="patience"/>.</summary>
    public Task WaitAsync(TimeSpan patience, CancellationToken cancellationToken) => raised.WaitAsync(patience, cancellationToken);

    public void Dispose() => raised.Dispose();
}

/// <summary>Sends the sandbox's events over HTTP to the portal's own door, signed, again and again until they are accepted.</summary>
internal sealed class SandboxDelivery(
    IDbContextFactory<BillingDbContext> contexts,
    SandboxCheckout checkouts,
    SandboxSecrets secrets,
    SandboxSignal signal,
    IHttpClientFactory clients,
    PortalAddress address,
    IOptions<PaymentOptions> options,
    IHostApplicationLifetime lifetime,
    TimeProvider clock,
    ILogger<SandboxDelivery> logger) : BackgroundService
{
    public const string ClientName = "sandbox";

    private const int Page = 50;
    private const int Parallelism = 4;
    private const int MaxDoublings = 12;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan GivesUpAfter = TimeSpan.FromDays(3);

    /// <summary>Ends what is over and sends what is due, once; tells how many events were due.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        await checkouts.ExpireAsync(Page, cancellationToken);
        var now = clock.Now();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var due = await db.Set<SandboxEvent>().AsNoTracking()
            .Where(row => row.NextAttemptAt != null && row.NextAttemptAt <= now)
            .OrderBy(row => row.NextAttemptAt)
            .Take(Page)
            .ToListAsync(cancellationToken);
        await Parallel.ForEachAsync(
            due, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
            async (row, ct) => await DeliverAsync(row, ct));
        return due.Count;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Before it has started, the portal has no address to send to.
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (lifetime.ApplicationStarted.Register(started.SetResult))
        {
            await started.Task.WaitAsync(stoppingToken);
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await RunOnceAsync(stoppingToken) < Page)
                {
                    await signal.WaitAsync(Interval, stoppingToken);
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                logger.LogWarning(exception, "The sandbox could not send its events; it tries again.");
                await signal.WaitAsync(Interval, stoppingToken);
            }
        }
    }

    private async Task DeliverAsync(SandboxEvent row, CancellationToken cancellationToken)
    {
        // While it is on its way no other instance sends it; if this one dies, another does after a while.
        if (!await ClaimAsync(row, cancellationToken))
        {
            return;
        }

        var accepted = await SendAsync(row, cancellationToken);
        var now = clock.Now();
        var delay = TimeSpan.FromSeconds(1L << (int)Math.Min(row.Attempts, MaxDoublings));
        var next = accepted || now - row.CreatedAt > GivesUpAfter ? (DateTimeOffset?)null : now + delay;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await db.Set<SandboxEvent>()
            .Where(stored => stored.Id == row.Id)
            .ExecuteUpdateAsync(
                stored => stored
                    .SetProperty(e => e.Attempts, e => e.Attempts + 1)
                    .SetProperty(e => e.NextAttemptAt, next)
                    .SetProperty(e => e.DeliveredAt, accepted ? now : (DateTimeOffset?)null),
                cancellationToken);
    }

    private async Task<bool> SendAsync(SandboxEvent row, CancellationToken cancellationToken)
    {
        var body = Encoding.UTF8.GetBytes(row.Payload);
        var secret = (await secrets.GetAsync(cancellationToken))[0];
        var target = options.Value.Sandbox.WebhookUrl is { Length: > 0 } configured ? new Uri(configured) : new Uri(address.Bound, "webhooks/stripe");
        using var request = new HttpRequestMessage(HttpMethod.Post, target) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("Stripe-Signature", WebhookSignature.Sign(secret, body, clock.GetUtcNow()));
        try
        {
            using var client = clients.CreateClient(ClientName);
            using var response = await client.SendAsync(request, cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                logger.LogWarning("Event {EventId} of the sandbox was answered {Status}; it is sent again.", row.Id, (int)response.StatusCode);
            }

            return response.IsSuccessStatusCode;
        }
        catch (Exception exception) when (exception is HttpRequestException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            logger.LogWarning("Event {EventId} of the sandbox did not arrive: {Reason}", row.Id, exception.Message);
            return false;
        }
    }

    private async Task<bool> ClaimAsync(SandboxEvent row, CancellationToken cancellationToken)
    {
        var until = clock.Now() + Lease;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<SandboxEvent>()
            .Where(stored => stored.Id == row.Id && stored.NextAttemptAt == row.NextAttemptAt)
            .ExecuteUpdateAsync(stored => stored.SetProperty(e => e.NextAttemptAt, until), cancellationToken) == 1;
    }
}
