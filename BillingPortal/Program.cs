using System.Globalization;
using BillingPortal;
using BillingPortal.Accounts;
using BillingPortal.Api;
using BillingPortal.Api.Operations;
using BillingPortal.Catalog;
using BillingPortal.Components;
using BillingPortal.Demo;
using BillingPortal.Store;
using Microsoft.Extensions.Options;

// Content root and settings lie beside the program, so it starts the same from any folder, published, and under test.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
if (await CommandLine.RunAsync(args, builder.Configuration, CancellationToken.None) is { } exitCode)
{
    return exitCode;
}

// Without a publish the assets of packages are found through this manifest; the host reads it unasked only in development.
builder.WebHost.UseStaticWebAssets();

// A build serves its assets as a publish does: compressed beforehand, and kept by browsers for good. By itself it would look for later changes at each request.
if (!builder.Environment.IsDevelopment())
{
    builder.Configuration["ReloadStaticAssetsAtRuntime"] ??= bool.FalseString;
}

// A default and not a setting in appsettings.json, which would win over ASPNETCORE_URLS and the ports of a container image.
if (builder.Configuration["urls"] is null && builder.Configuration["http_ports"] is null)
{
    builder.WebHost.UseUrls("http://localhost:5080");
}

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.DefaultThreadCurrentUICulture = CultureInfo.GetCultureInfo("en-US");

try
{
    builder.Services.AddPortal(builder.Configuration);
}
catch (CatalogException broken)
{
    // The operator's to mend, not a crash: the list of faults says all there is to say.
    await Console.Error.WriteLineAsync(broken.Message);
    return 1;
}

builder.Services.AddApi(builder.Configuration);
builder.Services.AddPages();

// Logging:Console:FormatterName says otherwise where people read the log.
if (!builder.Environment.IsDevelopment() && builder.Configuration["Logging:Console:FormatterName"] is null)
{
    builder.Logging.ClearProviders().AddJsonConsole(console => (console.IncludeScopes, console.UseUtcTimestamp, console.TimestampFormat) = (true, true, "O"));
}

var app = builder.Build();

try
{
    // Before anything is touched: a setting that is wrong or missing is the operator's to mend.
    app.Services.GetRequiredService<IStartupValidator>().Validate();
}
catch (Exception broken) when (broken is OptionsValidationException or AggregateException)
{
    var faults = (broken is AggregateException several ? several.InnerExceptions : [broken]).OfType<OptionsValidationException>().SelectMany(fault => fault.Failures);
    await Console.Error.WriteLineAsync($"The portal does not start with these settings:\n{string.Join('\n', faults.Select(fault => $"  {fault}"))}");
    return 1;
}

await app.Services.GetRequiredService<Migrator>().MigrateAsync(CancellationToken.None);
await app.EnsureDemoDataAsync(CancellationToken.None);

app.UseTrustedProxies();
app.UseSecurityHeaders();
app.UsePageCompression();
app.UseErrorPages();
app.UseAuthentication();
app.UseViewerCulture();
app.UseClientAddresses();
app.UseAuthorization();
app.UseApi();
app.UseAntiforgery();
app.MapApi();
app.MapPages();

await app.RunAsync();
return 0;

/// <summary>The portal's entry point, named so that tests can start it.</summary>
public partial class Program;
