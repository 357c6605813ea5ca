using System.Collections.Immutable;

namespace BillingPortal.Audit;

/// <summary>What the log knows to have been done. A word for the thing, a word for what was done to it.</summary>
public static class AuditActs
{
    public const string KeyCreated = "api_key.created";
    public const string KeyRotated = "api_key.rotated";
    public const string KeyRevoked = "api_key.revoked";
    public const string KeyPaused = "api_key.paused";
    public const string KeyResumed = "api_key.resumed";
    public const string KeyLimitsChanged = "api_key.limits_changed";

    public const string MemberInvited = "member.invited";
    public const string InvitationWithdrawn = "member.invitation_withdrawn";
    public const string MemberJoined = "member.joined";
    public const string MemberChanged = "member.role_changed";
    public const string MemberRemoved = "member.removed";

    public const string OrganizationMade = "organization.made";
    public const string OrganizationRenamed = "organization.renamed";

    public const string PlanChanged = "plan.changed";
    public const string AutoReloadChanged = "auto_reload.changed";
    public const string BillingDetailsChanged = "billing_details.changed";

    public const string CardSaved = "card.saved";
    public const string CardPreferred = "card.made_default";
    public const string CardRemoved = "card.removed";

    public const string BalanceAlertsChanged = "balance_alerts.changed";
    public const string SpendLimitsChanged = "spend_limits.changed";

    public const string PasswordChanged = "person.password_changed";
    public const string AuthenticatorOn = "person.authenticator_on";
    public const string AuthenticatorOff = "person.authenticator_off";
    public const string RecoveryCodesRenewed = "person.recovery_codes_renewed";
    public const string PasskeyAdded = "person.passkey_added";
    public const string PasskeyRemoved = "person.passkey_removed";
    public const string SignedOutElsewhere = "person.signed_out_elsewhere";
    public const string NotificationsChosen = "person.notifications_chosen";

    public const string WebhookAdded = "webhook.added";
    public const string WebhookChanged = "webhook.changed";
    public const string WebhookSecretRolled = "webhook.secret_rolled";
    public const string WebhookRemoved = "webhook.removed";

    public const string NumberRented = "number.rented";
    public const string NumberReleased = "number.released";

    public const string CreditGranted = "credit.granted";
    public const string CreditDeducted = "credit.deducted";
    public const string CreditVoided = "credit.voided";
    public const string CreditUndone = "credit.undone";

    public const string PaymentRefunded = "payment.refunded";
    public const string EventReplayed = "gateway_event.replayed";
    public const string DifferenceHealed = "payment.difference_healed";

    public const string BulkStarted = "bulk_grant.started";
    public const string BulkUndone = "bulk_grant.undone";

    /// <summary>All of them, in the order in which they are offered.</summary>
    public static ImmutableArray<string> All { get; } =
    [
        KeyCreated, KeyRotated, KeyRevoked, KeyPaused, KeyResumed, KeyLimitsChanged,
        MemberInvited, InvitationWithdrawn, MemberJoined, MemberChanged, MemberRemoved,
        OrganizationMade, OrganizationRenamed,
        PlanChanged, AutoReloadChanged, BillingDetailsChanged,
        CardSaved, CardPreferred, CardRemoved,
        BalanceAlertsChanged, SpendLimitsChanged,
        PasswordChanged, AuthenticatorOn, AuthenticatorOff, RecoveryCodesRenewed, PasskeyAdded, PasskeyRemoved, SignedOutElsewhere, NotificationsChosen,
        WebhookAdded, WebhookChanged, WebhookSecretRolled, WebhookRemoved,
        NumberRented, NumberReleased,
        CreditGranted, CreditDeducted, CreditVoided, CreditUndone,
        PaymentRefunded, EventReplayed, DifferenceHealed, BulkStarted, BulkUndone,
    ];
}
