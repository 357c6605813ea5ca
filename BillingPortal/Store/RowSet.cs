using System.Collections.Immutable;

namespace BillingPortal.Store;

/// <summary>How a column travels to the database.</summary>
public enum ColumnType
{
    Text,
    Number,
    Bool,
}

/// <summary>A column of a <see cref="TableShape"/>.</summary>
public readonly record struct Column(string Name, ColumnType Type);

/// <summary>What a <see cref="RowSet"/> does with its rows.</summary>
public enum RowVerb
{
    /// <summary>Insert; a row that is there already is an error.</summary>
    Insert,

    /// <summary>Insert, or leave the row that is there already as it is.</summary>
    InsertIfAbsent,

    /// <summary>Insert, or add the non-key numbers to the row that is there already.</summary>
    Accumulate,

    /// <summary>Set the non-key columns of the row with that key.</summary>
    Update,
}

/// <summary>A statement over many rows of one table: the key columns first.</summary>
public sealed record TableShape(string Table, RowVerb Verb, int KeyColumns, ImmutableArray<Column> Columns)
{
    public static Column Text(string name) => new(name, ColumnType.Text);

    public static Column Number(string name) => new(name, ColumnType.Number);

    public static Column Bool(string name) => new(name, ColumnType.Bool);
}

/// <summary>Rows that are written at once. Values are <see cref="string"/>, <see cref="long"/>, <see cref="bool"/> or null, in the shape's order.</summary>
public sealed class RowSet(TableShape shape)
{
    private readonly List<object?[]> rows = [];
    private readonly Dictionary<string, object?[]>? sums = shape.Verb is RowVerb.Accumulate ? new(StringComparer.Ordinal) : null;

    public TableShape Shape => shape;

    public IReadOnlyList<object?[]> Rows => rows;

    public void Add(params object?[] values)
    {
        if (values.Length != shape.Columns.Length)
        {
            throw new ArgumentException($"{shape.Table} takes {shape.Columns.Length} values, not {values.Length}.", nameof(values));
        }

        if (sums is null)
        {
            rows.Add(values);
            return;
        }

        // One statement may touch a row once only, so what goes to the same row is added up here.
        var key = string.Join('\u001f', values.Take(shape.KeyColumns));
        if (!sums.TryGetValue(key, out var sum))
        {
            sums.Add(key, values);
            rows.Add(values);
            return;
        }

        for (var i = shape.KeyColumns; i < values.Length; i++)
        {
            sum[i] = (long)sum[i]! + (long)values[i]!;
        }
    }
}

/// <summary>Reads the rows of a table that belong to any of many keys.</summary>
/// <param name="Table">The table.</param>
/// <param name="KeyColumns">Columns that must equal a key, in the key's order; all text.</param>
/// <param name="Columns">What is read.</param>
/// <param name="Where">A further condition on <c>t</c>; null: none.</param>
/// <param name="Lock">Whether the rows are locked, in the keys' order, until the transaction ends.</param>
public sealed record KeyedQuery(string Table, ImmutableArray<string> KeyColumns, ImmutableArray<string> Columns, string? Where = null, bool Lock = false);
