using System.Collections.Immutable;

namespace BillingPortal.Store;

/// <summary>Triggers that let the rows of some tables only ever be added, whoever asks: the database itself refuses the rest.</summary>
/// <param name="function">The name of what refuses on PostgreSQL.</param>
/// <param name="refusal">What whoever tries is told; without quotes.</param>
/// <param name="tables">Their names.</param>
internal sealed class AppendOnly(string function, string refusal, params ImmutableArray<string> tables)
{
    private static readonly ImmutableArray<string> Verbs = ["UPDATE", "DELETE"];

    /// <summary>The names under which the triggers stand in a database; SQLite has no TRUNCATE to refuse.</summary>
    public IEnumerable<string> TriggersOn(bool sqlite) =>
        from table in tables
        from verb in sqlite ? Verbs : [.. Verbs, "TRUNCATE"]
        select $"{table}_refuse_{verb.ToLowerInvariant()}";

    public IEnumerable<string> Sqlite =>
        from table in tables
        from verb in Verbs
        select $"""
            CREATE TRIGGER {table}_refuse_{verb.ToLowerInvariant()} BEFORE {verb} ON {table}
            BEGIN SELECT RAISE(ABORT, '{refusal}'); END
            """;

    public IEnumerable<string> Postgres =>
        tables
            .SelectMany(table => Verbs.Select(verb =>
                $"CREATE TRIGGER {table}_refuse_{verb.ToLowerInvariant()} BEFORE {verb} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {function}()"))
            .Concat(tables.Select(table => $"CREATE TRIGGER {table}_refuse_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {function}()"))
            .Prepend($"""
                CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION '{refusal}'; END $$
                """);
}
