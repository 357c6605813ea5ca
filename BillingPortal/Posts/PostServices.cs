namespace BillingPortal.Posts;

/// <summary>Puts posts together.</summary>
public static class PostServices
{
    public static IServiceCollection AddPosts(this IServiceCollection services) => services.AddSingleton<PostSchedule>();
}
