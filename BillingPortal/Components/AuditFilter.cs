using BillingPortal.Audit;

namespace BillingPortal.Components;

/// <summary>Which entries of the audit log are looked at, as the address says it; what an address gets wrong is ignored.</summary>
/// <param name="Search">A subject, a person, a key or a network; null: any.</param>
/// <param name="Act">Only this act; null: all.</param>
/// <param name="From">The first day, where the viewer is; null: from the first.</param>
/// <param name="To">The last day, where the viewer is; null: to the last.</param>
/// <param name="Organization">Only this one, where more than one may be seen; null: all.</param>
public sealed record AuditFilter(string? Search, string? Act, DateOnly? From, DateOnly? To, string? Organization)
{
    public bool IsNarrowed => Search is not null || Act is not null || From is not null || To is not null || Organization is not null;

    public static AuditFilter Read(string? search, string? act, string? from, string? to, string? organization) => new(
        Text(search), AuditActs.All.Contains(act ?? "") ? act : null, TransactionFilter.ReadDay(from), TransactionFilter.ReadDay(to), Text(organization));

    /// <summary>The address of a page or file that shows exactly this.</summary>
    public string Address(string path, string? before = null) => path + QueryString.Create(new Dictionary<string, string?>
    {
        ["search"] = Search,
        ["act"] = Act,
        ["from"] = TransactionFilter.Write(From),
        ["to"] = TransactionFilter.Write(To),
        ["organization"] = Organization,
        ["before"] = before,
    }.Where(part => part.Value is not null));

    public AuditQuery ToQuery(Viewer viewer, string? before, int limit) => new(
        Search, Act, From is { } from ? viewer.StartOf(from) : null, To is { } to ? viewer.StartOf(to.AddDays(1)) : null, before, limit);

    private static string? Text(string? text) =>
        text?.Trim() is { Length: > 0 and <= AuditLog.SearchLength } trimmed && !trimmed.Any(char.IsControl) ? trimmed : null;
}
