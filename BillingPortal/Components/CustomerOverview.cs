using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Administration;
using BillingPortal.Audit;
using BillingPortal.Catalog;
using BillingPortal.Components.Shared;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Payments;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;

namespace BillingPortal.Components;

/// <summary>What an operation used.</summary>
public sealed record OperationUse(string Label, Credits Credits, long Items);

/// <summary>Something that happened to a customer.</summary>
/// <param name="At">When.</param>
/// <param name="Title">What.</param>
/// <param name="By">Who did it; empty if that goes without saying.</param>
/// <param name="Amount">By how much it changed a balance; null if by nothing.</param>
/// <param name="Id">Of the transaction or the thing that was changed.</param>
public sealed record CustomerMoment(DateTimeOffset At, string Title, string By, Credits? Amount, string Id);

/// <summary>The whole picture of a customer.</summary>
/// <param name="Customer">Who it is.</param>
/// <param name="Standing">How the subscription stands, in a sentence.</param>
/// <param name="Tone">Whether that is well.</param>
/// <param name="Wallets">Of every credit type that holds or held something.</param>
/// <param name="Used">Credits used in the last <see cref="CustomerOverviews.UsageDays"/> days.</param>
/// <param name="Operations">What used most of them, first.</param>
/// <param name="Payments">The latest, newest first.</param>
/// <param name="Keys">The newest.</param>
/// <param name="Members">Those who joined first.</param>
/// <param name="Moments">The latest transactions and changes, newest first.</param>
public sealed record CustomerOverview(
    CustomerRow Customer,
    string Standing,
    Tone Tone,
    IReadOnlyList<WalletSummary> Wallets,
    Credits Used,
    IReadOnlyList<OperationUse> Operations,
    IReadOnlyList<PaymentView> Payments,
    IReadOnlyList<ApiKeyView> Keys,
    MemberList Members,
    IReadOnlyList<CustomerMoment> Moments);

/// <summary>What the page of a customer shows; nothing if there is none.</summary>
public sealed record CustomerPicture(CustomerOverview? Overview);

/// <summary>Puts the picture of a customer together from the services that know its parts.</summary>
public sealed class CustomerOverviews(
    Customers customers, PlanStandings standings, CurrentWallets wallets, UsageReports usage, PaymentTracker payments, ApiKeys keys, Members members,
    TransactionHistory history, AuditLog log, ActorNames names, TransactionText words, TimeProvider clock)
{
    /// <summary>How far back usage is summed.</summary>
    public const int UsageDays = 30;

    private const int Listed = 5;
    private const int MomentsListed = 20;

    /// <returns>Null if there is no such customer.</returns>
    /// <exception cref="AccessDeniedException">The caller is no platform administrator.</exception>
    public async Task<CustomerOverview?> ReadAsync(Caller caller, string organizationId, CancellationToken cancellationToken)
    {
        if (await customers.FindAsync(caller, organizationId, cancellationToken) is not { } customer)
        {
            return null;
        }

        var visitor = caller.Visiting(organizationId);
        var now = clock.Now();
        var standing = await standings.GetAsync(organizationId, cancellationToken);
        var used = await usage.GetByDayAsync(visitor, DayRange.LastDays(UsageDays, now), UsageGrouping.Operation, CreditTypes.Credits, cancellationToken);
        var (sentence, tone) = SentenceOf(standing);
        return new CustomerOverview(
            customer,
            sentence,
            tone,
            await WalletsAsync(visitor, now, cancellationToken),
            used.Total.Credits,
            [.. used.Groups.Where(group => group.Total.Items > 0).Take(Listed).Select(group => new OperationUse(group.Label, group.Total.Credits, group.Total.Items))],
            [.. (await payments.ListLatestAsync(visitor, cancellationToken)).Take(Listed)],
            (await keys.ListAsync(visitor, null, Listed, cancellationToken)).Keys,
            await members.ListAsync(visitor, null, cancellationToken),
            await MomentsAsync(visitor, cancellationToken));
    }

    private async Task<IReadOnlyList<WalletSummary>> WalletsAsync(Caller visitor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var summaries = new List<WalletSummary>();
        foreach (var creditType in CreditTypes.All)
        {
            var wallet = await wallets.GetWalletAsync(visitor, creditType, cancellationToken);
            if (wallet.Sequence > 0 || creditType == CreditTypes.Credits)
            {
                summaries.Add(WalletSummary.Of(wallet, now));
            }
        }

        return summaries;
    }

    private async Task<IReadOnlyList<CustomerMoment>> MomentsAsync(Caller visitor, CancellationToken cancellationToken)
    {
        var entries = (await log.ListAllAsync(visitor, visitor.OrganizationId, new AuditQuery(Limit: MomentsListed), cancellationToken)).Entries;
        var transactions = new List<TransactionView>();
        foreach (var creditType in CreditTypes.All)
        {
            // Usage alone would fill the list.
            TransactionType[] types = [.. TransactionText.Types.Where(type => type is not TransactionType.Charge)];
            transactions.AddRange((await history.ListAsync(visitor, new TransactionQuery(creditType, types, Limit: MomentsListed), cancellationToken)).Transactions);
        }

        var known = await names.FindAsync(visitor, entries.Select(entry => entry.Actor).Concat(transactions.Select(transaction => transaction.Actor)), cancellationToken);
        return
        [
            .. entries.Select(entry => new CustomerMoment(entry.At, AuditText.NameOf(entry.Act), AuditText.ActorOf(entry.Actor, known), null, entry.Subject))
                .Concat(transactions.Select(transaction => new CustomerMoment(
                    transaction.RecordedAt,
                    $"{TransactionText.TypeName(transaction.Type)}: {words.TitleOf(transaction)}",
                    known.GetValueOrDefault(transaction.Actor, ""),
                    transaction.Amount,
                    transaction.Id)))
                .OrderByDescending(moment => moment.At).ThenByDescending(moment => moment.Id, StringComparer.Ordinal).Take(MomentsListed),
        ];
    }

    private static (string Sentence, Tone Tone) SentenceOf(PlanStanding standing) => standing switch
    {
        { PastDueSince: not null } => ("Past due", Tone.Bad),
        { CancelAtPeriodEnd: true } => ("Ends with its cycle", Tone.Warn),
        { Pending: not null } => ("Change scheduled", Tone.Info),
        _ => (standing.Status.ToString(), standing.Status is SubscriptionStatus.Active ? Tone.Good : Tone.Neutral),
    };
}
