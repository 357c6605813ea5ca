using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Administration;
using BillingPortal.Catalog;
using BillingPortal.Gifting;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Store;
using BillingPortal.Tests.Purchases;
using BillingPortal.Tests.Support;
using BillingPortal.Webhooks;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Journeys;

/// <summary>Who looks at a page.</summary>
public enum Onlooker
{
    /// <summary>Nobody who is signed in.</summary>
    Visitor,

    /// <summary>The owner of an organization in which much has happened.</summary>
    Owner,

    /// <summary>A member of the same organization, who spends no money.</summary>
    Member,

    /// <summary>A platform administrator, whose own organization is as empty as a newcomer's.</summary>
    Administrator,
}

/// <summary>A portal in which every page has something to show, and people who are signed in already.</summary>
public sealed class FurnishedSite(Browser browser) : IAsyncLifetime
{
    private readonly StoreFixture<SqliteEngine> store = new();
    private readonly Dictionary<Onlooker, string> states = [];
    private Shop? shop;

    /// <summary>The path of each page whose address has parameters, by its template.</summary>
    public IReadOnlyDictionary<string, string> Paths { get; private set; } = new Dictionary<string, string>();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Site Site => Shop.Site;

    private Shop Shop => shop ?? throw new InvalidOperationException("The fixture has not been started.");

    public async ValueTask InitializeAsync()
    {
        await store.InitializeAsync();
        shop = Shop.Open(store.Database, settings: new() { ["Webhooks:AllowPrivateNetworks"] = "true", ["Gifts:UndoWindow"] = "01:00:00", ["RateLimits:PerMinute"] = "0" });
        var (owner, member, administrator) = (await Site.SignUpAsync("owner@example.com", plan: "pro"), await Site.SignUpAsync("member@example.com"), await Site.SignUpAsync("ada@example.com", administrator: true));
        await JoinAsync(owner, member);
        await SpendAsync(owner);
        Paths = await FurnishAsync(owner, administrator);
        foreach (var (onlooker, person) in ((Onlooker, Person)[])[(Onlooker.Owner, owner), (Onlooker.Member, member), (Onlooker.Administrator, administrator)])
        {
            var page = await Site.NewPageAsync(browser);
            await page.SignInAsync(person, "/help");
            states[onlooker] = await page.Context.StorageStateAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (shop is not null)
        {
            await shop.DisposeAsync();
        }

        await store.DisposeAsync();
    }

    /// <summary>A window in which somebody is signed in.</summary>
    public Task<IPage> OpenAsync(Onlooker onlooker, ViewportSize size) => Site.NewPageAsync(browser, size, state: states.GetValueOrDefault(onlooker));

    private async Task JoinAsync(Person owner, Person member)
    {
        var organizations = Shop.Get<Organizations>();
        await organizations.RenameAsync(owner.Caller, "Northwind", Ct);
        await using var db = await Shop.Get<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(Ct);
        await organizations.AddMemberAsync(owner.OrganizationId, await db.Users.SingleAsync(user => user.Id == member.Id, Ct), MemberRole.Member, Ct);
        await organizations.ChooseAsync(member.Id, owner.OrganizationId, Ct);
    }

    private async Task SpendAsync(Person owner)
    {
        await Site.GiveAsync(owner, 140, BucketKind.Promotional, life: TimeSpan.FromDays(3));
        await Site.GiveAsync(owner, 949_050, BucketKind.Purchased, CreditTypes.ApiCredits);
        await Site.UseAsync(owner, 1_234, "model_call", CreditTypes.ApiCredits);
        await Site.ReportAsync(owner, "image_to_html", "code_export", "figma_export", "chat", "image_to_html");
    }

    private async Task<IReadOnlyDictionary<string, string>> FurnishAsync(Person owner, Person administrator)
    {
        await Site.NewKeyAsync(owner);
        await Shop.SaveCardAsync(owner.Caller);
        var (paid, open) = (await Shop.BuyAsync(owner.Caller), await Shop.BuyAsync(owner.Caller));
        await Shop.SendAsync(StripeEvent.Completed(paid).ToString());
        await Shop.UntilAsync(owner.Caller, paid.PaymentId, payment => payment.IsCredited);
        await Shop.Get<BonusGrants>().GrantAsync(administrator.Caller, new GrantWish(owner.Email, 60), null, Ct);
        await Shop.Get<Gifts>().SendAsync(owner.Caller, new GiftWish(administrator.Email, 5, "Thank you"), null, Ct);
        await Shop.Get<Gifts>().PrepareAsync(owner.Caller, new GiftWish(administrator.Email, 5, null), "form", Ct);
        var invited = Assert.IsType<InviteResult.Made>(await Shop.Get<Members>().InviteAsync(owner.Caller, administrator.Email, MemberRole.Billing, Ct));
        var endpoint = Assert.IsType<WebhookChange.Done>(
            await Shop.Get<WebhookSubscriptions>().AddAsync(owner.Caller, $"{Site.Address}nothing-listens-here", ["*"], null, Ct)).Endpoint;
        var file = Assert.IsType<BulkResult.Accepted>(await Shop.Get<BulkGrants>().ReadAsync(
            administrator.Caller, new GrantUpload("Spring", $"customer,amount\n{owner.Email},50\nnobody@example.com,5\n", CreditTypes.Credits, CreditAdjustments.Sources[0], "Spring"), Ct)).BatchId;
        return new Dictionary<string, string>
        {
            ["/billing/payments/{PaymentId}"] = PaymentOrders.PathOf(paid.PaymentId),
            ["/sandbox/checkout/{SessionId}"] = $"/sandbox/checkout/{open.SessionId}",
            ["/join/{Secret}"] = invited.Path,
            ["/webhook-endpoints/{Id}"] = $"/webhook-endpoints/{endpoint.Id}",
            ["/admin/customers/{Id}"] = $"/admin/customers/{owner.OrganizationId}",
            ["/admin/customers/{Id}/credit"] = $"/admin/customers/{owner.OrganizationId}/credit",
            ["/admin/grants/{Id}"] = $"/admin/grants/{file}",
            ["/admin/payments/{Id}"] = $"/admin/payments/{paid.PaymentId}",
        };
    }
}
