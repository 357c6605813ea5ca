using BillingPortal.Access;
using BillingPortal.Audit;
using BillingPortal.Store;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace BillingPortal.Notifications;

/// <summary>What people are told of, as far as they can choose about it.</summary>
public enum NotificationKind
{
    Receipt,
    MoneyBack,
    Plan,
    Balance,
    SpendLimit,
    Gift,

    /// <summary>Somebody must do something about money: always told.</summary>
    PaymentAction,

    /// <summary>Auto-reload could not charge the card: always told.</summary>
    FailedReload,
}

/// <summary>How a person is told of a kind of thing.</summary>
/// <param name="Kind">What.</param>
/// <param name="InApp">Whether in the portal.</param>
/// <param name="ByMail">Whether by e-mail, where the portal sends any.</param>
public sealed record NotificationChoice(NotificationKind Kind, bool InApp, bool ByMail)
{
    /// <summary>Whether there is nothing to choose: it is told both ways.</summary>
    public bool IsFixed => IsAlwaysTold(Kind);

    public static bool IsAlwaysTold(NotificationKind kind) => kind is NotificationKind.PaymentAction or NotificationKind.FailedReload;
}

/// <summary>A choice that differs, or once differed, from being told both ways.</summary>
internal sealed class NotificationChoiceRow
{
    public required string UserId { get; init; }

    public required NotificationKind Kind { get; init; }

    public required bool InApp { get; set; }

    public required bool ByMail { get; set; }

    internal sealed class Configuration : IEntityTypeConfiguration<NotificationChoiceRow>
    {
        public void Configure(EntityTypeBuilder<NotificationChoiceRow> builder)
        {
            builder.ToTable("notification_choices");
            builder.HasKey(row => new { row.UserId, row.Kind });
        }
    }
}

/// <summary>How people want to be told, for each of them in all their organizations.</summary>
public sealed class NotificationChoices(IDbContextFactory<BillingDbContext> contexts, TimeProvider clock)
{
    /// <summary>The caller's choices, one for each kind.</summary>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public async Task<IReadOnlyList<NotificationChoice>> GetAsync(Caller caller, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await db.Set<NotificationChoiceRow>().AsNoTracking().Where(row => row.UserId == caller.UserId).ToDictionaryAsync(row => row.Kind, cancellationToken);
        return [.. Enum.GetValues<NotificationKind>().Select(kind => rows.TryGetValue(kind, out var row) ? new(kind, row.InApp, row.ByMail) : new NotificationChoice(kind, true, true))];
    }

    /// <summary>Changes the caller's choices; they hold for what is told from now on. Kinds that are not named stay, and those that are always told cannot be chosen about.</summary>
    /// <exception cref="AccessDeniedException">The caller is a key.</exception>
    public async Task SaveAsync(Caller caller, IReadOnlyCollection<NotificationChoice> choices, CancellationToken cancellationToken)
    {
        caller.DemandSession();
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await db.Set<NotificationChoiceRow>().Where(row => row.UserId == caller.UserId).ToDictionaryAsync(row => row.Kind, cancellationToken);
        foreach (var choice in choices.Where(choice => !choice.IsFixed))
        {
            var row = rows.GetValueOrDefault(choice.Kind);
            var before = new { InApp = row?.InApp ?? true, ByMail = row?.ByMail ?? true };
            var after = new { choice.InApp, choice.ByMail };
            if (before.Equals(after))
            {
                continue;
            }

            if (row is null)
            {
                db.Add(new NotificationChoiceRow { UserId = caller.UserId!, Kind = choice.Kind, InApp = choice.InApp, ByMail = choice.ByMail });
            }
            else
            {
                (row.InApp, row.ByMail) = (choice.InApp, choice.ByMail);
            }

            db.Record(caller, clock.Now(), AuditActs.NotificationsChosen, choice.Kind.Text(), before, after);
        }

        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>How each of these people is told of a kind; those left out, both ways.</summary>
    internal static async Task<IReadOnlyDictionary<string, NotificationChoice>> ReadAsync(
        BillingDbContext db, NotificationKind kind, IReadOnlyCollection<string> userIds, CancellationToken cancellationToken) => NotificationChoice.IsAlwaysTold(kind)
        ? new Dictionary<string, NotificationChoice>()
        : await db.Set<NotificationChoiceRow>().AsNoTracking()
            .Where(row => row.Kind == kind && userIds.Contains(row.UserId))
            .ToDictionaryAsync(row => row.UserId, row => new NotificationChoice(row.Kind, row.InApp, row.ByMail), cancellationToken);
}
