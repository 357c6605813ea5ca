using BillingPortal.Access;
using BillingPortal.Catalog;
using BillingPortal.Components.Shared;
using BillingPortal.Ledger;
using BillingPortal.Metering;
using BillingPortal.Payments;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using BillingPortal.Wallets;

namespace BillingPortal.Components;

/// <summary>How it stands with the credit of an organization.</summary>
public enum WalletMood
{
    /// <summary>There is enough.</summary>
    Fine,

    /// <summary>Nothing was ever used or bought.</summary>
    New,

    /// <summary>It will not last three days nor until the plan renews it, or little of a plan's allowance is left.</summary>
    Low,

    /// <summary>There is none.</summary>
    Empty,

    /// <summary>More was used than there was.</summary>
    Owing,
}

/// <summary>The plan an organization is on, as its wallet shows it.</summary>
public sealed record PlanSummary(
    string Name, bool IsFree, Credits Allowance, Credits Minutes, int DailyFlows, int Seats, bool PerSeat, bool BuysPacks, DateTimeOffset RenewsAt);

/// <summary>All that the wallet page shows.</summary>
/// <param name="AsOf">When it was read.</param>
/// <param name="Credits">The main wallet.</param>
/// <param name="Others">Wallets of the other credit types that hold or held something, or that the plan fills.</param>
/// <param name="Runway">How long the main wallet lasts; null if that cannot be said yet.</param>
/// <param name="Mood">How it stands.</param>
/// <param name="Latest">The latest transactions of the main wallet, newest first.</param>
/// <param name="Plan">The plan.</param>
/// <param name="Outlook">The main wallet's last days and its next ones.</param>
/// <param name="OnTheWay">Paid for, but not credited yet.</param>
public sealed record WalletOverview(
    DateTimeOffset AsOf,
    WalletSummary Credits,
    IReadOnlyList<WalletSummary> Others,
    Runway? Runway,
    WalletMood Mood,
    IReadOnlyList<TransactionView> Latest,
    PlanSummary Plan,
    BalanceOutlook Outlook,
    IReadOnlyList<IncomingCredit> OnTheWay)
{
    /// <summary>The organization's own limit that stops usage of the main wallet now; null: none does.</summary>
    public ReachedLimit? Limit { get; init; }
}

/// <summary>Credit that a payment will bring.</summary>
public sealed record IncomingCredit(string PaymentId, Credits Credits);

/// <summary>Puts the wallet page's figures together from the services that know them.</summary>
public sealed class WalletOverviews(
    CurrentWallets wallets, TransactionHistory history, WalletDays days, PlanStandings standings, UsageReports usage, PaymentTracker payments, SpendLimitNotices limits,
    TimeProvider clock)
{
    private const int LatestCount = 5;
    private const int LowDays = 3;

    // A tenth of the allowance.
    private const int LowShare = 10;

    /// <exception cref="AccessDeniedException">A key without the scope that reads a wallet.</exception>
    public async Task<WalletOverview> ReadAsync(Caller caller, CancellationToken cancellationToken)
    {
        var standing = await standings.GetAsync(caller.OrganizationId, cancellationToken);
        var latest = await history.ListAsync(caller, new TransactionQuery(CreditTypes.Credits, [], Limit: LatestCount), cancellationToken);
        var burn = await usage.BurnAsync(caller, CreditTypes.Credits, Components.Runway.Basis, cancellationToken);
        var read = new List<Wallet>();
        foreach (var creditType in CreditTypes.All)
        {
            read.Add(await wallets.GetWalletAsync(caller, creditType, cancellationToken));
        }

        var now = clock.Now();
        var summaries = read.ConvertAll(wallet => WalletSummary.Of(wallet, now));
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        var statement = await days.GetAsync(caller, CreditTypes.Credits, today.AddDays(-BalanceOutlook.Days), today, cancellationToken);
        var open = await payments.ListOpenAsync(caller, cancellationToken);

        var main = summaries[0];
        var runway = Components.Runway.Estimate(main.Available, burn);
        var plan = SummaryOf(standing);
        return new WalletOverview(
            now,
            main,
            [.. summaries.Skip(1).Where(summary => summary.Pockets.Count > 0)],
            runway,
            MoodOf(main, runway, plan, latest.Transactions, now),
            latest.Transactions,
            plan,
            BalanceOutlook.Of(read[0], statement, burn, plan, now),
            [.. open.Where(payment => payment.AcceptedAt is not null && payment.CreditType == CreditTypes.Credits).Select(payment => new IncomingCredit(payment.Id, payment.Credits))])
        {
            Limit = (await limits.FindReachedAsync(caller, cancellationToken)).FirstOrDefault(limit => limit.CreditType == CreditTypes.Credits),
        };
    }

    private static WalletMood MoodOf(WalletSummary wallet, Runway? runway, PlanSummary plan, IReadOnlyList<TransactionView> latest, DateTimeOffset now) => wallet.Available switch
    {
        { IsNegative: true } => WalletMood.Owing,
        { IsZero: true } => WalletMood.Empty,
        _ when runway is { FewestDays: < LowDays } && !runway.Outlasts(now, plan.RenewsAt) => WalletMood.Low,
        var available when runway is null && plan.Allowance.IsPositive && available < plan.Allowance.Scale(1, LowShare) => WalletMood.Low,
        _ when latest.All(transaction => transaction.Type is TransactionType.Grant) => WalletMood.New,
        _ => WalletMood.Fine,
    };

    private static PlanSummary SummaryOf(PlanStanding standing) => new(
        standing.Plan.Name,
        standing.Plan.IsFree,
        standing.Allowance.Credits,
        standing.Allowance.IncludedMinutes,
        standing.Plan.DailyFlows,
        standing.Seats,
        standing.Plan.PerSeat,
        standing.Plan.PackPurchase,
        standing.AllowanceCycle.End);
}
