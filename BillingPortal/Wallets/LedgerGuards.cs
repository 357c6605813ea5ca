using System.Collections.Immutable;

namespace BillingPortal.Wallets;

/// <summary>Triggers that make posted rows immutable, whoever asks: the database itself refuses.</summary>
internal static class LedgerGuards
{
    private static readonly ImmutableArray<string> Tables = ["transactions", "postings", "posted_references"];

    private static readonly ImmutableArray<string> Verbs = ["UPDATE", "DELETE"];

    /// <summary>The names under which the triggers stand in a database; SQLite has no TRUNCATE to refuse.</summary>
    public static IEnumerable<string> TriggersOn(bool sqlite) =>
        from table in Tables
        from verb in sqlite ? Verbs : [.. Verbs, "TRUNCATE"]
        select $"{table}_refuse_{verb.ToLowerInvariant()}";

    public static IEnumerable<string> Sqlite =>
        from table in Tables
        from verb in Verbs
        select $"""
            CREATE TRIGGER {table}_refuse_{verb.ToLowerInvariant()} BEFORE {verb} ON {table}
            BEGIN SELECT RAISE(ABORT, 'posted rows are never changed: post a correction instead'); END
            """;

    public static IEnumerable<string> Postgres =>
        Tables
            .SelectMany(table => Verbs.Select(verb =>
                $"CREATE TRIGGER {table}_refuse_{verb.ToLowerInvariant()} BEFORE {verb} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"))
            .Concat(Tables.Select(table => $"CREATE TRIGGER {table}_refuse_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"))
            .Prepend("""
                CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION 'posted rows are never changed: post a correction instead'; END $$
                """);
}
