using System.ComponentModel.DataAnnotations;
using BillingPortal.Gifting;
using BillingPortal.Store;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace BillingPortal.Accounts;

/// <summary>What became of a sign-up.</summary>
public abstract record RegistrationResult
{
    private RegistrationResult()
    {
    }

    /// <summary>The person is there, with a personal organization.</summary>
    public sealed record Registered(User User) : RegistrationResult;

    /// <summary>Somebody has that address. Whoever asks from outside is told the same as for <see cref="Registered"/>.</summary>
    public sealed record Taken : RegistrationResult;

    /// <summary>Too many sign-ups from this network; nothing was done.</summary>
    public sealed record Throttled(TimeSpan RetryAfter) : RegistrationResult;

    /// <summary>The address or the password cannot be used, for these reasons.</summary>
    public sealed record Refused(IReadOnlyList<string> Reasons) : RegistrationResult;
}

/// <summary>Signs people up.</summary>
public sealed class Registration(
    IServiceScopeFactory scopes,
    Organizations organizations,
    BonusGrants grants,
    Gifts gifts,
    IStoreSessions sessions,
    IRateCounters counters,
    IOptions<RateLimitOptions> limits,
    IPasswordHasher<User> hasher,
    TimeProvider clock)
{
    /// <summary>Longest e-mail address, in characters. Source: RFC 5321, 4.5.3.1.3.</summary>
    public const int EmailLength = 254;

    /// <summary>Longest name of a person, in characters.</summary>
    public const int NameLength = 80;

    /// <summary>Longest password, in characters; hashing a longer one would only keep the machine busy.</summary>
    public const int PasswordLength = 200;

    private static readonly EmailAddressAttribute EmailShape = new();

    /// <summary>As <see cref="RegisterAsync"/>, for a visitor: so many an hour from one address.</summary>
    public async Task<RegistrationResult> SignUpAsync(string email, string password, string? displayName, string address, CancellationToken cancellationToken)
    {
        var limit = new RateLimit(limits.Value.SignUpsPerHour, TimeSpan.FromHours(1));
        var standing = await counters.TakeAsync($"sign-up:{address}", limit, cancellationToken);
        return standing.Allowed
            ? await RegisterAsync(email, password, displayName, cancellationToken)
            : new RegistrationResult.Throttled(standing.NextAt - clock.GetUtcNow());
    }

    /// <summary>Makes a person and the personal organization. If it breaks off in between, the first sign-in completes it.</summary>
    public async Task<RegistrationResult> RegisterAsync(string email, string password, string? displayName, CancellationToken cancellationToken)
    {
        email = email.Trim();
        var name = string.IsNullOrWhiteSpace(displayName) ? email.Split('@')[0] : displayName.Trim();
        if (email.Length > EmailLength || !EmailShape.IsValid(email) || email.Any(char.IsWhiteSpace) || email.Any(char.IsControl))
        {
            return new RegistrationResult.Refused(["This is not an e-mail address."]);
        }

        if (name.Length > NameLength || name.Any(char.IsControl))
        {
            return new RegistrationResult.Refused([$"A name has at most {NameLength} characters, none of them a control character."]);
        }

        if (password.Length > PasswordLength)
        {
            return new RegistrationResult.Refused([$"A password has at most {PasswordLength} characters."]);
        }

        await using var scope = scopes.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<User>>();
        var user = new User { UserName = email, Email = email, DisplayName = name, CreatedAt = clock.Now() };

        // Before looking whether the address is taken, so that a password is refused alike for both.
        List<string> reasons = [];
        foreach (var validator in users.PasswordValidators)
        {
            reasons.AddRange((await validator.ValidateAsync(users, user, password)).Errors.Select(error => error.Description));
        }

        if (reasons.Count > 0)
        {
            return new RegistrationResult.Refused(reasons);
        }

        if (await users.FindByEmailAsync(email) is not null)
        {
            // Hashed all the same, so that the answer takes as long.
            hasher.HashPassword(user, password);
            return new RegistrationResult.Taken();
        }

        try
        {
            var made = await users.CreateAsync(user, password);
            if (!made.Succeeded)
            {
                return made.Errors.Any(error => error.Code is nameof(IdentityErrorDescriber.DuplicateUserName) or nameof(IdentityErrorDescriber.DuplicateEmail))
                    ? new RegistrationResult.Taken()
                    : new RegistrationResult.Refused([.. made.Errors.Select(error => error.Description)]);
            }
        }
        catch (DbUpdateException exception) when (sessions.IsUniqueViolation(exception))
        {
            return new RegistrationResult.Taken();
        }

        var organizationId = await organizations.EnsurePersonalAsync(user, cancellationToken);
        await grants.WelcomeAsync(organizationId, $"user:{user.Id}", cancellationToken);
        await gifts.ClaimAsync(email, cancellationToken);
        return new RegistrationResult.Registered(user);
    }
}
