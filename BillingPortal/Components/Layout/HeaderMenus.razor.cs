using BillingPortal.Access;
using BillingPortal.Accounts;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace BillingPortal.Components.Layout;

/// <summary>An organization one can act for.</summary>
public sealed record OrganizationChoice(string Id, string Name, string Role);

/// <summary>Who is here, and for whom.</summary>
public sealed record HeaderView(string Id, string Name, string Person, IReadOnlyList<OrganizationChoice> Organizations);

public sealed partial class HeaderMenus
{
    [Inject]
    private Organizations Organizations { get; set; } = null!;

    [Inject]
    private AuthenticationStateProvider States { get; set; } = null!;

    // Names do not change with the balance.
    protected override bool IsLive => false;

    protected override async Task<HeaderView> ReadAsync(Caller caller, CancellationToken cancellationToken)
    {
        var organizations = await Organizations.ListForUserAsync(caller, cancellationToken);
        var person = (await States.GetAuthenticationStateAsync()).User.Identity?.Name ?? "";
        return new HeaderView(
            caller.OrganizationId,
            organizations.First(organization => organization.Id == caller.OrganizationId).Name,
            person,
            [.. organizations.Select(organization => new OrganizationChoice(organization.Id, organization.Name, organization.Role.ToString()))]);
    }
}
