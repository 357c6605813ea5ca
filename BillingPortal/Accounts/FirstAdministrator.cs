using System.Security.Cryptography;
using BillingPortal.Store;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace BillingPortal.Accounts;

/// <summary>Makes the first platform administrator of an installation: whoever can read its log finds a link there.</summary>
/// <remarks>docs/decisions/0026. The link is sealed with the shared key ring, so that every instance honours it.</remarks>
public sealed class FirstAdministrator(
    IDbContextFactory<BillingDbContext> contexts,
    Registration registration,
    IDataProtectionProvider protection,
    IConfiguration configuration,
    ILogger<FirstAdministrator> logger) : IHostedService
{
    private const string Words = "first administrator";

    private static readonly TimeSpan LinkLife = TimeSpan.FromHours(24);

    private readonly ITimeLimitedDataProtector protector = protection.CreateProtector("BillingPortal.Accounts.FirstAdministrator").ToTimeLimitedDataProtector();
    private volatile bool found;

    /// <summary>Whether there is no platform administrator yet. Demo data brings its own.</summary>
    public async Task<bool> IsNeededAsync(CancellationToken cancellationToken)
    {
        if (!found && !configuration.GetValue<bool>("Demo:Enabled"))
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            found = await db.Users.AnyAsync(user => user.IsPlatformAdministrator, cancellationToken);
            return !found;
        }

        return false;
    }

    /// <summary>A fresh link's path; good for a day, and only while there is no administrator.</summary>
    public string NewLink() => $"/Account/Setup?code={Uri.EscapeDataString(protector.Protect(Words, LinkLife))}";

    /// <summary>Whether a link with this code may be used now.</summary>
    public async Task<bool> AcceptsAsync(string? code, CancellationToken cancellationToken)
    {
        try
        {
            return code is not null && protector.Unprotect(code) == Words && await IsNeededAsync(cancellationToken);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Makes the administrator.</summary>
    /// <returns>Null if the code cannot be used; nothing was done then.</returns>
    public async Task<RegistrationResult?> MakeAsync(string? code, string email, string password, string? displayName, CancellationToken cancellationToken)
    {
        if (!await AcceptsAsync(code, cancellationToken))
        {
            return null;
        }

        var result = await registration.RegisterAsync(email, password, displayName, cancellationToken);
        if (result is RegistrationResult.Registered { User: var user })
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            await db.Users.Where(row => row.Id == user.Id)
                .ExecuteUpdateAsync(update => update.SetProperty(row => row.IsPlatformAdministrator, true), cancellationToken);
            logger.LogInformation("{User} is the first platform administrator.", user.Id);
        }

        return result;
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (await IsNeededAsync(cancellationToken))
        {
            logger.LogWarning("There is no administrator yet. Make the first one within a day, on this portal, at {Link}", NewLink());
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
