using BillingPortal.Benchmarks;

// Everything is measured beside its floor in the same run; what counts is the ratios. docs/benchmarks.md holds what a run printed.
if (args.Contains("--help"))
{
    Console.WriteLine("dotnet run -c Release --project BillingPortal.Benchmarks -- [charges] [reads] [http] [pages] [sqlite] [postgres] [--quick]");
    return;
}

var quick = args.Contains("--quick");
var settings = new Settings(TimeSpan.FromSeconds(quick ? 4 : 10), TimeSpan.FromSeconds(quick ? 4 : 10), quick ? 20_000 : 1_000_000, quick ? 3 : 9);
var report = new Report();
foreach (var start in new (string Name, Func<Task<Engine>> Start)[]
    { ("sqlite", () => Task.FromResult<Engine>(new SqliteEngine())), ("postgres", async () => await PostgresEngine.StartAsync()) })
{
    if (!Wanted(start.Name, "sqlite", "postgres"))
    {
        continue;
    }

    await using var engine = await start.Start();
    if (Wanted("charges", "charges", "reads", "http", "pages"))
    {
        await ChargeBench.RunAsync(engine, settings, report);
    }

    if (Wanted("reads", "charges", "reads", "http", "pages"))
    {
        await ReadBench.RunAsync(engine, settings, report);
    }

    if (Wanted("http", "charges", "reads", "http", "pages"))
    {
        await HttpBench.RunAsync(engine, settings, report);
    }

    if (Wanted("pages", "charges", "reads", "http", "pages"))
    {
        await PageBench.RunAsync(engine, settings, report);
    }
}

report.Print();

bool Wanted(string name, params string[] all) => args.Contains(name) || !args.Intersect(all).Any();
