using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using BillingPortal.Access;
using BillingPortal.Audit;
using BillingPortal.Catalog;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Wallets;
using Microsoft.Extensions.Options;

namespace BillingPortal.Gifting;

/// <summary>What an administrator wants to grant.</summary>
/// <param name="UserEmail">To whose personal organization.</param>
/// <param name="Amount">Whole flows.</param>
/// <param name="Source">What for: <c>admin</c>, <c>promo</c>, <c>referral</c>, <c>signup_bonus</c> or a word of the installation's own.</param>
/// <param name="Note">At most <see cref="Gifts.NoteLength"/> characters; null or blank: none.</param>
/// <param name="ExpiresAt">When what is left of it is forfeited; null: never.</param>
public sealed record GrantWish(string UserEmail, long Amount, string Source = "admin", string? Note = null, DateTimeOffset? ExpiresAt = null);

/// <summary>What became of the wish to grant.</summary>
public abstract record GrantResult
{
    private GrantResult()
    {
    }

    /// <param name="TransactionId">tx_…</param>
    /// <param name="Recipient">Who has it.</param>
    /// <param name="Amount">What was granted.</param>
    /// <param name="Bonus">The recipient's bonus flows now.</param>
    public sealed record Granted(string TransactionId, Recipient Recipient, Credits Amount, Credits Bonus) : GrantResult;

    /// <summary>Nobody has that address; nothing was done.</summary>
    public sealed record UserNotFound : GrantResult;

    /// <summary>The named part of the wish cannot be; nothing was done.</summary>
    public sealed record Invalid(string Field, string Message) : GrantResult;
}

/// <summary>Grants bonus flows: by platform administrators, and to newcomers where the installation says so.</summary>
public sealed partial class BonusGrants(WalletWriter writer, IRecipients recipients, IOptions<GiftOptions> options, TimeProvider clock)
{
    private const string SignUp = "signup_bonus";

    // What other postings say of themselves.
    private static readonly string[] ReservedSources = [BonusFlows.GiftSource, "post_creation", "plan"];

    /// <summary>Grants to a person's personal organization.</summary>
    /// <param name="caller">A platform administrator, or a key of one that may mint credit.</param>
    /// <param name="wish">What to whom.</param>
    /// <param name="receipt">Stores the answer with the grant; null: nobody may ask again.</param>
    /// <param name="cancellationToken">Gives up waiting; the grant may still be made.</param>
    /// <exception cref="AccessDeniedException">The caller is no platform administrator.</exception>
    public async Task<GrantResult> GrantAsync(Caller caller, GrantWish wish, Receipt<GrantResult.Granted>? receipt, CancellationToken cancellationToken)
    {
        caller.DemandPlatformAdministrator();
        var now = clock.Now();
        if (Fault(wish, now) is { } fault)
        {
            return fault;
        }

        if (wish.UserEmail.Length > EmailKey.MaxLength || await recipients.FindAsync(wish.UserEmail, cancellationToken) is not { } recipient)
        {
            return new GrantResult.UserNotFound();
        }

        var grant = GrantOf(recipient.OrganizationId, $"grant:{Ids.New("grant", now)}", wish, caller.Actor);
        GrantResult.Granted? granted = null;
        var answer = new EntityRider(async (db, posted, ct) =>
        {
            var wallet = await WalletReader.ReadAsync(db, new WalletKey(recipient.OrganizationId, CreditTypes.Flows), ct);
            granted = new GrantResult.Granted(posted.Transactions[0].Id, recipient, grant.Deposit.Amount, BonusFlows.AvailableIn(wallet, clock.Now()));
            var transaction = posted.Transactions[0];
            db.Record(
                caller, now, AuditActs.CreditGranted, transaction.Id, new { Balance = transaction.BalanceAfter - transaction.Amount },
                new { Balance = transaction.BalanceAfter, CreditType = CreditTypes.Flows, grant.Deposit.Amount, wish.Source, grant.Note, wish.ExpiresAt },
                recipient.OrganizationId);
            receipt?.AddTo(db, granted);
        });
        return await writer.ExecuteAsync(grant with { Riders = grant.Riders.Add(answer) }, cancellationToken) switch
        {
            PostResult.Posted => granted ?? throw new UnreachableException("A grant was posted without its riders."),
            PostResult.Refused { Refusal: Refusal.BalanceTooLarge } => new GrantResult.Invalid("amount", "The balance would grow beyond what a wallet can hold."),
            var other => throw new UnreachableException($"A grant was answered with {other}."),
        };
    }

    /// <summary>Gives a newcomer the installation's sign-up bonus, once; it cannot be given away, or a crowd of fresh accounts could feed one.</summary>
    public async Task WelcomeAsync(string organizationId, string actor, CancellationToken cancellationToken)
    {
        if (options.Value.SignUpBonus > 0)
        {
            var wish = new GrantWish("", options.Value.SignUpBonus, SignUp, "Welcome");
            await writer.ExecuteAsync(GrantOf(organizationId, $"{SignUp}:{organizationId}", wish, actor), cancellationToken);
        }
    }

    private GrantResult.Invalid? Fault(GrantWish wish, DateTimeOffset now)
    {
        if (wish.Amount < 1 || wish.Amount > options.Value.MaxGrant)
        {
            return new("amount", $"A grant is 1 to {options.Value.MaxGrant.ToString("N0", CultureInfo.InvariantCulture)} flows.");
        }

        if (!SourceShape.IsMatch(wish.Source) || ReservedSources.Contains(wish.Source))
        {
            return new("source", "A source is a word of small letters, digits and underscores, such as admin, promo or referral.");
        }

        if (wish.Note?.Trim() is { Length: > Gifts.NoteLength })
        {
            return new("note", $"A note has at most {Gifts.NoteLength} characters.");
        }

        return wish.ExpiresAt <= now ? new("expiresAt", "A grant expires in the future, or never.") : null;
    }

    private static Grant GrantOf(string organizationId, string reference, GrantWish wish, string actor)
    {
        var note = string.IsNullOrWhiteSpace(wish.Note) ? null : wish.Note.Trim();
        return new Grant
        {
            OrganizationId = organizationId,
            CreditType = CreditTypes.Flows,
            Reference = reference,
            Source = wish.Source,
            Note = note,
            Actor = actor,
            Deposit = new Deposit(
                BucketKind.Promotional, Credits.FromWhole(wish.Amount), wish.ExpiresAt, reference, Giftable: wish.Source != SignUp),
            Riders =
            [
                new EntityRider((db, posted, _) =>
                {
                    var transaction = posted.Transactions[0];
                    db.Add(OutboxEvent.Of(
                        organizationId,
                        "credits.granted",
                        new
                        {
                            TransactionId = transaction.Id,
                            CreditType = CreditTypes.Flows,
                            Credits = wish.Amount,
                            wish.Source,
                            Note = note,
                            wish.ExpiresAt,
                            BalanceAfter = transaction.BalanceAfter.ToDecimal(),
                        },
                        transaction.Header.RecordedAt));
                    return Task.CompletedTask;
                }),
            ],
        };
    }

    [GeneratedRegex("^[a-z][a-z0-9_]{0,39}$", RegexOptions.NonBacktracking)]
    private static partial Regex SourceShape { get; }
}
