using System.Security.Claims;
using BillingPortal.Accounts;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Localization;
using static Microsoft.AspNetCore.Components.Web.RenderMode;

namespace BillingPortal.Components;

/// <summary>Puts the pages together.</summary>
public static class ComponentServices
{
    private const int LargestPageState = 256 * 1024;

    public static IServiceCollection AddPages(this IServiceCollection services)
    {
        services.AddScoped<Viewer>();
        services.AddSingleton<TransactionText>();
        services.AddSingleton<WalletOverviews>();
        services.AddSingleton<InboxOverviews>();
        services.AddSingleton<WalletExplanations>();
        services.AddSingleton<PaymentProgressReader>();
        services.AddSingleton<UsageOverviews>();
        services.AddSingleton<PackShelves>();
        services.AddSingleton<EstimateForm>();
        services.AddSingleton<EstimateOverviews>();
        services.AddSingleton<PlanOverviews>();
        services.AddSingleton<InvoiceOverviews>();
        services.AddSingleton<CustomerOverviews>();
        services.AddSingleton<CreditEffects>();
        services.AddSingleton<LedgerOverviews>();
        services.AddSingleton(typeof(PersistentComponentStateSerializer<>), typeof(ViewStateSerializer<>));
        // For pages alone: scripts and styles were compressed when they were published.
        services.AddResponseCompression(options => (options.EnableForHttps, options.MimeTypes) = (true, ["text/html"]));
        services.AddRazorComponents()
            .AddInteractiveServerComponents()
            // What a page had read before it was sent comes back with the connection; a long list is larger than the usual 32 KB.
            .AddHubOptions(options => options.MaximumReceiveMessageSize = LargestPageState)
            .RegisterPersistentService<Viewer>(InteractiveServer);
        return services;
    }

    /// <summary>Answers people with a page when there is nothing else to show; programs keep the bare status.</summary>
    public static IApplicationBuilder UseErrorPages(this IApplicationBuilder app) => app
        .UseExceptionHandler("/error", createScopeForErrors: true)
        .UseStatusCodePagesWithReExecute("/not-found", createScopeForStatusCodePages: true)
        .Use((http, next) =>
        {
            if (http.Features.Get<IStatusCodePagesFeature>() is { } pages && !IsForPeople(http.Request))
            {
                pages.Enabled = false;
            }

            return next(http);
        });

    /// <summary>Compresses pages, but for those that another site may have asked for in its visitor's name.</summary>
    /// <remarks>Guess after guess, that site could tell by the length alone what stands in them. Browsers say who asks, and no page can say otherwise: docs/decisions/0135.</remarks>
    public static IApplicationBuilder UsePageCompression(this IApplicationBuilder app) =>
        app.UseWhen(http => http.Request.Headers["Sec-Fetch-Site"] is ["same-origin" or "none"], pages => pages.UseResponseCompression());

    /// <summary>Writes numbers as the person of a request chose. Everything else stays English: the culture of calculations and markup is never the viewer's.</summary>
    public static IApplicationBuilder UseViewerCulture(this IApplicationBuilder app) => app.UseRequestLocalization(options =>
    {
        options.SetDefaultCulture(NumberFormats.Default).AddSupportedCultures(NumberFormats.Default).AddSupportedUICultures([.. NumberFormats.All.Select(format => format.Culture)]);
        options.RequestCultureProviders =
        [
            new CustomRequestCultureProvider(http => Task.FromResult(
                http.User.FindFirstValue(PortalClaims.Numbers) is { } culture ? new ProviderCultureResult(NumberFormats.Default, culture) : null)),
        ];
    });

    /// <summary>The pages, what they are made of, and what answers when there is none.</summary>
    public static WebApplication MapPages(this WebApplication app)
    {
        app.MapStaticAssets();
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode();
        app.MapPreferences();
        app.MapTransactionExport();
        app.MapUsageExport();
        app.MapAuditExport();
        app.MapGrantExport();
        return app;
    }

    private static bool IsForPeople(HttpRequest request) =>
        HttpMethods.IsGet(request.Method) && request.Headers.Accept.ToString().Contains("text/html", StringComparison.OrdinalIgnoreCase);
}
