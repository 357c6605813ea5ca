using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace BillingPortal.Store;

/// <summary>A prepared statement that is bound by position and run again and again.</summary>
/// <remarks>The provider's own commands look every parameter up by its name for every row, which costs more than writing the row.</remarks>
internal sealed class SqliteStatement : IKeyedRow, IDisposable
{
    // An error's code without what extends it.
    private const int PrimaryCode = 0xff;

    private readonly sqlite3 database;
    private readonly sqlite3_stmt statement;

    public SqliteStatement(SqliteConnection connection, string sql)
    {
        database = HandleOf(connection) ?? throw new InvalidOperationException("The connection is not open.");
        Demand(raw.sqlite3_prepare_v2(database, sql, out statement), raw.SQLITE_OK);
    }

    /// <summary>Runs a statement that gives no rows.</summary>
    public void Run(ReadOnlySpan<object?> values)
    {
        Bind(values);
        try
        {
            Demand(raw.sqlite3_step(statement), raw.SQLITE_DONE);
        }
        finally
        {
            raw.sqlite3_reset(statement);
        }
    }

    /// <summary>Runs a query; each row is there until the next.</summary>
    public void Read(ReadOnlySpan<object?> values, Action<IKeyedRow> onRow)
    {
        Bind(values);
        try
        {
            int result;
            while ((result = raw.sqlite3_step(statement)) == raw.SQLITE_ROW)
            {
                onRow(this);
            }

            Demand(result, raw.SQLITE_DONE);
        }
        finally
        {
            raw.sqlite3_reset(statement);
        }
    }

    public void Dispose() => statement.Dispose();

    public bool IsNull(int column) => raw.sqlite3_column_type(statement, column) == raw.SQLITE_NULL;

    public string Text(int column) => raw.sqlite3_column_text(statement, column).utf8_to_string();

    public long Number(int column) => raw.sqlite3_column_int64(statement, column);

    public bool Bool(int column) => raw.sqlite3_column_int64(statement, column) != 0;

    private void Bind(ReadOnlySpan<object?> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            var result = values[i] switch
            {
                null => raw.sqlite3_bind_null(statement, i + 1),
                string text => raw.sqlite3_bind_text(statement, i + 1, text),
                long number => raw.sqlite3_bind_int64(statement, i + 1, number),
                bool flag => raw.sqlite3_bind_int64(statement, i + 1, flag ? 1 : 0),
                var other => throw new UnreachableException($"A column cannot hold a {other.GetType()}."),
            };
            Demand(result, raw.SQLITE_OK);
        }
    }

    private void Demand(int result, int expected)
    {
        if (result != expected)
        {
            throw new SqliteException(raw.sqlite3_errmsg(database).utf8_to_string(), result & PrimaryCode, raw.sqlite3_extended_errcode(database));
        }
    }

    // The provider was built against a newer version of these bindings, so the compiler does not take its property: docs/decisions/0012.
    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_Handle")]
    private static extern sqlite3? HandleOf(SqliteConnection connection);
}
