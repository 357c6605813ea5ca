using BillingPortal.Payments;
using BillingPortal.Purchases;

namespace BillingPortal.Components;

/// <summary>The cards of an organization, and whether the viewer may change them.</summary>
public sealed record CardList(IReadOnlyList<SavedCardView> Cards, bool MayChange);

/// <summary>How auto-reload stands, what it did last, what rules are played on, and whether the viewer may change it.</summary>
public sealed record ReloadOverview(AutoReloadView Reload, IReadOnlyList<AutoReloadAttempt> Attempts, RehearsalStage Stage, bool MayChange);
