namespace BillingPortal.Client;

/// <summary>What a person manages: money, plan, keys. All of it needs a signed-in user's access token.</summary>
public sealed partial class PortalClient
{
    /// <summary>Starts a top-up; the credits arrive once it is paid.</summary>
    public async Task<TopUp> TopUpAsync(decimal amountUsd, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        (await transport.PostAsync<Data<TopUp>>("api/v1/billing/wallet/topup", new { AmountUsd = amountUsd }, idempotencyKey, cancellationToken)).Value;

    public async Task<AutoReload> GetAutoReloadAsync(CancellationToken cancellationToken = default) =>
        (await transport.GetAsync<Data<AutoReload>>("api/v1/billing/wallet/auto-reload", cancellationToken)).Value;

    public async Task<AutoReload> SetAutoReloadAsync(AutoReloadRule rule, CancellationToken cancellationToken = default) =>
        (await transport.PutAsync<Data<AutoReload>>("api/v1/billing/wallet/auto-reload", rule, cancellationToken)).Value;

    /// <summary>The plan that is held; a key may read it too.</summary>
    public async Task<Subscription> GetSubscriptionAsync(CancellationToken cancellationToken = default) =>
        (await transport.GetAsync<Data<Subscription>>("api/v1/billing/subscription", cancellationToken)).Value;

    /// <summary>Changes the plan. If money is due first, the answer has the address to pay at and nothing has changed yet.</summary>
    public async Task<PlanChange> ChangePlanAsync(
        string planId, string? interval = null, int? seats = null, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        (await transport.PostAsync<Data<PlanChange>>(
            "api/v1/billing/subscription", new { PlanId = planId, Interval = interval, Seats = seats }, idempotencyKey, cancellationToken)).Value;

    /// <summary>Makes a key. Its secret is in this answer and never shown again.</summary>
    public Task<NewKey> GenerateKeyAsync(
        string? name = null, int? expiresInDays = null, IReadOnlyList<string>? scopes = null, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        transport.PostAsync<NewKey>(
            "v1/keys/generate", new Dictionary<string, object?> { ["name"] = name, ["expires_in_days"] = expiresInDays, ["scopes"] = scopes }, idempotencyKey, cancellationToken);

    public Task<KeyPage> GetKeysAsync(string? after = null, int limit = 50, CancellationToken cancellationToken = default) =>
        transport.GetAsync<KeyPage>(Address("v1/keys", ("after", after), ("limit", limit)), cancellationToken);

    /// <summary>Replaces a key by a new one; the old one works until the grace ends.</summary>
    public Task<NewKey> RotateKeyAsync(string keyId, TimeSpan? grace = null, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        transport.PostAsync<NewKey>(
            "v1/keys/rotate", new Dictionary<string, object> { ["key_id"] = keyId, ["grace_seconds"] = (long)(grace ?? TimeSpan.FromDays(1)).TotalSeconds },
            idempotencyKey, cancellationToken);

    /// <summary>Stops a key from its next request on.</summary>
    public Task RevokeKeyAsync(string keyId, string? idempotencyKey = null, CancellationToken cancellationToken = default) =>
        transport.PostAsync<System.Text.Json.JsonElement>("v1/keys/revoke", new Dictionary<string, object> { ["key_id"] = keyId }, idempotencyKey, cancellationToken);
}
