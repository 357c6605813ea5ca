using BillingPortal.Access;
using BillingPortal.Audit;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Accounts;

/// <summary>Credit to be given by hand.</summary>
/// <param name="Amount">More than zero, at most <see cref="ManualCredits.Largest"/>.</param>
/// <param name="OrganizationId">Who receives it; null: the caller's own organization.</param>
/// <param name="Note">Why, at most <see cref="ManualCredits.NoteLength"/> characters.</param>
/// <param name="Reference">The same again gives nothing more, for ever; at most <see cref="ManualCredits.ReferenceLength"/> characters; null: each call gives.</param>
public sealed record ManualCredit(Credits Amount, string? OrganizationId = null, string? Note = null, string? Reference = null);

/// <summary>What became of it.</summary>
public abstract record ManualCreditResult
{
    private ManualCreditResult()
    {
    }

    /// <summary>Given; or, as a replay, it had been given before under this reference.</summary>
    public sealed record Given(string TransactionId, Credits Balance, bool IsReplay) : ManualCreditResult;

    /// <summary>The named part of the wish cannot be.</summary>
    public sealed record Invalid(string Field, string Message) : ManualCreditResult;

    /// <summary>There is no such organization.</summary>
    public sealed record NoSuchOrganization : ManualCreditResult;

    /// <summary>The reference stands for another amount.</summary>
    public sealed record ReferenceReused : ManualCreditResult;
}

/// <summary>Gives credit by hand: a support gesture, a bank transfer, a migration from elsewhere.</summary>
public sealed class ManualCredits(
    IDbContextFactory<BillingDbContext> contexts,
    PriceCatalog catalog,
    PlanStandings standings,
    DueAllowances allowances,
    CurrentWallets wallets,
    WalletWriter writer,
    TransactionHistory history,
    TimeProvider clock)
{
    public const int NoteLength = 500;

    public const int ReferenceLength = 200;

    /// <summary>What transactions say of where it came from.</summary>
    public const string Source = "manual";

    /// <summary>The most that one call gives: no more than can be paid for at once.</summary>
    public Credits Largest => CreditValue.Of(catalog.TopUp.Maximum);

    /// <summary>Gives promotional credit that does not expire, at most once for its reference.</summary>
    /// <exception cref="AccessDeniedException">A key without <c>billing:write</c>, or a person who is no platform administrator.</exception>
    public async Task<ManualCreditResult> GiveAsync(
        Caller caller, ManualCredit wish, Receipt<ManualCreditResult.Given>? receipt, CancellationToken cancellationToken)
    {
        caller.DemandScope(Scopes.BillingWrite);
        caller.DemandPlatformAdministrator();
        if (FaultOf(wish) is { } fault)
        {
            return fault;
        }

        var organizationId = wish.OrganizationId ?? caller.OrganizationId;
        if (organizationId != caller.OrganizationId && !await ExistsAsync(organizationId, cancellationToken))
        {
            return new ManualCreditResult.NoSuchOrganization();
        }

        // What is due is posted with it, so that the balance in the answer is the whole one.
        var standing = await standings.GetAsync(organizationId, cancellationToken);
        var now = clock.Now();
        var due = allowances.Outstanding(standing, now, CreditTypes.Credits);
        ManualCreditResult.Given? given = null;
        var grant = new Grant
        {
            OrganizationId = organizationId,
            Reference = wish.Reference is { } reference ? $"manual:{reference}" : Ids.New("manual", now),
            Source = Source,
            Note = wish.Note,
            Actor = caller.Actor,
            CreditType = CreditTypes.Credits,
            Deposit = new Deposit(BucketKind.Promotional, wish.Amount),
            Due = due,
            Riders = [new EntityRider((db, posted, _) => Tell(db, caller, wish, posted)), .. receipt.Riders(posted => given = GivenBy(posted))],
        };
        var result = await writer.ExecuteAsync(grant, cancellationToken);
        if (result is PostResult.Posted)
        {
            allowances.Confirm(standing, now, due);
        }

        return result switch
        {
            PostResult.Posted posted => given ?? GivenBy(posted),
            PostResult.Replayed replayed => await ReplayAsync(organizationId, wish, replayed.ResultId!, cancellationToken),
            PostResult.Refused => new ManualCreditResult.Invalid("credits", "The wallet cannot hold that much."),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    private static ManualCreditResult.Given GivenBy(PostResult.Posted posted) =>
        new(posted.Transactions[0].Id, posted.BalanceOf(posted.Transactions[0].Wallet).Balance, IsReplay: false);

    private async Task<ManualCreditResult> ReplayAsync(string organizationId, ManualCredit wish, string transactionId, CancellationToken cancellationToken)
    {
        var first = await history.FindAsync(organizationId, transactionId, cancellationToken);
        return first?.Amount == wish.Amount
            ? new ManualCreditResult.Given(transactionId, await BalanceAsync(organizationId, cancellationToken), IsReplay: true)
            : new ManualCreditResult.ReferenceReused();
    }

    private ManualCreditResult.Invalid? FaultOf(ManualCredit wish)
    {
        if (!wish.Amount.IsPositive || wish.Amount > Largest)
        {
            return new("credits", $"The amount must be more than 0 and at most {Largest} credits.");
        }

        if (wish.Note is { } note && (note.Length > NoteLength || note.Any(char.IsControl)))
        {
            return new("note", $"A note has at most {NoteLength} characters, none of them a control character.");
        }

        return wish.Reference is { } reference && (reference.Length is 0 or > ReferenceLength || reference.Any(char.IsControl))
            ? new("reference", $"A reference has 1 to {ReferenceLength} characters, none of them a control character.")
            : null;
    }

    private async Task<bool> ExistsAsync(string organizationId, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.Set<Organization>().AnyAsync(row => row.Id == organizationId, cancellationToken);
    }

    private async Task<Credits> BalanceAsync(string organizationId, CancellationToken cancellationToken) =>
        (await wallets.GetBalanceAsync(Caller.ForSystem("manual-credit", organizationId), CreditTypes.Credits, cancellationToken)).Balance;

    private Task Tell(BillingDbContext db, Caller caller, ManualCredit wish, PostResult.Posted posted)
    {
        var transaction = posted.Transactions[0];
        db.Record(
            caller, clock.Now(), AuditActs.CreditGranted, transaction.Id, new { Balance = transaction.BalanceAfter - transaction.Amount },
            new { Balance = transaction.BalanceAfter, transaction.Wallet.CreditType, wish.Amount, Source, wish.Note }, transaction.Wallet.OrganizationId);
        db.Add(OutboxEvent.Of(
            transaction.Wallet.OrganizationId,
            "credits.granted",
            new
            {
                TransactionId = transaction.Id,
                transaction.Wallet.CreditType,
                Credits = wish.Amount.ToDecimal(),
                Source,
                wish.Note,
                BalanceAfter = transaction.BalanceAfter.ToDecimal(),
            },
            clock.Now()));
        return Task.CompletedTask;
    }
}
