namespace BillingPortal.Ledger;

/// <summary>Credit set aside for work in progress: it lowers the available, not the posted, balance, and ends once.</summary>
/// <param name="Id">hold_…</param>
/// <param name="Amount">What is set aside.</param>
/// <param name="ExpiresAt">The instant from which it holds nothing, by itself.</param>
/// <param name="IsGift">Whether it is promised as a gift: then giftable credit alone is set aside, and no charge takes it.</param>
/// <param name="KeyId">The API key whose limits it counts for; null: none.</param>
public sealed record Hold(string Id, Credits Amount, DateTimeOffset ExpiresAt, bool IsGift = false, string? KeyId = null)
{
    public bool IsOpenAt(DateTimeOffset instant) => instant < ExpiresAt;
}
