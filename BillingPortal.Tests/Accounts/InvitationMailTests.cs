using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Notifications;
using BillingPortal.Tests.Notifications;
using BillingPortal.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace BillingPortal.Tests.Accounts;

public abstract class InvitationMailTests<TEngine>(StoreFixture<TEngine> store) : IClassFixture<StoreFixture<TEngine>>, IAsyncLifetime
    where TEngine : IStoreEngine, new()
{
    private readonly SetClock clock = new(new DateTimeOffset(2026, 6, 16, 12, 0, 0, TimeSpan.Zero));
    private readonly SmtpSink sink = new();
    private Site site = null!;

    public ValueTask InitializeAsync()
    {
        site = Site.Start(
            store.Database,
            new Dictionary<string, string?> { ["Mail:SmtpHost"] = "127.0.0.1", ["Mail:SmtpPort"] = $"{sink.Port}", ["Mail:SmtpTls"] = "false" },
            services => services.AddSingleton<TimeProvider>(clock));
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await site.DisposeAsync();
        await sink.DisposeAsync();
    }

    [Fact]
    public async Task The_link_goes_to_the_address_once_an_hour_and_opens_the_invitation_it_came_with()
    {
        var owner = await site.SignUpAsync(plan: "pro");
        var guest = await site.SignUpAsync();

        var made = Assert.IsType<InviteResult.Made>(await Members.InviteAsync(owner.Caller, guest.Email, MemberRole.Billing, Cancel));

        Assert.True(made.IsMailed);
        await Eventually.TrueAsync(() => MailsTo(guest.Email).Count > 0);
        var mail = Assert.Single(MailsTo(guest.Email));
        Assert.Equal($"RCPT TO:<{guest.Email}>", Assert.Single(mail.Recipients));
        Assert.Contains("Subject: You are invited to ", mail.Head, StringComparison.Ordinal);
        Assert.Contains($"{site.Address.ToString().TrimEnd('/')}{made.Path}", mail.Text, StringComparison.Ordinal);

        // In the portal they are told too, without the secret, which proves that the e-mail reached them.
        var told = Assert.Single((await site.Services.GetRequiredService<NotificationInbox>().ListAsync(guest.Caller, null, 10, false, Cancel)).Notifications);
        Assert.Equal(("invitation", "/wallet"), (told.Kind, told.Link));
        Assert.DoesNotContain(made.Path, told.Text, StringComparison.Ordinal);

        var again = Assert.IsType<InviteResult.Made>(await Members.InviteAsync(owner.Caller, guest.Email, MemberRole.Billing, Cancel));
        Assert.False(again.IsMailed);
        Assert.Single(MailsTo(guest.Email));
        clock.Now += TimeSpan.FromMinutes(61);
        var later = Assert.IsType<InviteResult.Made>(await Members.InviteAsync(owner.Caller, guest.Email, MemberRole.Billing, Cancel));
        Assert.True(later.IsMailed);
        Assert.IsType<JoinResult.NotForYou>(await Members.AcceptAsync(guest.Caller, SecretOf(made), Cancel));
        Assert.IsType<JoinResult.Joined>(await Members.AcceptAsync(guest.Caller, SecretOf(later), Cancel));
    }

    [Fact]
    public async Task A_mail_server_that_takes_nothing_leaves_the_link_with_whoever_invites()
    {
        var owner = await site.SignUpAsync(plan: "pro");
        sink.IsBusy = true;

        var made = Assert.IsType<InviteResult.Made>(await Members.InviteAsync(owner.Caller, $"{Guid.NewGuid():N}@example.com", MemberRole.Member, Cancel));

        Assert.False(made.IsMailed);
        Assert.StartsWith("/join/", made.Path, StringComparison.Ordinal);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Members Members => site.Services.GetRequiredService<Members>();

    private static string SecretOf(InviteResult.Made made) => made.Path[(made.Path.LastIndexOf('/') + 1)..];

    private IReadOnlyList<ReceivedMail> MailsTo(string email) =>
        [.. sink.Mails.Where(mail => mail.Recipients.Any(recipient => recipient.Contains(email, StringComparison.Ordinal)))];
}

public sealed class InvitationMailTestsOnSqlite(StoreFixture<SqliteEngine> store) : InvitationMailTests<SqliteEngine>(store);

public sealed class InvitationMailTestsOnPostgres(StoreFixture<PostgresEngine> store) : InvitationMailTests<PostgresEngine>(store);
