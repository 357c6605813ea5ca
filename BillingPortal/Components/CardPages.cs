using BillingPortal.Payments;
using BillingPortal.Purchases;

namespace BillingPortal.Components;

/// <summary>The cards of an organization, and whether the viewer may change them.</summary>
public sealed record CardList(IReadOnlyList<SavedCardView> Cards, bool MayChange);

/// <summary>How auto-reload stands, what it did last, what its rule, or the one proposed, would have done, and whether the viewer may change it.</summary>
public sealed record ReloadOverview(AutoReloadView Reload, AutoReloadRule Rule, IReadOnlyList<AutoReloadAttempt> Attempts, RehearsalResult Rehearsed, bool MayChange);
