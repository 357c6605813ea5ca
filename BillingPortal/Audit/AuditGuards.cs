using BillingPortal.Store;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace BillingPortal.Audit;

/// <summary>What keeps the log as it was written.</summary>
internal static class AuditGuards
{
    public static AppendOnly Rows { get; } = new("refuse_rewriting", "the audit log is only ever added to", "audit_entries");
}

/// <summary>Adds the guards of the log on Sqlite; no model change, so it has no snapshot of its own.</summary>
[DbContext(typeof(SqliteBillingDbContext))]
[Migration("20260103000000_AuditGuards")]
internal sealed class SqliteAuditGuards : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        foreach (var statement in AuditGuards.Rows.Sqlite)
        {
            migrationBuilder.Sql(statement);
        }
    }
}

/// <summary>Adds the guards of the log on Postgres; no model change, so it has no snapshot of its own.</summary>
[DbContext(typeof(PostgresBillingDbContext))]
[Migration("20260103000000_AuditGuards")]
internal sealed class PostgresAuditGuards : Migration
{
    protected override void Up(MigrationBuilder migrationBuilder)
    {
        foreach (var statement in AuditGuards.Rows.Postgres)
        {
            migrationBuilder.Sql(statement);
        }
    }
}
