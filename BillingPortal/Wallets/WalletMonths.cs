using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Store;

namespace BillingPortal.Wallets;

/// <summary>A month of a wallet, in credits, exact.</summary>
/// <param name="Start">The first instant of the month, in UTC.</param>
/// <param name="Purchases">What was paid for.</param>
/// <param name="Grants">What was given: allowances, promotions, gifts received.</param>
/// <param name="Consumption">All that went out: usage, what expired, what was taken back or given away.</param>
/// <param name="Usage">Of this, what was charged for usage.</param>
public sealed record WalletMonth(DateTimeOffset Start, decimal Purchases, decimal Grants, decimal Consumption, decimal Usage)
{
    /// <summary>By how much the month changed the balance.</summary>
    public decimal Balance => Grants + Purchases - Consumption;
}

/// <summary>Sums wallets up by month, from their days.</summary>
public sealed class WalletMonths(WalletDays days, TimeProvider clock)
{
    /// <summary>How many months are read at once at most.</summary>
    public const int MostMonths = 24;

    /// <summary>The last months up to and with the one that runs, ascending, each there although nothing happened in it.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="creditType">Of which wallet.</param>
    /// <param name="months">1 to <see cref="MostMonths"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="AccessDeniedException">A key without the scope that reads this credit type.</exception>
    public async Task<IReadOnlyList<WalletMonth>> GetAsync(Caller caller, string creditType, int months, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(months, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(months, MostMonths);
        var today = DateOnly.FromDateTime(clock.Now().UtcDateTime);
        var first = new DateOnly(today.Year, today.Month, 1).AddMonths(1 - months);
        var statement = await days.GetAsync(caller, creditType, first, today, cancellationToken);
        var byMonth = statement.Movements.ToLookup(movement => (movement.Day.Year, movement.Day.Month));
        return [.. Enumerable.Range(0, months).Select(first.AddMonths).Select(month => MonthOf(month, [.. byMonth[(month.Year, month.Month)]]))];
    }

    private static WalletMonth MonthOf(DateOnly month, IReadOnlyList<WalletMovement> movements)
    {
        decimal Sum(Func<TransactionType, bool> of) => movements.Where(movement => of(movement.Type)).Sum(movement => movement.Amount);
        return new WalletMonth(
            new DateTimeOffset(month.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero),
            Sum(type => type is TransactionType.Purchase),
            Sum(type => type is TransactionType.Grant or TransactionType.GiftReceived),
            -Sum(type => type is not (TransactionType.Purchase or TransactionType.Grant or TransactionType.GiftReceived)),
            -Sum(type => type is TransactionType.Charge));
    }
}
