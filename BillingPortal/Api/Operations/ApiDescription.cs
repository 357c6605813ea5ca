using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using BillingPortal.Api.Reference;
using BillingPortal.Ledger;
using BillingPortal.Store;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace BillingPortal.Api.Operations;

/// <summary>The description of the surfaces at <c>/openapi/v1.json</c>, and a page at <c>/docs</c> to try them.</summary>
internal static class ApiDescription
{
    private const string Bearer = "bearer";
    private const string Json = "application/json";

    // An example must not look like a secret, nor change from one request to the next.
    private const string ExampleTrace = "0af7651916cd43dd8448eb211c80319c";

    public static IServiceCollection AddApiDescription(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.ShouldInclude = description => Surfaces.Of($"/{description.RelativePath}") is not null;
        // Each surface has its own records, some of the same name.
        options.CreateSchemaReferenceId = type => OpenApiOptions.CreateDefaultSchemaReferenceId(type) is null ? null : NameOf(type.Type);
        options.AddSchemaTransformer((schema, context, _) =>
        {
            DescribeValue(schema, context);
            return Task.CompletedTask;
        });
        options.AddOperationTransformer(DescribeOperationAsync);
        options.AddDocumentTransformer((document, _, _) =>
        {
            DescribeWhole(document);
            return Task.CompletedTask;
        });
    });

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

    private static void DescribeWhole(OpenApiDocument document)
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
        foreach (var tag in document.Tags ?? new HashSet<OpenApiTag>())
        {
            tag.Description = ApiReference.Tags.GetValueOrDefault(tag.Name ?? "");
        }

        document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>();
        foreach (var surface in Enum.GetValues<Surface>())
        {
            document.Components.Schemas[ErrorSchema(surface)] = ErrorShape(surface);
        }
    }

    /// <summary>Types whose JSON is written by hand say here what it looks like; numbers are numbers, never text.</summary>
    private static void DescribeValue(OpenApiSchema schema, OpenApiSchemaTransformerContext context)
    {
        var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
        var isNullable = type != context.JsonTypeInfo.Type ? JsonSchemaType.Null : default;
        if (type == typeof(Credits))
        {
            schema.Type = JsonSchemaType.Number | isNullable;
            schema.Description = "Credits, exact to a micro-credit.";
        }
        else if (type == typeof(DateTimeOffset))
        {
            schema.Type = JsonSchemaType.String | isNullable;
        }
        else if (schema.Type is { } given && given.HasFlag(JsonSchemaType.String) && (given.HasFlag(JsonSchemaType.Integer) || given.HasFlag(JsonSchemaType.Number)))
        {
            schema.Type = given & ~JsonSchemaType.String;
            schema.Pattern = null;
        }

        if (context.JsonTypeInfo.ElementType == typeof(Credits))
        {
            // What is written by hand is not looked into.
            schema.Items ??= new OpenApiSchema { Type = JsonSchemaType.Number };
        }

        foreach (var property in context.JsonTypeInfo.Properties)
        {
            if (property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: false) is [JsonIgnoreAttribute { Condition: JsonIgnoreCondition.WhenWritingNull }])
            {
                // Left out where there is nothing to say.
                schema.Required?.Remove(property.Name);
            }
        }
    }

    private static async Task DescribeOperationAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var path = $"/{context.Description.RelativePath?.TrimEnd('/')}";
        var method = context.Description.HttpMethod!;
        var surface = Surfaces.Of(path)!.Value;
        var requiresCaller = context.Description.ActionDescriptor.EndpointMetadata.OfType<RequiresCaller>().Any();
        var facts = ApiReference.Find(method, path);
        operation.OperationId = IdOf(method, path);
        operation.Description = facts?.Description;
        operation.Responses ??= [];
        if (requiresCaller)
        {
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] }];
        }
        else
        {
            // Said outright: none is needed.
            operation.Security = [];
        }

        DescribeParameters(operation, facts, isReplayable: requiresCaller && HttpMethods.IsPost(method));
        if (operation.RequestBody?.Content is { } body && facts?.Request is { } request)
        {
            foreach (var media in body.Values)
            {
                media.Example = JsonNode.Parse(request);
            }
        }

        foreach (var (status, answer) in operation.Responses.Where(pair => pair.Key.StartsWith('2')))
        {
            var other = facts?.OtherAnswer is { } type ? await context.GetOrCreateSchemaAsync(type, cancellationToken: cancellationToken) : null;
            DescribeAnswer((OpenApiResponse)answer, facts, other);
        }

        foreach (var error in ErrorsOf(operation, facts, requiresCaller, method).GroupBy(error => error.Status))
        {
            operation.Responses[$"{error.Key}"] = new OpenApiResponse
            {
                Description = error.First().Message,
                Headers = error.Key is 409 or 429 or 503 ? new Dictionary<string, IOpenApiHeader> { ["Retry-After"] = Header("Seconds after which trying again makes sense.") } : null,
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    [Json] = new()
                    {
                        Schema = new OpenApiSchemaReference(ErrorSchema(surface), context.Document),
                        Examples = error.DistinctBy(one => one.Code).ToDictionary(one => one.Code, one => (IOpenApiExample)new OpenApiExample { Value = ErrorExample(surface, one) }),
                    },
                },
            };
        }
    }

    private static void DescribeParameters(OpenApiOperation operation, OperationFacts? facts, bool isReplayable)
    {
        operation.Parameters ??= [];
        foreach (var parameter in operation.Parameters.OfType<OpenApiParameter>().Where(parameter => parameter.In is ParameterLocation.Path))
        {
            parameter.Description ??= "The id, as other answers give it.";
        }

        foreach (var value in facts?.Query ?? [])
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = value.Name,
                In = ParameterLocation.Query,
                Description = value.Description,
                Required = value.IsRequired,
                Schema = value.Schema,
            });
        }

        if (isReplayable)
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = Idempotency.KeyHeader,
                In = ParameterLocation.Header,
                Description = "Visible ASCII characters. The same key and request again get the first answer again, for a day, and nothing is done twice.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = IdempotencyKeys.MaxLength, Pattern = "^[!-~]+$" },
            });
        }
    }

    private static void DescribeAnswer(OpenApiResponse answer, OperationFacts? facts, OpenApiSchema? other)
    {
        answer.Headers ??= new Dictionary<string, IOpenApiHeader>();
        answer.Headers["X-RateLimit-Limit"] = Header("Requests a minute.");
        answer.Headers["X-RateLimit-Remaining"] = Header("What is left of them.");
        answer.Headers["X-RateLimit-Reset"] = Header("When all of them are there again, in seconds since 1970.");
        foreach (var (type, media) in answer.Content ?? new Dictionary<string, OpenApiMediaType>())
        {
            if (other is not null)
            {
                media.Schema = new OpenApiSchema { AnyOf = [media.Schema!, other] };
            }

            if (facts is not null)
            {
                media.Example = type == Json ? JsonNode.Parse(facts.Answer) : JsonValue.Create(facts.Answer);
            }
        }
    }

    private static OpenApiHeader Header(string description) => new() { Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.Integer } };

    private static IEnumerable<ErrorFact> ErrorsOf(OpenApiOperation operation, OperationFacts? facts, bool requiresCaller, string method)
    {
        var hasBody = operation.RequestBody is not null;
        if (hasBody || facts?.Query.Count > 0)
        {
            yield return new(400, "INVALID_REQUEST", "A field is missing or wrong; the answer names it.");
        }

        if (requiresCaller)
        {
            yield return new(401, "UNAUTHORIZED", "Valid credentials are needed.");
            yield return new(403, "FORBIDDEN", "This is not allowed.");
        }

        if (operation.Parameters!.Any(parameter => parameter.In is ParameterLocation.Path))
        {
            yield return new(404, "NOT_FOUND", "There is nothing here.");
        }

        if (requiresCaller && HttpMethods.IsPost(method))
        {
            yield return new(409, "IDEMPOTENCY_KEY_IN_USE", "The first request with this key is still at work.");
            yield return new(422, "IDEMPOTENCY_KEY_REUSED", "The key was used for another request. Nothing was done.");
        }

        if (hasBody)
        {
            yield return new(413, "TOO_LARGE", "The body is too large.");
            yield return new(415, "UNSUPPORTED_MEDIA_TYPE", "This content type is not understood here.");
        }

        foreach (var error in facts?.Errors ?? [])
        {
            yield return error;
        }

        yield return new(429, "RATE_LIMITED", "You have exceeded the rate limit of 100 requests per minute.");
        yield return new(503, "UNAVAILABLE", "The portal cannot reach its database just now; try again.");
    }

    /// <summary>"FlowEndpoints.GiftAnswer" is FlowGiftAnswer, an envelope of it EnvelopeOfFlowGiftAnswer.</summary>
    private static string NameOf(Type type)
    {
        var name = type.IsGenericType ? $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}Of{string.Concat(type.GetGenericArguments().Select(NameOf))}" : type.Name;
        return type.DeclaringType is { } owner ? owner.Name.Replace("Endpoints", "", StringComparison.Ordinal) + name : name;
    }

    private static string ErrorSchema(Surface surface) => $"{surface}Error";

    /// <summary>The fields that every error of a surface has; some have further ones.</summary>
    private static OpenApiSchema ErrorShape(Surface surface)
    {
        var text = new OpenApiSchema { Type = JsonSchemaType.String };
        var fields = new Dictionary<string, IOpenApiSchema>();
        foreach (var name in surface switch
        {
            Surface.Portal or Surface.Flows => (string[])["error"],
            Surface.Billing => ["message"],
            Surface.Credits => ["error_code", "message"],
            _ => ["error", "message"],
        })
        {
            fields[name] = text;
        }

        if (surface is Surface.Billing)
        {
            fields["errors"] = new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                Items = new OpenApiSchema { Type = JsonSchemaType.Object, Properties = new Dictionary<string, IOpenApiSchema> { ["field"] = text, ["message"] = text } },
            };
        }

        if (surface is Surface.Billing or Surface.Credits)
        {
            fields["success"] = new OpenApiSchema { Type = JsonSchemaType.Boolean };
        }

        fields["code"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "Stable and machine-readable." };
        fields["traceId"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "What to quote to support." };
        var required = fields.Keys.ToHashSet();
        fields["field"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "The field of the request that is at fault." };
        fields.TryAdd("error", text);
        fields.TryAdd("message", text);
        fields["retry_after"] = new OpenApiSchema { Type = JsonSchemaType.Integer, Description = "Seconds after which trying again makes sense." };
        fields["nextAvailableAt"] = new OpenApiSchema { Type = JsonSchemaType.String, Format = "date-time", Description = "When the limit frees a place." };
        fields["balance"] = new OpenApiSchema { Type = JsonSchemaType.Number, Description = "Credits there are." };
        fields["estimated_cost"] = new OpenApiSchema { Type = JsonSchemaType.Number, Description = "Credits that are needed." };
        fields["creditType"] = text;
        fields["upgrade"] = new OpenApiSchema { Type = JsonSchemaType.Boolean, Description = "Whether a higher plan would help." };
        return new OpenApiSchema { Type = JsonSchemaType.Object, Properties = fields, Required = required };
    }

    private static JsonNode ErrorExample(Surface surface, ErrorFact error)
    {
        var exception = error.Status is 429 && error.Code == "RATE_LIMITED"
            ? ApiException.TooMany(error.Message, TimeSpan.FromSeconds(45))
            : new ApiException(error.Status, error.Code, error.Message);
        return System.Text.Json.JsonSerializer.SerializeToNode(ErrorBody.Of(surface, exception, ExampleTrace))!;
    }

    /// <summary>"GET /api/v1/billing/usage/items" is getApiV1BillingUsageItems: no two are alike, and none changes when another is added.</summary>
    private static string IdOf(string method, string path)
    {
        var words = path.Split(['/', '{', '}', '-', '.', ':'], StringSplitOptions.RemoveEmptyEntries);
        return method.ToLowerInvariant() + string.Concat(words.Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
    }
}
