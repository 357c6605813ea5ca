using BillingPortal.Store;
using Microsoft.OpenApi;

namespace BillingPortal.Api.Operations;

/// <summary>The description of the surfaces at <c>/openapi/v1.json</c>, and a page at <c>/docs</c> to try them.</summary>
internal static class ApiDescription
{
    private const string Bearer = "bearer";

    public static IServiceCollection AddApiDescription(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.ShouldInclude = description => Surfaces.Of($"/{description.RelativePath}") is not null;
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Billing portal",
                Version = "v1",
                Description = "Send an API key, or the access token of a signed-in user, as `Authorization: Bearer …`. "
                    + "Each key may make 100 requests a minute unless the installation says otherwise; X-RateLimit-Remaining tells what is left.",
            };
            document.Servers = [new OpenApiServer { Url = "/" }];
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes[Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = Bearer,
                Description = "An API key, or the access token that POST /api/auth/login gives.",
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<RequiresCaller>().Any())
            {
                operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] }];
                if (HttpMethods.IsPost(context.Description.HttpMethod ?? ""))
                {
                    AddIdempotencyKey(operation);
                }
            }

            return Task.CompletedTask;
        });
    });

    private static void AddIdempotencyKey(OpenApiOperation operation)
    {
        (operation.Parameters ??= []).Add(new OpenApiParameter
        {
            Name = Idempotency.KeyHeader,
            In = ParameterLocation.Header,
            Description = "The same key and request again get the first answer again, for a day, and nothing is done twice.",
            Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = IdempotencyKeys.MaxLength, Pattern = "^[!-~]+$" },
        });
        operation.Responses ??= [];
        operation.Responses.TryAdd("409", new OpenApiResponse { Description = "The first request with this idempotency key is still being worked on, or another conflict." });
        operation.Responses.TryAdd("422", new OpenApiResponse { Description = "The idempotency key stands for another request. Nothing was done." });
    }

    public static WebApplication MapApiDescription(this WebApplication app)
    {
        app.MapOpenApi().AllowAnonymous();
        app.UseSwaggerUI(options =>
        {
            options.RoutePrefix = "docs";
            options.DocumentTitle = "API of the billing portal";
            options.SwaggerEndpoint("/openapi/v1.json", "v1");
        });
        return app;
    }
}
