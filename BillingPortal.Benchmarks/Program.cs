using BillingPortal.Benchmarks;
using BillingPortal.Ledger;
using BillingPortal.Wallets;

var seconds = TimeSpan.FromSeconds(args.Contains("--quick") ? 3 : 10);
var warmUp = TimeSpan.FromSeconds(2);
Engine[] engines = args.Contains("postgres") ? [await PostgresEngine.StartAsync()] : args.Contains("sqlite") ? [new SqliteEngine()] : [new SqliteEngine(), await PostgresEngine.StartAsync()];
foreach (var engine in engines)
{
    var floor = await Floor.SingleAsync(engine, engine.FloorClients, warmUp, seconds);
    var floorOne = await Floor.SingleAsync(engine, 1, warmUp, seconds);
    Console.WriteLine($"{engine.Provider} floor {engine.FloorClients} clients: {floor}; 1: {floorOne}");
    foreach (var callers in new[] { 1, 8, 64 })
    {
        foreach (var wallets in new[] { 1, 1000 })
        {
            await using var portal = await Portal.StartAsync(engine);
            var organizations = await portal.FundAsync(wallets);
            var rate = await Measure.CallersAsync(callers, warmUp, seconds, (caller, n) => portal.Writer.ExecuteAsync(
                new Charge
                {
                    OrganizationId = organizations[((n * callers) + caller) % wallets],
                    CreditType = "credits",
                    Reference = $"event:{caller}:{n}",
                    Source = "image_to_html",
                    Actor = "key:key_0123456789",
                    Amount = Credits.FromWhole(30),
                },
                CancellationToken.None));
            Console.WriteLine($"{engine.Provider} {callers} callers {wallets} wallets: {rate} = {rate.PerSecond / floor.PerSecond:0.00}x");
        }
    }

    await engine.DisposeAsync();
}
