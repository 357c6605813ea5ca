using System.Collections.Concurrent;
using System.Net;
using BillingPortal.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BillingPortal.Tests.Compatibility;

/// <summary>A few pages of the framework's own features, with the very script that the portal serves.</summary>
public sealed class CompatibilitySite : IAsyncLifetime
{
    private const string Module = "export const hold = word => ({ say: rest => word + rest });";

    private readonly ConcurrentDictionary<ConnectionContext, byte> connections = [];
    private byte[] script = [];
    private WebApplication? app;

    public Uri Address { get; private set; } = new("http://localhost");

    public async ValueTask InitializeAsync()
    {
        await using (var database = await new SqliteEngine().CreateAsync())
        await using (var portal = Site.Start(database))
        {
            using var client = portal.NewClient();
            script = await client.GetByteArrayAsync("_framework/blazor.web.js");
        }

        await StartAsync(port: 0);
    }

    /// <summary>Ends every open connection as a failing network would; the server knows its circuits still.</summary>
    public void DropConnections()
    {
        foreach (var connection in connections.Keys)
        {
            connection.Abort();
        }
    }

    /// <summary>Another server, which knows nothing of the circuits before, takes the place of this one.</summary>
    public async Task RestartAsync()
    {
        DropConnections();
        await app!.DisposeAsync();
        await StartAsync(Address.Port);
    }

    public async ValueTask DisposeAsync()
    {
        DropConnections();
        if (app is not null)
        {
            await app.DisposeAsync();
        }
    }

    private async Task StartAsync(int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen => listen.Use(next => async connection =>
        {
            connections.TryAdd(connection, 0);
            await next(connection);
            connections.TryRemove(connection, out _);
        })));
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.Services.AddRazorComponents().AddInteractiveServerComponents();

        app = builder.Build();
        app.UseStatusCodePagesWithReExecute("/missing-page");
        app.UseAntiforgery();
        app.MapGet("/_framework/blazor.web.js", () => Results.Bytes(script, "text/javascript"));
        app.MapGet("/module.js", () => Results.Text(Module, "text/javascript"));
        app.MapRazorComponents<CompatibilityApp>().AddInteractiveServerRenderMode();
        await app.StartAsync();
        Address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());
    }
}
