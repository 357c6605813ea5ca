namespace BillingPortal.Tests.Support;

/// <summary>A database of a test's own, gone when disposed.</summary>
/// <param name="provider">The value of <c>Database:Provider</c> for it.</param>
/// <param name="connectionString">The value of <c>ConnectionStrings:Billing</c> for it.</param>
/// <param name="drop">Removes it; no connection of this program is needed any more.</param>
public sealed class TestDatabase(string provider, string connectionString, Func<ValueTask> drop) : IAsyncDisposable
{
    public string Provider { get; } = provider;

    public string ConnectionString { get; } = connectionString;

    /// <summary>The configuration that makes a portal stand on this database.</summary>
    public Dictionary<string, string?> Settings => new()
    {
        ["Database:Provider"] = Provider,
        ["ConnectionStrings:Billing"] = ConnectionString,
    };

    public ValueTask DisposeAsync() => drop();
}
