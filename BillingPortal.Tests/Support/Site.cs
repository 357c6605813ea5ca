using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Support;

/// <summary>The whole portal on a real Kestrel, at an address of its own, on a test's database.</summary>
public sealed class Site : WebApplicationFactory<Program>
{
    private readonly IReadOnlyDictionary<string, string?> settings;
    private readonly Action<IServiceCollection>? services;
    private readonly List<IBrowserContext> windows = [];

    private Site(IReadOnlyDictionary<string, string?> settings, Action<IServiceCollection>? services)
    {
        this.settings = settings;
        this.services = services;
        UseKestrel(0);
    }

    /// <summary>Where it listens. A name and not a number, because browsers allow passkeys only there.</summary>
    public Uri Address { get; private set; } = new("http://localhost");

    /// <param name="database">What it stands on; not disposed with it, so that another may be started on the same rows.</param>
    /// <param name="settings">Configuration that differs from appsettings.json.</param>
    /// <param name="services">Services that differ, such as a manual clock.</param>
    public static Site Start(TestDatabase database, IReadOnlyDictionary<string, string?>? settings = null, Action<IServiceCollection>? services = null)
    {
        var site = new Site(new Dictionary<string, string?>([.. database.Settings, .. settings ?? new Dictionary<string, string?>()]), services);
        site.StartServer();
        site.Address = new UriBuilder(site.ClientOptions.BaseAddress) { Host = "localhost" }.Uri;
        return site;
    }

    /// <summary>A client with no cookies yet that follows no redirect.</summary>
    public HttpClient NewClient() =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(30) };

    /// <summary>Opens a blank page with cookies of its own; a relative path navigates within this site. Closed with the site.</summary>
    public async Task<IPage> NewPageAsync(
        Browser browser, ViewportSize? size = null, ColorScheme scheme = ColorScheme.Light, string? state = null, bool runsScripts = true)
    {
        var window = await browser.NewWindowAsync(Address, size ?? Browser.Desktop, scheme, state, runsScripts);
        windows.Add(window);
        return await window.NewPageAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        // Before the server: a live page reconnects to a server that is stopping, which would then wait for it.
        foreach (var window in windows)
        {
            await window.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseEnvironment("Production");
        foreach (var (key, value) in settings)
        {
            builder.UseSetting(key, value);
        }

        builder.UseSetting("Logging:LogLevel:Microsoft.Hosting.Lifetime", "Warning");
        builder.ConfigureServices(collection => collection.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(5)));
        if (services is not null)
        {
            builder.ConfigureServices(services);
        }
    }
}
