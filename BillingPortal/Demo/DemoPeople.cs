using System.Collections.Immutable;
using BillingPortal.Access;
using BillingPortal.Ledger;

namespace BillingPortal.Demo;

/// <summary>Someone of the demo data.</summary>
/// <param name="Email">Also the name to sign in with.</param>
/// <param name="Name">How pages call the person.</param>
/// <param name="Organization">The organization that the person owns; null for one who owns only an empty personal one.</param>
/// <param name="PlanId">The organization's plan.</param>
/// <param name="Seats">Seats of a plan sold by the seat.</param>
/// <param name="Interval">How often the plan renews.</param>
/// <param name="LookAt">What to look at when signed in as this person.</param>
public sealed record DemoPerson(
    string Email, string Name, string? Organization, string PlanId, int Seats, BillingInterval Interval, string LookAt)
{
    /// <summary>The same for everyone of the demo data.</summary>
    public const string Password = "Demo-pass-1";

    public bool IsPlatformAdministrator { get; init; }

    /// <summary>The person whose organization this one belongs to, beside a personal one; null: nobody's.</summary>
    public string? MemberOf { get; init; }

    public MemberRole Role { get; init; } = MemberRole.Member;
}

/// <summary>The people of the demo data, as the sign-in page offers them.</summary>
public static class DemoPeople
{
    public static ImmutableArray<DemoPerson> All { get; } =
    [
        new("pro@example.com", "Priya Raman", "Northwind Studio", "pro", 1, BillingInterval.Monthly, "a busy year: packs, gifts, one odd day"),
        new("team@example.com", "Tomas Lindqvist", "Fabrikam Voice", "team", 3, BillingInterval.Monthly, "a team on the phone, and its keys"),
        new("starter@example.com", "Sofia Marin", "Contoso Labs", "starter", 1, BillingInterval.Monthly, "model calls and API credits"),
        new("lite@example.com", "Liam Okafor", "Tailspin Toys", "lite", 1, BillingInterval.Monthly, "a low balance"),
        new("free@example.com", "Freya Novak", "Freya Novak", "free", 1, BillingInterval.Monthly, "the first credits of a newcomer"),
        new("member@example.com", "Mia Castellanos", null, "free", 1, BillingInterval.Monthly, "a member: sees, but cannot spend money") { MemberOf = "team@example.com" },
        new("admin@example.com", "Ada Whitfield", null, "free", 1, BillingInterval.Monthly, "a platform administrator") { IsPlatformAdministrator = true },
    ];
}
