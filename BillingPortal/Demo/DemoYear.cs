using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Catalog;
using BillingPortal.Gifting;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Payments;
using BillingPortal.Payments.Sandbox;
using BillingPortal.Purchases;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Demo;

/// <summary>Plays a fictional year through the portal's own services, on a clock of its own, so that the demo data is as sound as any.</summary>
/// <remarks>
/// Everything in it has an id that the day determines, so a run that broke off is finished by the next start, and none adds anything twice.
/// </remarks>
internal sealed class DemoYear(IServiceProvider services, DemoClock clock, ILogger<DemoYear> logger)
{
    // Half a month more than a year, so that everyone is in the middle of a billing cycle.
    private const int Days = 380;
    private const string Key = "Demo traffic";

    // The last weeks are what charts show, so they are told hour by hour; before that a day is enough.
    private static readonly TimeSpan Detailed = TimeSpan.FromDays(32);
    private static readonly TimeSpan DetailedStep = TimeSpan.FromHours(4);
    private static readonly TimeSpan CoarseStep = TimeSpan.FromDays(1);

    private readonly WalletWriter writer = services.GetRequiredService<WalletWriter>();

    /// <summary>The start of the year that ends at an instant.</summary>
    public static DateTimeOffset StartOf(DateTimeOffset now) => new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero).AddDays(-Days);

    /// <summary>Plays from the clock's present to <paramref name="end"/>.</summary>
    public async Task PlayAsync(DateTimeOffset end, CancellationToken cancellationToken)
    {
        var start = clock.Now();
        var actors = new List<Actor>();
        foreach (var person in DemoPeople.All)
        {
            actors.Add(await SignUpAsync(person, actors, cancellationToken));
        }

        var users = actors.Where(actor => actor.Person.Organization is not null).ToList();
        for (var from = start; from < end;)
        {
            var to = from + (end - from > Detailed ? CoarseStep : DetailedStep);
            to = to < end ? to : end;
            clock.MoveTo(to);
            await services.GetRequiredService<Renewals>().RunDueAsync(cancellationToken);
            await services.GetRequiredService<AllowancePoster>().SweepAsync(cancellationToken);
            await services.GetRequiredService<ExpirySweep>().SweepAsync(cancellationToken);
            await Task.WhenAll(users.Select(actor => LiveAsync(actor, from, to, cancellationToken)));
            await ReloadAsync(users.First(actor => actor.Person.PlanId == "starter").Owner, end - from, cancellationToken);
            await GiveAsync(actors, from, cancellationToken);
            from = to;
        }

        logger.LogInformation("The demo year is played: {Days} days for {People} people.", Days, actors.Count);
    }

    private async Task<Actor> SignUpAsync(DemoPerson person, List<Actor> earlier, CancellationToken cancellationToken)
    {
        var registered = await services.GetRequiredService<Registration>().RegisterAsync(person.Email, DemoPerson.Password, person.Name, cancellationToken);
        await using var scope = services.CreateAsyncScope();
        var people = scope.ServiceProvider.GetRequiredService<UserManager<User>>();
        var user = await people.FindByEmailAsync(person.Email)
            ?? throw new InvalidOperationException($"{person.Email} could not be signed up: {registered}.");
        user.IsPlatformAdministrator = person.IsPlatformAdministrator;
        await people.UpdateAsync(user);

        var organizations = services.GetRequiredService<Organizations>();
        var organizationId = await organizations.EnsurePersonalAsync(user, cancellationToken);
        var owner = Caller.ForUser(user.Id, organizationId, MemberRole.Owner);
        if (person.Organization is { } name)
        {
            await organizations.RenameAsync(owner, name, cancellationToken);
        }

        if (earlier.Find(actor => actor.Person.Email == person.MemberOf) is { } host)
        {
            await organizations.AddMemberAsync(host.Owner.OrganizationId, user, person.Role, cancellationToken);
            await organizations.ChooseAsync(user.Id, host.Owner.OrganizationId, cancellationToken);
        }

        var chosen = await services.GetRequiredService<PlanBilling>()
            .ChangeAsync(owner, new PlanRequest(person.PlanId, person.Interval, person.Seats), "demo-plan", cancellationToken);
        if (chosen is PlanChangeResult.Checkout { IsOver: false } checkout)
        {
            await PayAsync(checkout.PaymentId, cancellationToken);
        }

        return new Actor(person, owner, await ReporterAsync(person, owner, cancellationToken));
    }

    /// <summary>A key of the organization, as integrators report usage with; a person's own plan may not let it have one.</summary>
    private async Task<Caller> ReporterAsync(DemoPerson person, Caller owner, CancellationToken cancellationToken)
    {
        if (person.PlanId == "free")
        {
            return owner;
        }

        var keys = services.GetRequiredService<ApiKeys>();
        var page = await keys.ListAsync(owner, null, ApiKeys.PageLimit, cancellationToken);
        var key = page.Keys.FirstOrDefault(existing => existing.Name == Key)
            ?? (await keys.CreateAsync(owner, new NewApiKey(Key, [Scopes.UsageWrite, Scopes.BillingRead]), null, cancellationToken) as ApiKeyCreation.Created)?.Key
            ?? throw new InvalidOperationException($"{person.Email} could not have a key.");
        return Caller.ForKey(key.Id, owner.OrganizationId, [Scopes.UsageWrite, Scopes.BillingRead]);
    }

    private async Task LiveAsync(Actor actor, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var ingestion = services.GetRequiredService<UsageIngestion>();
        var events = DemoUsage.Between(actor.Person, from, to);
        if (events.Count > 0)
        {
            await ingestion.IngestAsync(actor.Reporter, events, cancellationToken);
        }

        await BuyWhenLowAsync(actor, from, cancellationToken);
    }

    private async Task BuyWhenLowAsync(Actor actor, DateTimeOffset from, CancellationToken cancellationToken)
    {
        var (low, pack, apiLow) = actor.Person.PlanId switch
        {
            "pro" => (4_000, "credits_20000", 0),
            "team" => (2_000, "credits_5000", 0),
            // Its credits are topped up by auto-reload.
            "starter" => (0, "credits_5000", 60_000),
            _ => (0, "credits_1000", 0),
        };
        var wallets = services.GetRequiredService<CurrentWallets>();
        var purchases = services.GetRequiredService<PackPurchases>();
        var order = $"demo-{from.ToUnixTimeSeconds()}";
        if (low > 0 && (await wallets.GetBalanceAsync(actor.Owner, CreditTypes.Credits, cancellationToken)).Available < Credits.FromWhole(low))
        {
            await PayAsync(await purchases.StartAsync(actor.Owner, pack, order, cancellationToken), cancellationToken);
        }

        if (apiLow > 0 && (await wallets.GetBalanceAsync(actor.Owner, CreditTypes.ApiCredits, cancellationToken)).Available < Credits.FromWhole(apiLow))
        {
            await PayAsync(await purchases.StartApiPackAsync(actor.Owner, "starter", order, cancellationToken), cancellationToken);
        }
    }

    /// <summary>Pays in the sandbox; the webhook stays away, for nobody listens yet, and the gateway is asked instead.</summary>
    private Task PayAsync(PurchaseStart started, CancellationToken cancellationToken) =>
        started is PurchaseStart.Ready { IsOver: false } ready ? PayAsync(ready.PaymentId, cancellationToken) : Task.CompletedTask;

    private async Task PayAsync(string paymentId, CancellationToken cancellationToken)
    {
        var inquiry = services.GetRequiredService<PaymentInquiry>();
        var payment = await FindAsync();
        await services.GetRequiredService<SandboxCheckout>()
            .PayAsync(payment.SessionId!, SandboxMethod.CardThatPays, isAuthenticated: true, SandboxWebhooks.Lost, cancellationToken);
        await inquiry.AskAsync(payment, cancellationToken);
        if (payment.KeepsCard)
        {
            await inquiry.AskAsync(await FindAsync(), cancellationToken);
        }

        async Task<Payment> FindAsync()
        {
            await using var db = await services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync(cancellationToken);
            return await db.Set<Payment>().AsNoTracking().SingleAsync(row => row.Id == paymentId, cancellationToken);
        }
    }

    /// <summary>Lets one organization reload by itself, and its card fail once, some weeks ago, until another one is saved.</summary>
    private async Task ReloadAsync(Caller owner, TimeSpan toGo, CancellationToken cancellationToken)
    {
        var reloads = services.GetRequiredService<AutoReloads>();
        var view = await reloads.GetAsync(owner, cancellationToken);
        if (view.Rule is null)
        {
            await reloads.SaveAsync(owner, isEnabled: true, new AutoReloadRule(Money.FromDollars(9), Money.FromDollars(25), Money.FromDollars(200)), cancellationToken);
        }

        var failed = (await reloads.ListAttemptsAsync(owner, null, AutoReloads.LargestPage, cancellationToken)).Attempts.Any(attempt => attempt.State is AutoReloadState.Failed);
        if (failed && view.Problem is not null)
        {
            await SaveCardAsync(owner, SandboxMethod.CardThatPays, cancellationToken);
        }
        else if (!failed && toGo < Detailed && view.Card is not { Last4: "9995" })
        {
            await SaveCardAsync(owner, SandboxMethod.CardWithoutFunds, cancellationToken);
        }

        await services.GetRequiredService<AutoReloadEngine>().EvaluateAsync(owner.OrganizationId, cancellationToken);
    }

    private async Task SaveCardAsync(Caller owner, SandboxMethod card, CancellationToken cancellationToken)
    {
        var cards = services.GetRequiredService<SavedCards>();
        if (await cards.StartSetupAsync(owner, "/payment-methods", cancellationToken) is CardSetupStart.Ready setup)
        {
            await services.GetRequiredService<SandboxCheckout>()
                .PayAsync(setup.Url[(setup.Url.LastIndexOf('/') + 1)..], card, isAuthenticated: true, SandboxWebhooks.Lost, cancellationToken);
            await cards.ArriveAsync(owner, cancellationToken);
        }
    }

    private async Task GiveAsync(List<Actor> actors, DateTimeOffset day, CancellationToken cancellationToken)
    {
        if (day.TimeOfDay > TimeSpan.Zero || day.DayOfYear % 30 != 0)
        {
            return;
        }

        var (pro, lite) = (Find("pro"), Find("lite"));
        await writer.ExecuteAsync(Promotion(pro, CreditTypes.Flows, 60, "promo", null), cancellationToken);
        await writer.ExecuteAsync(Promotion(lite, CreditTypes.Credits, 140, "referral", day.AddDays(45)), cancellationToken);
        await services.GetRequiredService<Gifts>()
            .SendAsync(pro.Owner, new GiftWish(lite.Person.Email, 10, "Thanks for the review"), null, cancellationToken);

        Actor Find(string planId) => actors.First(actor => actor.Person.PlanId == planId);

        Grant Promotion(Actor actor, string creditType, int amount, string source, DateTimeOffset? expiresAt) => new()
        {
            OrganizationId = actor.Owner.OrganizationId,
            CreditType = creditType,
            Reference = $"demo-{source}:{day.ToUnixTimeSeconds()}",
            Source = source,
            Note = "A thank-you of the house",
            Actor = "system:demo",
            Deposit = new Deposit(BucketKind.Promotional, Credits.FromWhole(amount), expiresAt, Giftable: true),
        };
    }

    private sealed record Actor(DemoPerson Person, Caller Owner, Caller Reporter);
}
