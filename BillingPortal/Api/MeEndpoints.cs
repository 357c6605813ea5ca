using System.Text.Json.Serialization;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Store;

namespace BillingPortal.Api;

/// <summary>Who the caller is: <c>/api/v1/me</c>.</summary>
internal static class MeEndpoints
{
    public static IEndpointRouteBuilder MapMe(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/v1/me", GetAsync).WithTags("Authentication").WithSummary("Organization, plan and scopes of the credentials that ask").Produces<MeAnswer>().RequireCaller();
        return routes;
    }

    private static async Task<MeAnswer> GetAsync(HttpContext http, CallerProfiles profiles, CancellationToken cancellationToken)
    {
        var profile = await profiles.GetAsync(http.Caller(), cancellationToken);
        var plan = profile.Standing.Plan;
        return new MeAnswer(
            profile.Kind is CallerKind.ApiKey ? "key" : "user",
            new OrganizationAnswer(profile.Organization.Id, profile.Organization.Name, profile.Organization.IsPersonal, profile.Organization.TimeZone),
            new PlanAnswer(plan.Id, plan.Name, plan.ApiAccess, profile.Standing.Status.Text()),
            profile.Scopes,
            profile.Key is { } key ? new KeyAnswer(key.Id, key.Name, key.ExpiresAt) : null,
            profile.Email is { } email ? new UserAnswer(email, profile.Role?.Text()) : null);
    }

    internal sealed record MeAnswer(
        string Kind,
        OrganizationAnswer Organization,
        PlanAnswer Plan,
        IReadOnlyList<string> Scopes,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] KeyAnswer? Key,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] UserAnswer? User);

    internal sealed record OrganizationAnswer(string Id, string Name, bool Personal, string TimeZone);

    internal sealed record PlanAnswer(string Id, string Name, bool ApiAccess, string Status);

    internal sealed record KeyAnswer(string Id, string Name, DateTimeOffset? ExpiresAt);

    internal sealed record UserAnswer(string Email, string? Role);
}
