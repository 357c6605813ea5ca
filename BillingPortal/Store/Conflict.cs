namespace BillingPortal.Store;

/// <summary>The end of an INSERT that says what happens to a row that is there already; both engines write it alike.</summary>
internal static class Conflict
{
    public static string Clause(TableShape shape)
    {
        var keys = string.Join(", ", shape.Columns.Take(shape.KeyColumns).Select(column => column.Name));
        var sums = shape.Columns.Skip(shape.KeyColumns).Select(column => $"{column.Name} = {shape.Table}.{column.Name} + excluded.{column.Name}");
        return shape.Verb switch
        {
            RowVerb.InsertIfAbsent => $" ON CONFLICT ({keys}) DO NOTHING",
            RowVerb.Accumulate => $" ON CONFLICT ({keys}) DO UPDATE SET {string.Join(", ", sums)}",
            _ => "",
        };
    }
}
