using System.Globalization;
using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;

namespace BillingPortal.Tests.Metering;

/// <summary>Random histories against a bookkeeper who knows the price list by heart and reckons in decimals.</summary>
public abstract class UsageLawTests<TEngine>(MeteredSite<TEngine> portal) : IClassFixture<MeteredSite<TEngine>>, IDisposable
    where TEngine : IStoreEngine, new()
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        portal.Clock.Now = MeteredSite<TEngine>.Noon;
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Answers_items_sums_and_ledger_agree_with_the_bookkeeper_for_any_history()
    {
        for (var round = 0; round < 6; round++)
        {
            portal.Clock.Now = MeteredSite<TEngine>.Noon;
            var seed = Random.Shared.Next();
            try
            {
                await PlayAsync(new Random(seed));
            }
            catch (Xunit.Sdk.XunitException failure)
            {
                Assert.Fail($"Seed {seed}: {failure.Message}");
            }
        }

        var report = await portal.Get<LedgerVerification>().VerifyAsync(null, Ct);
        Assert.Empty(report.Faults);
    }

    private async Task PlayAsync(Random random)
    {
        var customer = await portal.NewCustomerAsync("starter");
        await portal.LeaveAsync(customer, 1500);
        await portal.FundAsync(customer, CreditTypes.ApiCredits, Credits.FromWhole(40));
        var keeper = new Bookkeeper { Minutes = 250, Credits = 1500, ApiCredits = 40 };
        var caller = Caller.ForKey(customer.KeyId, customer.Organization, [Scopes.UsageWrite]);
        List<UsageEvent> sent = [];

        while (sent.Count < 250)
        {
            var batch = Enumerable.Range(0, random.Next(1, 40)).Select(_ => sent.Count > 0 && random.Next(6) == 0 ? sent[random.Next(sent.Count)] : Next(random)).ToList();
            sent.AddRange(batch);

            var results = await portal.Get<UsageIngestion>().IngestAsync(caller, batch, Ct);

            foreach (var (reported, result) in batch.Zip(results))
            {
                var expected = keeper.Take(reported, portal.Clock.Now);
                Assert.Equal((reported, expected), (reported, (result.Status, result.Credits.ToDecimal())));
            }

            portal.Clock.Now += TimeSpan.FromMinutes(random.Next(0, 600));
        }

        await CompareAsync(customer, keeper);
    }

    private async Task CompareAsync(Customer customer, Bookkeeper keeper)
    {
        Assert.Equal(keeper.Minutes, (await portal.BalanceAsync(customer, CreditTypes.IncludedMinutes)).ToDecimal());
        Assert.Equal(keeper.Credits, (await portal.BalanceAsync(customer)).ToDecimal());
        Assert.Equal(keeper.ApiCredits, (await portal.BalanceAsync(customer, CreditTypes.ApiCredits)).ToDecimal());

        var items = (await portal.Get<UsageItems>().ListAsync(customer.Reader, new UsageItemQuery(Limit: 1000), Ct)).Items;
        Assert.Equal(keeper.Taken.Count, items.Count);
        Assert.Equal(items.OrderByDescending(item => item.OccurredAt).Select(item => item.OccurredAt), items.Select(item => item.OccurredAt));
        var fromItems = items
            .GroupBy(item => (DateOnly.FromDateTime(item.OccurredAt.UtcDateTime), item.Operation))
            .ToDictionary(day => day.Key, day => (day.Sum(item => item.Credits.ToDecimal()), day.Sum(item => item.Included.ToDecimal()), day.Count()));
        var fromKeeper = keeper.Taken
            .GroupBy(taken => (DateOnly.FromDateTime(taken.At.UtcDateTime), taken.Operation))
            .ToDictionary(day => day.Key, day => (day.Sum(taken => taken.Price), day.Sum(taken => taken.Included), day.Count()));
        var fromSums = (await portal.Get<UsageReports>().GetDaysAsync(customer.Reader, DayRange.LastDays(200, portal.Clock.Now.AddDays(1)), null, Ct))
            .ToDictionary(row => (row.Day, row.Operation), row => (row.Sums.Credits.ToDecimal(), row.Sums.Included.ToDecimal(), (int)row.Sums.Items));
        Assert.Equal(fromKeeper.OrderBy(day => day.Key), fromItems.OrderBy(day => day.Key));
        Assert.Equal(fromKeeper.OrderBy(day => day.Key), fromSums.OrderBy(day => day.Key));

        foreach (var creditType in new[] { CreditTypes.Credits, CreditTypes.ApiCredits })
        {
            var charges = await portal.Get<TransactionHistory>()
                .ListAsync(customer.Reader, new TransactionQuery(creditType, [TransactionType.Charge], Limit: 1000), Ct);
            Assert.Equal(
                items.Where(item => item.CreditType == creditType && item.Credits.IsPositive).ToDictionary(item => item.TransactionId!, item => item.Credits.ToDecimal()).OrderBy(pair => pair.Key),
                charges.Transactions.ToDictionary(charge => charge.Id, charge => -charge.Amount.ToDecimal()).OrderBy(pair => pair.Key));
        }
    }

    private UsageEvent Next(Random random)
    {
        var operations = new[] { "image_to_html", "code_export", "figma_export", "chat", "voice", "voice", "voice", "transfer_minute", "storage_egress", "ai_tokens", "model_call" };
        var operation = operations[random.Next(operations.Length)];
        var whole = operation is "image_to_html" or "code_export" or "figma_export" or "chat";
        var quantity = operation switch
        {
            "ai_tokens" => Quantity.FromWhole(random.Next(0, 90_000)),
            _ when whole => Quantity.FromWhole(random.Next(0, 4)),
            _ => Quantity.FromMicros(random.Next(3) == 0 ? random.Next(0, 15) * Quantity.MicrosPerUnit : random.NextInt64(0, 15 * Quantity.MicrosPerUnit)),
        };
        var properties = new UsageProperties
        {
            Model = operation == "model_call" ? new[] { "gpt-4o-mini", "gemini-2.5-flash", "gpt-4.1" }[random.Next(3)] : null,
            InputTokens = operation == "model_call" ? Quantity.FromWhole(random.Next(0, 900)) : null,
            OutputTokens = operation == "model_call" ? Quantity.FromWhole(random.Next(0, 300)) : null,
            TollFree = random.Next(3) == 0,
            CarrierCost = random.Next(4) == 0 ? Credits.FromMicros(random.NextInt64(0, 60_000_000)) : Credits.Zero,
            NodeType = random.Next(3) switch { 0 => null, 1 => "public", _ => "private" },
            Status = random.Next(8) == 0 ? "failed" : null,
        };
        DateTimeOffset? occurredAt = random.Next(3) == 0 ? portal.Clock.Now - TimeSpan.FromSeconds(random.Next(0, 3_000_000)) : null;
        return new UsageEvent(Guid.NewGuid().ToString(), operation, quantity, occurredAt, properties);
    }

    private sealed class Bookkeeper
    {
        private readonly Dictionary<string, decimal> priceOf = [];

        public decimal Minutes { get; set; }

        public decimal Credits { get; set; }

        public decimal ApiCredits { get; set; }

        public List<(string Operation, DateTimeOffset At, decimal Price, decimal Included)> Taken { get; } = [];

        public (UsageStatus Status, decimal Price) Take(UsageEvent reported, DateTimeOffset now)
        {
            if (priceOf.TryGetValue(reported.Id, out var first))
            {
                return (UsageStatus.Duplicate, first);
            }

            if (reported.OccurredAt < now.AddDays(-35))
            {
                return (UsageStatus.Rejected, 0);
            }

            var failed = reported.Properties.Status == "failed";
            var minutes = Math.Ceiling(reported.Quantity!.Value.ToDecimal());
            var included = reported.Operation == "voice" && !failed ? Math.Min(minutes, Minutes) : 0;
            var price = failed ? 0 : Math.Round(Price(reported, minutes, included), 6, MidpointRounding.AwayFromZero);
            var api = reported.Operation == "model_call";
            if (price > (api ? ApiCredits : Credits))
            {
                return (UsageStatus.Rejected, 0);
            }

            priceOf[reported.Id] = price;
            Minutes -= included;
            (Credits, ApiCredits) = api ? (Credits, ApiCredits - price) : (Credits - price, ApiCredits);
            Taken.Add((reported.Operation, reported.OccurredAt ?? now, price, included));
            return (price + included > 0 ? UsageStatus.Charged : UsageStatus.Free, price);
        }

        private static decimal Price(UsageEvent reported, decimal minutes, decimal included)
        {
            var quantity = reported.Quantity!.Value.ToDecimal();
            var properties = reported.Properties;
            var isPrivate = properties.NodeType == "private";
            return reported.Operation switch
            {
                "image_to_html" => 30 * quantity,
                "code_export" => 15 * quantity,
                "figma_export" => 10 * quantity,
                "chat" => quantity,
                "voice" => (7.5m * (minutes - included)) + (properties.TollFree ? Math.Max(2 * minutes, properties.CarrierCost.ToDecimal()) : 0),
                "transfer_minute" => 2 * minutes,
                "storage_egress" => (isPrivate ? 1 : 10) * quantity,
                "ai_tokens" => (isPrivate ? 50 : 1000) * quantity / 1_000_000,
                "model_call" => Tokens(properties),
                _ => throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"No price for {reported.Operation}.")),
            };
        }

        private static decimal Tokens(UsageProperties properties)
        {
            var (inward, outward) = properties.Model switch { "gpt-4o-mini" => (1, 2), "gemini-2.5-flash" => (3, 6), _ => (8, 16) };
            return ((inward * properties.InputTokens!.Value.ToDecimal()) + (outward * properties.OutputTokens!.Value.ToDecimal())) / 1000;
        }
    }
}

public sealed class UsageLawTestsOnSqlite(MeteredSite<SqliteEngine> portal) : UsageLawTests<SqliteEngine>(portal);

public sealed class UsageLawTestsOnPostgres(MeteredSite<PostgresEngine> portal) : UsageLawTests<PostgresEngine>(portal);
