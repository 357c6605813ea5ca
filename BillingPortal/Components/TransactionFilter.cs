using System.Globalization;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Wallets;

namespace BillingPortal.Components;

/// <summary>Which transactions are looked at, as the address says it; what an address gets wrong is ignored.</summary>
/// <param name="CreditType">Whose wallet.</param>
/// <param name="Type">Only this kind; null: all.</param>
/// <param name="From">The first day, where the viewer is; null: from the first.</param>
/// <param name="To">The last day, where the viewer is; null: to the last.</param>
public sealed record TransactionFilter(string CreditType, TransactionType? Type, DateOnly? From, DateOnly? To)
{
    private const string DayFormat = "yyyy-MM-dd";

    public bool IsNarrowed => Type is not null || From is not null || To is not null;

    public static TransactionFilter Read(string? creditType, string? type, string? from, string? to) => new(
        CreditTypes.All.Contains(creditType ?? "") ? creditType! : CreditTypes.Credits,
        Enum.TryParse<TransactionType>(type, ignoreCase: true, out var kind) && Enum.IsDefined(kind) ? kind : null,
        ReadDay(from),
        ReadDay(to));

    public static string? Write(DateOnly? day) => day?.ToString(DayFormat, CultureInfo.InvariantCulture);

    public static DateOnly? ReadDay(string? day) =>
        DateOnly.TryParseExact(day, DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var value) && value.Year is > 2000 and < 9000 ? value : null;

    /// <summary>The address of a page or file that shows exactly this.</summary>
    public string Address(string path, long? before = null)
    {
        var query = QueryString.Create(new Dictionary<string, string?>
        {
            ["credits"] = CreditType == CreditTypes.Credits ? null : CreditType,
            ["kind"] = Type?.ToString().ToLowerInvariant(),
            ["from"] = Write(From),
            ["to"] = Write(To),
            ["before"] = before?.ToString(CultureInfo.InvariantCulture),
        }.Where(part => part.Value is not null));
        return path + query;
    }

    public TransactionQuery ToQuery(Viewer viewer, long? before, int limit) => new(
        CreditType,
        Type is { } type ? [type] : [],
        From is { } from ? viewer.StartOf(from) : null,
        To is { } to ? viewer.StartOf(to.AddDays(1)) : null,
        before,
        limit);
}
