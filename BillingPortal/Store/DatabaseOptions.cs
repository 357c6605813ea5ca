using System.ComponentModel.DataAnnotations;

namespace BillingPortal.Store;

/// <summary>Which database engine the portal stands on.</summary>
public enum DatabaseProvider
{
    /// <summary>One file on one machine.</summary>
    Sqlite,

    /// <summary>Any number of instances.</summary>
    Postgres,
}

/// <summary>Configuration section <c>Database</c>; the connection string is <c>ConnectionStrings:Billing</c>.</summary>
public sealed class DatabaseOptions
{
    public DatabaseProvider Provider { get; set; } = DatabaseProvider.Sqlite;

    [Required(AllowEmptyStrings = false, ErrorMessage = "ConnectionStrings:Billing: must name the database.")]
    public string ConnectionString { get; set; } = "Data Source=data/billing.db";
}
