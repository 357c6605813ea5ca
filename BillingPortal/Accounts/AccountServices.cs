using BillingPortal.Gifting;
using BillingPortal.Invoices;
using BillingPortal.Notifications;
using BillingPortal.Store;
using BillingPortal.Subscriptions;
using Microsoft.AspNetCore.Components.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.Identity;

namespace BillingPortal.Accounts;

/// <summary>Puts people, organizations and keys together.</summary>
public static class AccountServices
{
    public static IServiceCollection AddAccounts(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ApiKeyOptions>().Bind(configuration.GetSection("ApiKeys"))
            .PostConfigure(options => options.Environment ??= configuration["Payments:Provider"] is "Stripe" ? KeyEnvironment.Live : KeyEnvironment.Test)
            .ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<RateLimitOptions>().Bind(configuration.GetSection("RateLimits")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<Organizations>();
        services.AddSingleton<IBuyerNames>(provider => provider.GetRequiredService<Organizations>());
        services.AddSingleton<IRecipients, Recipients>();
        services.AddSingleton<INotificationAudience, NotificationAudience>();
        services.AddSingleton<InvitationMail>();
        services.AddSingleton<Members>();
        services.AddSingleton<ISeatCounts>(provider => provider.GetRequiredService<Members>());
        // Identity's own is of a request; it holds nothing.
        services.AddSingleton<ILookupNormalizer, UpperInvariantLookupNormalizer>();
        services.AddSingleton<Registration>();
        services.AddSingleton<FirstAdministrator>();
        services.AddHostedService(provider => provider.GetRequiredService<FirstAdministrator>());
        services.AddScoped<SignIns>();
        services.AddScoped<AccountSecurity>();
        services.AddScoped<Profiles>();
        services.AddSingleton<ApiKeys>();
        services.AddSingleton<KeySpendLimits>();
        services.AddSingleton<Callers>();
        services.AddSingleton<CallerProfiles>();
        services.AddSingleton<ManualCredits>();
        services.AddSingleton<KeyUsage>();
        services.AddHostedService(provider => provider.GetRequiredService<KeyUsage>());
        services.AddSingleton<ActorNames>();
        services.AddSingleton<PasswordChecks>();
        services.AddScoped<CurrentCaller>();
        services.AddScoped<AuthenticationStateProvider, CircuitRevalidation>();
        services.AddCascadingAuthenticationState();
        return services.AddSignIn().AddKeyRing();
    }

    private static IServiceCollection AddSignIn(this IServiceCollection services)
    {
        // Outside of the scope of a request too: it holds nothing.
        services.AddSingleton<IPasswordHasher<User>, PasswordHasher<User>>();
        services.AddIdentityCore<User>(options =>
            {
                options.User.RequireUniqueEmail = true;
                // Length is what protects; NIST SP 800-63B asks for no mixture of characters.
                options.Password.RequiredLength = 10;
                options.Password.RequiredUniqueChars = 4;
                options.Password.RequireDigit = options.Password.RequireLowercase = options.Password.RequireUppercase = options.Password.RequireNonAlphanumeric = false;
                options.Lockout.MaxFailedAccessAttempts = 5;
                options.Lockout.DefaultLockoutTimeSpan = TimeSpan.FromMinutes(5);
            })
            .AddEntityFrameworkStores<BillingDbContext>()
            .AddSignInManager()
            .AddClaimsPrincipalFactory<PortalClaims>()
            .AddDefaultTokenProviders();
        services.AddOptions<IdentityPasskeyOptions>().Configure<IConfiguration>((options, settings) =>
        {
            // A passkey stands for both steps, so its device must have recognized its person.
            options.UserVerificationRequirement = "required";
            options.ResidentKeyRequirement = "required";
            options.ServerDomain = Uri.TryCreate(settings["Portal:PublicUrl"], UriKind.Absolute, out var known) ? known.Host : null;
        });
        services.Configure<SecurityStampValidatorOptions>(options =>
        {
            options.ValidationInterval = TimeSpan.FromMinutes(1);
            options.OnRefreshingPrincipal = context =>
            {
                // A refreshed session goes on in its organization, not where the person's latest sign-in went.
                if (context.CurrentPrincipal?.FindFirst(PortalClaims.Organization)?.Value is { } organizationId)
                {
                    context.NewPrincipal = PortalClaims.For(context.NewPrincipal!, organizationId);
                }

                return Task.CompletedTask;
            };
        });
        services.AddAuthentication(IdentityConstants.ApplicationScheme).AddBearerToken(IdentityConstants.BearerScheme).AddIdentityCookies();
        services.ConfigureApplicationCookie(options =>
        {
            options.Cookie.Name = "billing_session";
            options.Cookie.HttpOnly = true;
            options.Cookie.SameSite = SameSiteMode.Lax;
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            options.ExpireTimeSpan = TimeSpan.FromDays(14);
            options.SlidingExpiration = true;
            options.LoginPath = "/Account/Login";
            options.LogoutPath = "/Account/Logout";
            options.AccessDeniedPath = "/Account/Login";
            options.ReturnUrlParameter = "returnUrl";
        });
        services.AddAuthorization(options => options.AddPolicy(PortalClaims.AdministratorPolicy, policy => policy.RequireClaim(PortalClaims.Administrator)));
        services.AddAntiforgery(options =>
        {
            options.Cookie.Name = "billing_form";
            options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            options.SuppressXFrameOptionsHeader = true;
        });
        return services;
    }

    private static IServiceCollection AddKeyRing(this IServiceCollection services)
    {
        services.AddDataProtection().SetApplicationName("BillingPortal");
        services.AddSingleton<ProtectionKeys>();
        services.AddOptions<KeyManagementOptions>().Configure<ProtectionKeys>((options, keys) => options.XmlRepository = keys);
        return services;
    }
}
