using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BillingPortal.Access;
using BillingPortal.Notifications;
using BillingPortal.Store;
using BillingPortal.Tests.Purchases;
using BillingPortal.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Notifications;

public abstract class NotificationTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>, IAsyncLifetime
    where TEngine : IStoreEngine, new()
{
    private readonly ManualClock clock = new();
    private readonly SmtpSink sink = new();
    private Shop shop = null!;

    public ValueTask InitializeAsync()
    {
        shop = Shop.Open(store.Database, clock, settings: new()
        {
            ["Mail:SmtpHost"] = "127.0.0.1",
            ["Mail:SmtpPort"] = $"{sink.Port}",
            ["Mail:SmtpTls"] = "false",
            ["Mail:From"] = "billing@portal.example",
        });
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await shop.DisposeAsync();
        await sink.DisposeAsync();
    }

    [Fact]
    public async Task A_receipt_reaches_those_who_pay_in_the_portal_and_by_mail_once_however_many_tell_of_it()
    {
        var person = await shop.NewPersonAsync();
        var order = await shop.BuyAsync(person.Caller);
        await shop.SendAsync(StripeEvent.Completed(order).ToString());

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            while (await Dispatch.TellDueAsync(Cancel) > 0)
            {
            }

            await Dispatch.MailDueAsync(Cancel);
        }));

        await Eventually.TrueAsync(() => MailsTo(person).Count > 0);
        var mail = Assert.Single(MailsTo(person));
        Assert.Contains("Subject: Receipt: $39.00 paid", mail.Head, StringComparison.Ordinal);
        Assert.Contains("From: billing@portal.example", mail.Head, StringComparison.Ordinal);
        Assert.Contains($"{shop.Site.Address}invoices?search=", mail.Text, StringComparison.Ordinal);
        using var client = await shop.Site.NewUserClientAsync(person);
        var list = await client.GetFromJsonAsync<JsonElement>("api/v1/notifications", Cancel);
        var told = Assert.Single(list.GetProperty("data").EnumerateArray());
        Assert.Equal(("invoice.paid", "Receipt: $39.00 paid", 1), (told.GetProperty("kind").GetString(), told.GetProperty("title").GetString(), list.GetProperty("unread").GetInt32()));

        var path = $"api/v1/notifications/{told.GetProperty("id").GetString()}/read";
        using var stranger = await shop.Site.NewUserClientAsync(await shop.NewPersonAsync());
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.PostAsync(path, null, Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync(path, null, Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync(path, null, Cancel)).StatusCode);
        Assert.Equal(0, (await client.GetFromJsonAsync<JsonElement>("api/v1/notifications", Cancel)).GetProperty("unread").GetInt32());
        using var key = await shop.Site.NewKeyClientAsync(person, Scopes.BillingRead);
        Assert.Equal(HttpStatusCode.Forbidden, (await key.GetAsync("api/v1/notifications", Cancel)).StatusCode);
    }

    [Fact]
    public async Task What_people_write_stays_in_the_text_and_never_becomes_a_header_or_another_recipient()
    {
        var person = await shop.NewPersonAsync();

        await HappenAsync(person, "flow.gift_received", new { amount = 5, note = "Hi\r\nBcc: evil@example.com\r\n\r\n.\r\nMAIL FROM:<evil@example.com> \u202Eabc \ud83c\udf81" });
        await HappenAsync(person, "auto_reload.failed", new { amountUsd = 39, needsOwner = true, paymentId = "pay_1\r\nBcc: evil@example.com" });
        await HappenAsync(person, "auto_reload.failed", new { amountUsd = 40, needsOwner = true, paymentId = "pay_1" });
        await TellAndMailAsync();

        await Eventually.TrueAsync(() => MailsTo(person).Count == 3);
        var mails = MailsTo(person);
        Assert.All(mails, mail => Assert.Equal($"RCPT TO:<{person.Email}>", Assert.Single(mail.Recipients)));
        Assert.All(mails, mail => Assert.DoesNotContain("evil", mail.Head, StringComparison.Ordinal));
        Assert.Contains($"{shop.Site.Address}billing/payments/pay_1\n", mails.Single(mail => mail.Head.Contains("confirm $40.00", StringComparison.Ordinal)).Text, StringComparison.Ordinal);
        Assert.Contains("The sender wrote: “Hi  Bcc: evil@example.com", mails.Single(mail => mail.Head.Contains("Subject: You were given 5 flows", StringComparison.Ordinal)).Text, StringComparison.Ordinal);
        Assert.Contains("/auto-reload\n", mails.Single(mail => mail.Head.Contains("Subject: Your bank asks you to confirm $39.00", StringComparison.Ordinal)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mail_server_that_is_away_is_asked_again_and_the_portal_tells_meanwhile()
    {
        var person = await shop.NewPersonAsync();
        sink.IsBusy = true;
        await HappenAsync(person, "credits.exhausted", new { creditType = "credits", balance = 0 });

        await TellAndMailAsync();
        await Eventually.TrueAsync(async () => (await StatesAsync(person)) is [(MailState.Pending, 1)]);
        Assert.Single((await shop.Get<NotificationInbox>().ListAsync(person.Caller, null, 10, false, Cancel)).Notifications);
        Assert.Empty(MailsTo(person));

        sink.IsBusy = false;
        clock.Advance(TimeSpan.FromMinutes(2));
        await TellAndMailAsync();
        await Eventually.TrueAsync(async () => (await StatesAsync(person)) is [(MailState.Sent, 2)]);
        Assert.Contains("Subject: No credits left", Assert.Single(MailsTo(person)).Head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Data_that_cannot_be_said_and_events_nobody_is_told_of_hold_up_nothing()
    {
        var person = await shop.NewPersonAsync();
        await HappenAsync(person, "post.created", new { id = "post_1" });
        await HappenAsync(person, "credits.low_balance", "no object");
        await HappenAsync(person, "credits.low_balance", new { balance = 95, threshold = 100 });

        await TellAndMailAsync();

        var told = await shop.Get<NotificationInbox>().ListAsync(person.Caller, null, 10, false, Cancel);
        Assert.Equal("Credits are running low: 95 left", Assert.Single(told.Notifications).Title);
        Assert.Equal(0, await shop.QueryAsync(db => db.Set<OutboxEvent>().CountAsync(row => row.OrganizationId == person.OrganizationId && row.NotifiedAt == null, Cancel)));
    }

    [Fact]
    public async Task What_happens_to_a_plan_and_to_money_that_went_back_is_told_in_its_own_words_and_a_renewal_by_its_receipt_alone()
    {
        var person = await shop.NewPersonAsync();
        var until = clock.GetUtcNow().AddDays(3);
        foreach (var change in new[] { "start", "add_seats", "downgrade", "cancel", "keep", "renew", "past_due", "end" })
        {
            await HappenAsync(person, "subscription.changed", new { change, planName = "Pro", seats = 3, paidUntil = until, failureCode = change is "past_due" or "end" ? "insufficient_funds" : null });
        }

        foreach (var cause in new[] { "refund", "dispute_opened", "dispute_won", "dispute_lost" })
        {
            await HappenAsync(person, "payment.refunded", new { cause, amountUsd = 39, creditsTakenBack = cause == "refund" ? 5000 : 0 });
        }

        await HappenAsync(person, "payment.refund_failed", new { amountUsd = 39, creditsGivenAgain = 5000 });
        await HappenAsync(person, "spend_limit.reached", new { creditType = "credits", period = "day", limit = 500, until });
        await HappenAsync(person, "spend_limit.reached", new { creditType = "api_credits", period = "month", limit = 1500, until });
        await TellAndMailAsync();

        var told = (await shop.Get<NotificationInbox>().ListAsync(person.Caller, null, 20, false, Cancel)).Notifications;
        Assert.Equal(
            new HashSet<string>
            {
                "Your plan is Pro now", "Seats were added", "A change of plan is noted", "Your plan ends on 19 June 2026", "The renewal of Pro failed", "Your plan has ended",
                "$39.00 refunded", "A payment of $39.00 is disputed", "The dispute over $39.00 is settled", "The dispute over $39.00 is decided", "A refund of $39.00 did not arrive",
                "Spend limit reached: 500 credits a day", "Spend limit reached: 1,500 API credits a month",
            },
            [.. told.Select(notification => notification.Title)]);
        Assert.Contains(told, notification => notification.Text.Contains("The 5,000 credits bought with it were taken back.", StringComparison.Ordinal));
        Assert.Contains(told, notification => notification.Text.Contains("The card was refused (insufficient funds).", StringComparison.Ordinal));
        Assert.Contains(told, notification => notification is { Link: "/settings/limits" } && notification.Text.Contains("is refused until 19 June 2026, 00:00 UTC", StringComparison.Ordinal));
    }

    [Fact]
    public async Task People_are_told_each_kind_as_they_chose_and_what_needs_them_whatever_they_chose()
    {
        var (person, other) = (await shop.NewPersonAsync(), await shop.NewPersonAsync());
        var choices = shop.Get<NotificationChoices>();
        await choices.SaveAsync(
            person.Caller,
            [
                new(NotificationKind.MoneyBack, InApp: false, ByMail: true), new(NotificationKind.Balance, InApp: true, ByMail: false), new(NotificationKind.Gift, InApp: false, ByMail: false),
                new(NotificationKind.PaymentAction, InApp: false, ByMail: false), new(NotificationKind.FailedReload, InApp: false, ByMail: false),
            ],
            Cancel);
        await choices.SaveAsync(other.Caller, [new(NotificationKind.Plan, InApp: false, ByMail: false)], Cancel);

        await HappenAsync(person, "payment.refunded", new { amountUsd = 39 });
        await HappenAsync(person, "credits.exhausted", new { creditType = "credits", balance = 0 });
        await HappenAsync(person, "flow.gift_received", new { amount = 5 });
        await HappenAsync(person, "subscription.changed", new { change = "start", planName = "Pro" });
        await HappenAsync(person, "subscription.changed", new { change = "past_due", planName = "Pro", failureCode = "card_declined" });
        await HappenAsync(person, "payment.refunded", new { cause = "dispute_opened", amountUsd = 39 });
        await HappenAsync(person, "payment.refund_failed", new { amountUsd = 39 });
        await HappenAsync(person, "auto_reload.failed", new { amountUsd = 40, reason = "card_declined" });
        await HappenAsync(other, "flow.gift_received", new { amount = 6 });
        await TellAndMailAsync();

        string[] always = ["Your plan is Pro now", "The renewal of Pro failed", "A payment of $39.00 is disputed", "A refund of $39.00 did not arrive", "Auto-reload of $40.00 failed"];
        await Eventually.TrueAsync(() => MailsTo(person).Count == always.Length + 1);
        Assert.All([.. always, "$39.00 refunded"], title => Assert.Single(MailsTo(person), mail => mail.Head.Contains($"Subject: {title}", StringComparison.Ordinal)));
        var inbox = shop.Get<NotificationInbox>();
        var shown = await inbox.ListAsync(person.Caller, null, 20, false, Cancel);
        Assert.Equal(new HashSet<string>([.. always, "No credits left"]), [.. shown.Notifications.Select(told => told.Title)]);
        Assert.Equal(always.Length + 1, shown.Unread);
        Assert.Equal("You were given 6 flows", Assert.Single((await inbox.ListAsync(other.Caller, null, 20, false, Cancel)).Notifications).Title);

        await inbox.MarkReadAsync(person.Caller, shown.Notifications[0].Id, Cancel);
        var unread = await inbox.ListAsync(person.Caller, null, 2, true, Cancel);
        var rest = await inbox.ListAsync(person.Caller, unread.NextBefore, 20, true, Cancel);
        Assert.Equal(shown.Notifications.Skip(1).Select(told => told.Id), unread.Notifications.Concat(rest.Notifications).Select(told => told.Id));
        Assert.Equal(always.Length, await inbox.MarkAllReadAsync(person.Caller, Cancel));
        await Assert.ThrowsAsync<AccessDeniedException>(() => choices.GetAsync(Caller.ForKey("key_1", person.OrganizationId, Scopes.All), Cancel));
        await Assert.ThrowsAsync<AccessDeniedException>(() => choices.SaveAsync(Caller.ForKey("key_1", person.OrganizationId, Scopes.All), [], Cancel));
        Assert.All((await choices.GetAsync(person.Caller, Cancel)).Where(choice => choice.IsFixed), choice => Assert.True(choice is { InApp: true, ByMail: true }));
    }

    [Fact]
    public async Task For_development_mails_are_files()
    {
        var folder = Directory.CreateTempSubdirectory("billing-mail-");
        await using var other = Shop.Open(store.Database, clock, settings: new() { ["Mail:Folder"] = folder.FullName });
        var person = await other.NewPersonAsync();
        await other.QueryAsync(async db =>
        {
            db.Add(OutboxEvent.Of(person.OrganizationId, "payment.refunded", new { amountUsd = 9 }, clock.Now()));
            return await db.SaveChangesAsync(Cancel);
        });

        await other.Get<NotificationDispatch>().TellDueAsync(Cancel);
        await other.Get<NotificationDispatch>().MailDueAsync(Cancel);

        Assert.Contains("Subject: $9.00 refunded", await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(folder.FullName, "*.eml")), Cancel), StringComparison.Ordinal);
        folder.Delete(recursive: true);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private NotificationDispatch Dispatch => shop.Get<NotificationDispatch>();

    private async Task TellAndMailAsync()
    {
        while (await Dispatch.TellDueAsync(Cancel) > 0)
        {
        }

        await Dispatch.MailDueAsync(Cancel);
    }

    private Task<int> HappenAsync<TData>(Person person, string type, TData data) => shop.QueryAsync(async db =>
    {
        db.Add(OutboxEvent.Of(person.OrganizationId, type, data, clock.Now()));
        return await db.SaveChangesAsync(Cancel);
    });

    private IReadOnlyList<ReceivedMail> MailsTo(Person person) =>
        [.. sink.Mails.Where(mail => mail.Recipients.Any(recipient => recipient.Contains(person.Email, StringComparison.Ordinal)))];

    private Task<List<(MailState State, long Attempts)>> StatesAsync(Person person) => shop.QueryAsync(async db =>
        (await db.Set<Notification>().Where(row => row.UserId == person.Id).Select(row => new { row.MailState, row.MailAttempts }).ToListAsync(Cancel))
        .ConvertAll(row => (row.MailState, row.MailAttempts)));
}

public sealed class NotificationTestsOnSqlite(StoreFixture<SqliteEngine> store) : NotificationTests<SqliteEngine>(store);

public sealed class NotificationTestsOnPostgres(StoreFixture<PostgresEngine> store) : NotificationTests<PostgresEngine>(store);
