using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Tests.Api;
using BillingPortal.Tests.Support;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Tests.Wallets;

/// <summary>An answer that commits with postings: both are there, or neither.</summary>
public abstract class ReceiptTests<TEngine>(KeyedSite<TEngine> portal) : IClassFixture<KeyedSite<TEngine>>
    where TEngine : IStoreEngine, new()
{
    private readonly WalletKey wallet = new($"org_{Guid.NewGuid():N}", "credits");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private IdempotencyKeys Keys => portal.Get<IdempotencyKeys>();

    [Fact]
    public async Task A_posting_and_its_answer_are_stored_in_one_commit()
    {
        var claim = await ClaimAsync("print");
        var receipt = new Receipt<PostResult.Posted>(claim, Render);

        var posted = Assert.IsType<PostResult.Posted>(await GrantAsync(receipt, "grant:1"));

        // Nothing was stored besides: what the commit of the posting left is the answer.
        var stored = Assert.IsType<ClaimResult.Answered>(await Keys.ClaimAsync(wallet.OrganizationId, "k", "print", Ct)).Answer;
        Assert.Equal(Render(posted).Body, stored.Body);
        Assert.Equal((201, "text/plain"), (stored.Status, stored.ContentType));
        Assert.Same(receipt.AnswerTo(posted), receipt.AnswerTo(posted));
    }

    [Fact]
    public async Task A_refused_command_leaves_no_answer()
    {
        var receipt = new Receipt<PostResult.Posted>(await ClaimAsync("print"), Render);

        var refused = await portal.Get<WalletWriter>().ExecuteAsync(
            new Deduction
            {
                OrganizationId = wallet.OrganizationId,
                CreditType = wallet.CreditType,
                Amount = Credits.FromWhole(1),
                Reference = "deduct:1",
                Source = "test",
                Actor = "system:test",
                Riders = receipt.Riders(posted => posted),
            },
            Ct);

        Assert.IsType<PostResult.Refused>(refused);
        Assert.IsType<ClaimResult.Running>(await Keys.ClaimAsync(wallet.OrganizationId, "k", "print", Ct));
    }

    [Fact]
    public async Task Whoever_lost_its_key_to_another_posts_nothing()
    {
        var late = new Receipt<PostResult.Posted>(await ClaimAsync("print"), Render);
        portal.Clock.Now += IdempotencyKeys.Lease;
        var successor = new Receipt<PostResult.Posted>(await ClaimAsync("print"), Render);

        var lost = await Assert.ThrowsAnyAsync<Exception>(() => GrantAsync(late, "grant:late"));
        var neighbour = GrantAsync(null, "grant:neighbour");
        var won = await GrantAsync(successor, "grant:successor");

        Assert.True(IdempotencyKeys.IsTakenOver(lost));
        Assert.IsType<PostResult.Posted>(won);
        Assert.IsType<PostResult.Posted>(await neighbour);
        Assert.Equal(Credits.FromWhole(2), (await portal.Get<WalletReader>().GetBalanceAsync(Caller.ForSystem("test", wallet.OrganizationId), wallet.CreditType, Ct)).Balance);
        Assert.True(IdempotencyKeys.IsTakenOver(await Assert.ThrowsAnyAsync<Exception>(() => GrantAsync(late, "grant:again"))));
    }

    [Fact]
    public async Task A_key_given_back_cannot_be_answered_any_more()
    {
        var claim = await ClaimAsync("print");
        await Keys.ReleaseAsync(claim, Ct);

        await Assert.ThrowsAnyAsync<DbUpdateConcurrencyException>(() => GrantAsync(new Receipt<PostResult.Posted>(claim, Render), "grant:1"));
        Assert.Null(await Keys.AnswerAsync(claim, new StoredAnswer(200, null, []), Ct));
        Assert.IsType<ClaimResult.Claimed>(await Keys.ClaimAsync(wallet.OrganizationId, "k", "other print", Ct));
    }

    private async Task<IdempotencyClaim> ClaimAsync(string fingerprint) =>
        Assert.IsType<ClaimResult.Claimed>(await Keys.ClaimAsync(wallet.OrganizationId, "k", fingerprint, Ct)).Claim;

    private Task<PostResult> GrantAsync(Receipt<PostResult.Posted>? receipt, string reference) => portal.Get<WalletWriter>().ExecuteAsync(
        Do.Grant(wallet, Credits.FromWhole(1)) with { Reference = reference, Riders = receipt.Riders(posted => posted) }, Ct);

    private static StoredAnswer Render(PostResult.Posted posted) => new(201, "text/plain", System.Text.Encoding.UTF8.GetBytes(posted.Transactions[0].Id));
}

public sealed class ReceiptTestsOnSqlite(KeyedSite<SqliteEngine> portal) : ReceiptTests<SqliteEngine>(portal);

public sealed class ReceiptTestsOnPostgres(KeyedSite<PostgresEngine> portal) : ReceiptTests<PostgresEngine>(portal);
