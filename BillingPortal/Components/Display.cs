using System.Globalization;
using BillingPortal.Ledger;

namespace BillingPortal.Components;

/// <summary>Numbers as people read them: grouped, with a real minus sign, never more precise than is useful. The viewer's choice of separators is the culture of the interface; everything else is written as in English.</summary>
public static class Display
{
    private const string Minus = "−";

    private static NumberFormatInfo Separators => CultureInfo.CurrentUICulture.NumberFormat;

    /// <summary>"3,420" or "0.35": whole from a thousand up, else at most two decimals, cut towards zero so that nobody is promised more than there is.</summary>
    public static string Amount(Credits credits) => Amount(credits.ToDecimal());

    /// <inheritdoc cref="Amount(Credits)"/>
    public static string Amount(decimal exact)
    {
        var magnitude = Math.Abs(exact);
        var shown = magnitude >= 1000 ? decimal.Truncate(magnitude) : decimal.Truncate(magnitude * 100) / 100;
        if (shown == 0 && magnitude > 0)
        {
            shown = magnitude;
        }

        return Sign(exact) + shown.ToString("#,0.######", Separators);
    }

    /// <summary>Every digit there is: "3,420.125".</summary>
    public static string Exact(Credits credits)
    {
        var exact = credits.ToDecimal();
        return Sign(exact) + Math.Abs(exact).ToString("#,0.######", Separators);
    }

    /// <summary>"+5,000" or "−30".</summary>
    public static string Change(Credits credits) => credits.IsPositive ? $"+{Amount(credits)}" : Amount(credits);

    /// <inheritdoc cref="Change(Credits)"/>
    public static string Change(decimal credits) => credits > 0 ? $"+{Amount(credits)}" : Amount(credits);

    /// <summary>"$39.00".</summary>
    public static string Price(Money money)
    {
        var dollars = money.ToDecimal();
        return $"{Sign(dollars)}${Math.Abs(dollars).ToString("#,0.00", Separators)}";
    }

    /// <summary>"1,204".</summary>
    public static string Number(long number) => Sign(number) + Math.Abs((decimal)number).ToString("#,0", Separators);

    /// <summary>"1 call", "2 calls".</summary>
    public static string Count(long number, string singular, string? plural = null) =>
        $"{Number(number)} {(number is 1 ? singular : plural ?? singular + "s")}";

    private static string Sign(decimal number) => number < 0 ? Minus : "";
}
