using BillingPortal.Access;
using BillingPortal.Audit;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Invoices;

/// <summary>What an organization wants to read on its invoices. One row for each organization that said so.</summary>
internal sealed class BillingDetailsRow
{
    public required string OrganizationId { get; init; }

    public required string Name { get; set; }

    public required string Address { get; set; }

    public required string TaxId { get; set; }

    public required string Reference { get; set; }

    public required DateTimeOffset UpdatedAt { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<BillingDetailsRow>
    {
        public void Configure(EntityTypeBuilder<BillingDetailsRow> builder)
        {
            builder.ToTable("billing_details");
            builder.HasKey(row => row.OrganizationId);
        }
    }
}

/// <summary>What an organization wants to read on its invoices; empty where it said nothing.</summary>
/// <param name="Name">The buyer; empty: the organization's name.</param>
/// <param name="Address">Several lines.</param>
/// <param name="TaxId">As the buyer writes it; it is printed, not checked.</param>
/// <param name="Reference">What the buyer's own books call the purchase, such as an order number.</param>
public sealed record BillingDetails(string Name, string Address, string TaxId, string Reference)
{
    public const int NameLength = 100;
    public const int AddressLength = 400;
    public const int AddressLines = 6;
    public const int TaxIdLength = 40;
    public const int ReferenceLength = 60;

    public static BillingDetails None { get; } = new("", "", "", "");
}

/// <summary>What became of the wish to change billing details.</summary>
public abstract record DetailsChange
{
    private DetailsChange()
    {
    }

    public sealed record Saved(BillingDetails Details) : DetailsChange;

    /// <summary>Nothing was changed; the named part cannot be.</summary>
    public sealed record Invalid(string Field, string Message) : DetailsChange;
}

/// <summary>Keeps what organizations want to read on their invoices. A change is for documents to come; those written stay as they are.</summary>
public sealed class BillingDetailsBook(IDbContextFactory<BillingDbContext> contexts, IStoreSessions stores, TimeProvider clock)
{
    /// <exception cref="AccessDeniedException">The caller may not read invoices.</exception>
    public async Task<BillingDetails> GetAsync(Caller caller, CancellationToken cancellationToken)
    {
        InvoiceAccess.DemandRead(caller);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await FindAsync(db, caller.OrganizationId, cancellationToken) ?? BillingDetails.None;
    }

    /// <exception cref="AccessDeniedException">The caller is a key, or a member of a role below billing.</exception>
    public async Task<DetailsChange> ChangeAsync(Caller caller, BillingDetails wish, CancellationToken cancellationToken)
    {
        caller.DemandRole(MemberRole.Billing);
        var details = new BillingDetails(wish.Name.Trim(), Lines(wish.Address), wish.TaxId.Trim(), wish.Reference.Trim());
        if (FaultOf(details) is { } fault)
        {
            return fault;
        }

        while (true)
        {
            try
            {
                await StoreAsync(caller, details, cancellationToken);
                return new DetailsChange.Saved(details);
            }
            catch (DbUpdateException exception) when (stores.IsUniqueViolation(exception))
            {
                // Somebody else made the row at the same moment; the second time it is found.
            }
        }
    }

    internal static async Task<BillingDetails?> FindAsync(BillingDbContext db, string organizationId, CancellationToken cancellationToken) =>
        await db.Set<BillingDetailsRow>().AsNoTracking().Where(row => row.OrganizationId == organizationId)
            .Select(row => new BillingDetails(row.Name, row.Address, row.TaxId, row.Reference)).FirstOrDefaultAsync(cancellationToken);

    private static DetailsChange.Invalid? FaultOf(BillingDetails details) =>
        TextFault("name", "name", details.Name, BillingDetails.NameLength)
        ?? TextFault("address", "address", details.Address.Replace('\n', ' '), BillingDetails.AddressLength)
        ?? TextFault("taxId", "tax id", details.TaxId, BillingDetails.TaxIdLength)
        ?? TextFault("reference", "reference", details.Reference, BillingDetails.ReferenceLength)
        ?? (details.Address.Count(character => character == '\n') >= BillingDetails.AddressLines
            ? new DetailsChange.Invalid("address", $"An address has at most {BillingDetails.AddressLines} lines.")
            : null);

    private static DetailsChange.Invalid? TextFault(string field, string word, string text, int length) =>
        text.Length > length ? new DetailsChange.Invalid(field, $"The {word} has at most {length} characters.")
        : text.Any(char.IsControl) || text.EnumerateRunes().Any(rune => rune.Value == '\uFFFD') ? new DetailsChange.Invalid(field, $"The {word} contains a character that cannot be printed.")
        : null;

    // Browsers send line breaks as two characters; empty lines say nothing.
    private static string Lines(string address) =>
        string.Join('\n', address.Split(['\r', '\n'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));

    private async Task StoreAsync(Caller caller, BillingDetails details, CancellationToken cancellationToken)
    {
        var organizationId = caller.OrganizationId;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var row = await db.Set<BillingDetailsRow>().FirstOrDefaultAsync(row => row.OrganizationId == organizationId, cancellationToken);
        db.Record(
            caller, clock.Now(), AuditActs.BillingDetailsChanged, organizationId,
            row is null ? null : new { row.Name, row.Address, row.TaxId, row.Reference }, new { details.Name, details.Address, details.TaxId, details.Reference });
        if (row is null)
        {
            db.Add(new BillingDetailsRow
            {
                OrganizationId = organizationId,
                Name = details.Name,
                Address = details.Address,
                TaxId = details.TaxId,
                Reference = details.Reference,
                UpdatedAt = clock.Now(),
            });
        }
        else
        {
            (row.Name, row.Address, row.TaxId, row.Reference, row.UpdatedAt) = (details.Name, details.Address, details.TaxId, details.Reference, clock.Now());
        }

        await db.SaveChangesAsync(cancellationToken);
    }
}
