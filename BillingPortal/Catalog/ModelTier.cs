using System.Collections.Immutable;
using BillingPortal.Ledger;

namespace BillingPortal.Catalog;

/// <summary>What the tokens of a group of models cost. Source: contract, surface 004.</summary>
/// <param name="Id">Its id, such as <c>core</c>.</param>
/// <param name="Name">What people read.</param>
/// <param name="InputRate">For each priced unit (1,000) of tokens in.</param>
/// <param name="OutputRate">For each priced unit (1,000) of tokens out.</param>
/// <param name="Models">The models in it; each is in one tier only.</param>
public sealed record ModelTier(string Id, string Name, Credits InputRate, Credits OutputRate, ImmutableArray<string> Models);
