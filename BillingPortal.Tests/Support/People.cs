using System.Net.Http.Headers;
using System.Net.Http.Json;
using BillingPortal.Access;
using BillingPortal.Accounts;
using BillingPortal.Ledger;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace BillingPortal.Tests.Support;

/// <summary>Somebody who has signed up: the owner of a personal organization.</summary>
internal sealed record Person(string Id, string Email, string OrganizationId, bool IsAdministrator)
{
    public const string Password = "Correct-horse-1";

    /// <summary>What services are asked with on this person's behalf.</summary>
    public Caller Caller => Caller.ForUser(Id, OrganizationId, MemberRole.Owner, IsAdministrator);
}

/// <summary>Puts people, keys and sessions on a site, through the doors that users have.</summary>
internal static class People
{
    /// <summary>Signs somebody up, by default somebody new, on the free plan, which has no API access for keys.</summary>
    public static async Task<Person> SignUpAsync(this Site site, string? email = null, bool administrator = false, string plan = "free")
    {
        email ??= $"{Guid.NewGuid():N}@example.com";
        var registration = site.Services.GetRequiredService<Registration>();
        var result = await registration.RegisterAsync(email, Person.Password, null, TestContext.Current.CancellationToken);
        var user = Assert.IsType<RegistrationResult.Registered>(result).User;
        if (administrator)
        {
            await using var db = await site.Services.GetRequiredService<IDbContextFactory<BillingDbContext>>().CreateDbContextAsync();
            await db.Users.Where(row => row.Id == user.Id).ExecuteUpdateAsync(update => update.SetProperty(row => row.IsPlatformAdministrator, true));
        }

        var organizationId = await site.Services.GetRequiredService<Organizations>().EnsurePersonalAsync(user, TestContext.Current.CancellationToken);
        await site.Services.GetRequiredService<PlanSubscriptions>().StartAsync(
            organizationId, plan, BillingInterval.Monthly, 1, site.Services.GetRequiredService<TimeProvider>().Now(), $"user:{user.Id}", TestContext.Current.CancellationToken);
        return new Person(user.Id, email, organizationId, administrator);
    }

    /// <summary>A client that sends an API key of this person's organization; by default one that may do everything but mint credit.</summary>
    public static async Task<HttpClient> NewKeyClientAsync(this Site site, Person person, params string[] scopes)
    {
        var (_, secret) = await site.NewKeyAsync(person, scopes);
        return site.NewClient(secret);
    }

    public static async Task<(ApiKeyView Key, string Secret)> NewKeyAsync(this Site site, Person person, params string[] scopes)
    {
        var created = Assert.IsType<ApiKeyCreation.Created>(await site.Services.GetRequiredService<ApiKeys>()
            .CreateAsync(person.Caller, new NewApiKey(Scopes: scopes.Length == 0 ? null : scopes), null, TestContext.Current.CancellationToken));
        return (created.Key, created.Secret);
    }

    /// <summary>A client that sends an access token, got by signing in.</summary>
    public static async Task<HttpClient> NewUserClientAsync(this Site site, Person person)
    {
        using var client = site.NewClient();
        var response = await client.PostAsJsonAsync("api/auth/login", new { email = person.Email, password = Person.Password });
        var tokens = await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<Tokens>();
        return site.NewClient(tokens!.AccessToken);
    }

    /// <summary>A client that sends this key or token.</summary>
    public static HttpClient NewClient(this Site site, string bearer)
    {
        var client = site.NewClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", bearer);
        return client;
    }

    /// <summary>Signs a browser in through the form; it is on <paramref name="returnUrl"/> after.</summary>
    public static async Task SignInAsync(this IPage page, Person person, string returnUrl = "/")
    {
        await page.GotoAsync($"/Account/Login?returnUrl={Uri.EscapeDataString(returnUrl)}");
        await page.Locator("[name='Input.Email']").FillAsync(person.Email);
        await page.Locator("[name='Input.Password']").FillAsync(Person.Password);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in", Exact = true }).ClickAsync();
        await page.WaitForURLAsync(url => !url.Contains("/Account/Login", StringComparison.Ordinal));
    }

    internal sealed record Tokens(string TokenType, string AccessToken, int ExpiresIn, string RefreshToken);
}
