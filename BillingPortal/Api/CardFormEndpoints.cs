using System.Globalization;
using BillingPortal.Access;
using BillingPortal.Ledger;
using BillingPortal.Payments;
using BillingPortal.Purchases;
using Microsoft.AspNetCore.Http.HttpResults;

namespace BillingPortal.Api;

/// <summary>The forms of the pages for payment methods and auto-reload, which need no scripts.</summary>
internal static class CardFormEndpoints
{
    private const string CardsPage = "/payment-methods";
    private const string ReloadPage = "/auto-reload";

    public static IEndpointRouteBuilder MapCardForms(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/billing").RequireCaller().ExcludeFromDescription().RequireGenuineForm();
        group.MapPost("/cards", AddAsync);
        group.MapPost("/cards/{cardId}/default", ChooseAsync);
        group.MapPost("/cards/{cardId}/remove", RemoveAsync);
        group.MapPost("/auto-reload", SaveAsync);
        return routes;
    }

    private static Task<IResult> AddAsync(HttpContext http, SavedCards cards, CancellationToken cancellationToken) => OrBackAsync(
        CardsPage,
        async () => await cards.StartSetupAsync(http.Caller(), CardsPage, cancellationToken) switch
        {
            CardSetupStart.Ready ready => TypedResults.Redirect(ready.Url),
            CardSetupStart.TooMany => Back(CardsPage, "too_many"),
            _ => Back(CardsPage, "provider_down"),
        });

    private static Task<IResult> ChooseAsync(string cardId, HttpContext http, SavedCards cards, CancellationToken cancellationToken) => OrBackAsync(
        CardsPage,
        async () => Back(CardsPage, await cards.MakeDefaultAsync(http.Caller(), cardId, cancellationToken) ? null : "unknown_card"));

    private static Task<IResult> RemoveAsync(string cardId, HttpContext http, SavedCards cards, CancellationToken cancellationToken) => OrBackAsync(
        CardsPage,
        async () => Back(CardsPage, await cards.RemoveAsync(http.Caller(), cardId, cancellationToken) ? null : "unknown_card"));

    private static async Task<IResult> SaveAsync(HttpContext http, AutoReloads reloads, CancellationToken cancellationToken)
    {
        var form = await http.Request.ReadFormAsync(cancellationToken);
        var isEnabled = form["enabled"] == "true";
        return await OrBackAsync(
            ReloadPage,
            async () =>
            {
                if (!TryRead(form["threshold"], out var threshold) || !TryRead(form["amount"], out var amount))
                {
                    return Back(ReloadPage, "amounts");
                }

                var limitText = form["limit"].ToString().Trim();
                var limit = Money.Zero;
                if (limitText.Length > 0 && !TryRead(limitText, out limit))
                {
                    return Back(ReloadPage, "amounts");
                }

                if (isEnabled && form["agrees"] != "true")
                {
                    return Back(ReloadPage, "consent");
                }

                var rule = new AutoReloadRule(threshold, amount, limitText.Length > 0 ? limit : null);
                return await reloads.SaveAsync(http.Caller(), isEnabled, rule, cancellationToken) is AutoReloadChange.Saved
                    ? TypedResults.LocalRedirect($"{ReloadPage}?saved=1")
                    : Back(ReloadPage, "amounts");
            });
    }

    private static async Task<IResult> OrBackAsync(string page, Func<Task<IResult>> work)
    {
        try
        {
            return await work();
        }
        catch (AccessDeniedException)
        {
            return Back(page, "not_allowed");
        }
        catch (GatewayException)
        {
            return Back(page, "provider_down");
        }
    }

    private static RedirectHttpResult Back(string page, string? problem) => TypedResults.LocalRedirect(problem is null ? page : $"{page}?problem={problem}");

    private static bool TryRead(string? text, out Money amount)
    {
        amount = Money.Zero;
        return decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var dollars) && Money.TryFromDecimal(dollars, out amount);
    }
}
