using System.Collections.Immutable;

namespace BillingPortal.Catalog;

/// <summary>What a usage item reports as its channel. Source: contract, surface 002; the last three carry the operations of the other surfaces.</summary>
public static class Channels
{
    public const string Voice = "voice";
    public const string Chat = "chat";
    public const string TransferMinute = "transfer_minute";
    public const string Number = "number";
    public const string Operations = "operations";
    public const string Storage = "storage";
    public const string Ai = "ai";

    public static ImmutableArray<string> All { get; } = [Voice, Chat, TransferMinute, Number, Operations, Storage, Ai];
}

/// <summary>The parts of the consumption breakdown; every operation belongs to one. Source: contract, surface 003, <c>GET /credits/balance</c>.</summary>
public static class UsageCategories
{
    public const string Storage = "storage";
    public const string Ai = "ai";
    public const string Operations = "operations";
    public const string Voice = "voice";

    public static ImmutableArray<string> All { get; } = [Storage, Ai, Operations, Voice];
}
