using BillingPortal.Store;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BillingPortal.Wallets;

/// <summary>Adds the guards of posted rows on Sqlite; no model change, so it has no snapshot of its own.</summary>
[DbContext(typeof(SqliteBillingDbContext))]
[Migration("20260102000000_LedgerGuards")]
internal sealed class SqliteLedgerGuards : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        foreach (var statement in LedgerGuards.Rows.Sqlite)
        {
            migrationBuilder.Sql(statement);
        }
    }
}
