using BillingPortal.Store;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BillingPortal.Wallets;

/// <summary>Adds the guards of posted rows on Postgres; no model change, so it has no snapshot of its own.</summary>
[DbContext(typeof(PostgresBillingDbContext))]
[Migration("20260102000000_LedgerGuards")]
internal sealed class PostgresLedgerGuards : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        foreach (var statement in LedgerGuards.Rows.Postgres)
        {
            migrationBuilder.Sql(statement);
        }
    }
}
