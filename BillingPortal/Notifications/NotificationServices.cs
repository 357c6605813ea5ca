namespace BillingPortal.Notifications;

/// <summary>Puts notifications and their e-mail together.</summary>
public static class NotificationServices
{
    public static IServiceCollection AddNotifications(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<MailOptions>().Bind(configuration.GetSection(MailOptions.Section)).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<Mailer>();
        services.AddSingleton<NotificationDispatch>();
        services.AddSingleton<NotificationInbox>();
        services.AddSingleton<NotificationChoices>();
        services.AddSingleton<InboxFeed>();
        return services.AddHostedService<NotificationUpkeep>();
    }
}
