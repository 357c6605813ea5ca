using System.Net.Http.Json;
using System.Text.Json;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Tests.Metering;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Gifting;

/// <summary>What tests of flows do on a portal.</summary>
internal static class FlowPeople
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>Puts bonus flows into somebody's wallet.</summary>
    public static async Task BonusAsync<TEngine>(
        this MeteredSite<TEngine> portal, Person person, long flows, bool giftable = true, DateTimeOffset? expiresAt = null)
        where TEngine : IStoreEngine, new() =>
        Assert.IsType<PostResult.Posted>(await portal.Get<WalletWriter>().ExecuteAsync(
            new Grant
            {
                OrganizationId = person.OrganizationId,
                CreditType = CreditTypes.Flows,
                Reference = $"test:{Guid.NewGuid():N}",
                Source = "promo",
                Actor = "system:test",
                Deposit = new Deposit(BucketKind.Promotional, Credits.FromWhole(flows), expiresAt, Giftable: giftable),
            },
            Ct));

    /// <summary>Bonus and daily flows, as the API tells them.</summary>
    public static async Task<(decimal Bonus, decimal Daily)> FlowsAsync(this Customer customer)
    {
        var balance = await customer.GetAsync("api/flows/balance");
        Assert.True(balance.Status == 200, balance.ToString());
        return (balance["bonus"].GetProperty("available").GetDecimal(), balance["daily"].GetProperty("remaining").GetDecimal());
    }

    public static async Task<Answer> PostAsync(this Customer customer, string path, object body)
    {
        using var response = await customer.Client.PostAsJsonAsync(path, body, Ct);
        return await Answer.OfAsync(response);
    }

    public static Task<Answer> GiftAsync(this Customer giver, string email, object amount, string? note = null) =>
        giver.PostAsync("api/flows/gift", new { recipientEmail = email, amount, note });

    /// <summary>The data of the events of a type that wait to be told to an organization, oldest first.</summary>
    public static async Task<IReadOnlyList<JsonElement>> EventsAsync<TEngine>(this MeteredSite<TEngine> portal, string organizationId, string type)
        where TEngine : IStoreEngine, new()
    {
        await using var db = await portal.Get<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Ct);
        var events = await db.Set<OutboxEvent>().Where(row => row.OrganizationId == organizationId && row.Type == type).OrderBy(row => row.Id).ToListAsync(Ct);
        return [.. events.Select(row => JsonSerializer.Deserialize<JsonElement>(row.Data))];
    }

    public static async Task AssertLedgerHoldsAsync<TEngine>(this MeteredSite<TEngine> portal)
        where TEngine : IStoreEngine, new() =>
        Assert.Empty((await portal.Get<LedgerVerification>().VerifyAsync(null, Ct)).Faults);
}
