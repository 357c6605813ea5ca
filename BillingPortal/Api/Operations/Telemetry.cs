using System.Collections.Immutable;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace BillingPortal.Api.Operations;

/// <summary>What operators see from outside: <c>/metrics</c> always, OpenTelemetry where <c>OpenTelemetry:Endpoint</c> names a collector (OTLP over HTTP).</summary>
internal static class Telemetry
{
    private const string Name = "billing-portal";

    private const string Own = "BillingPortal.";

    private static readonly ImmutableHashSet<string> Framework =
    [
        "Microsoft.AspNetCore.Components.Server.Circuits",
        "Microsoft.AspNetCore.Hosting",
        "Microsoft.AspNetCore.Server.Kestrel",
        "Microsoft.EntityFrameworkCore",
        "System.Runtime",
    ];

    /// <summary>Whether what this meter measures is told outside.</summary>
    public static bool Tells(string meter) => meter.StartsWith(Own, StringComparison.Ordinal) || Framework.Contains(meter);

    public static IServiceCollection AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<PrometheusMetrics>();
        services.AddHostedService<Listening>();
        if (configuration["OpenTelemetry:Endpoint"] is { Length: > 0 } endpoint)
        {
            services.AddSingleton(_ => Sdk.CreateMeterProviderBuilder()
                .ConfigureResource(resource => resource.AddService(Name)).AddMeter([.. Framework, $"{Own}*"])
                .AddOtlpExporter(options => To(options, endpoint, "v1/metrics")).Build());
            services.AddSingleton(_ => Sdk.CreateTracerProviderBuilder()
                .ConfigureResource(resource => resource.AddService(Name)).AddSource("Microsoft.AspNetCore", "Npgsql")
                .AddOtlpExporter(options => To(options, endpoint, "v1/traces")).Build());
        }

        return services;
    }

    public static IEndpointRouteBuilder MapMetrics(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/metrics", (PrometheusMetrics metrics) => TypedResults.Text(metrics.Write(), "text/plain; version=0.0.4"))
            .AllowAnonymous().ExcludeFromDescription();
        return routes;
    }

    private static void To(OtlpExporterOptions options, string endpoint, string signal)
    {
        options.Protocol = OtlpExportProtocol.HttpProtobuf;
        options.Endpoint = new Uri(new Uri(endpoint.TrimEnd('/') + "/"), signal);
    }

    /// <summary>Makes the listeners before the first request; the container ends them, which sends what is left.</summary>
    private sealed class Listening(PrometheusMetrics metrics, IServiceProvider services) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            _ = metrics;
            services.GetService<MeterProvider>();
            services.GetService<TracerProvider>();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
