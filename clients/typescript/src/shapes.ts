/** The shapes of the portal's answers. Answers may hold more fields than these; credit and money are exact decimals. */

export interface FlowBalance {
  daily: { used: number; limit: number; remaining: number };
  bonus: { available: number };
  total: { available: number };
}

export interface FlowTransaction {
  id: string;
  type: 'gift_sent' | 'gift_received' | 'earned' | 'consumed';
  amount: number;
  balanceAfter: number;
  source: string;
  note: string | null;
  /** Epoch milliseconds. */
  createdAt: number;
}

export interface Gift { recipientEmail: string; amount: number; note?: string }
export interface GiftReceipt { success: true; transferred: number; yourBalance: number; recipientEmail: string; transactionId: string }
export interface FlowGrant { userEmail: string; amount: number; source?: string; note?: string }
export interface FlowGrantReceipt { success: true; granted: number; newBalance: number; userEmail: string }
export interface NewPost { channelId: string; content: string; scheduledFor?: string }
export interface Post { id: string; content: string; scheduledFor: number; status: string; flowSource: 'daily' | 'bonus' }
export interface NewWebhook { url: string; events: string[] }
export interface Webhook { id: string; userId: string; url: string; events: string[]; active: boolean; createdAt: number; secret?: string }
/** Times in epoch milliseconds. */
export interface Delivery {
  id: string; eventId: string; event: string; status: string; attempts: number; responseStatus: number | null; error: string | null;
  createdAt: number; nextAttemptAt: number | null; deliveredAt: number | null;
}

/** `clientSecret` is for the payment provider's own form; null where the buyer is sent to `url`. */
export interface TopUp { clientSecret: string | null; url: string; paymentId: string; amountUsd: number; credits: number }

export interface AutoReload {
  enabled: boolean; thresholdUsd: number | null; amountUsd: number | null; monthlyLimitUsd: number | null; chargedThisMonthUsd: number; problem: string | null;
}

export interface UsageProperties {
  model?: string; inputTokens?: number; outputTokens?: number; tollFree?: boolean; carrierCostUsd?: number; agentId?: string; repoId?: string;
  unitId?: string; host?: string; nodeType?: 'public' | 'private'; llmType?: string; llmModel?: string; status?: string;
}

export interface UsageEvent { id: string; operation: string; quantity?: number; occurredAt?: string; properties?: UsageProperties }

export interface UsageResult {
  id: string; status: 'charged' | 'duplicate' | 'rejected' | 'free'; creditType: string | null; credits: number; balanceAfter: number | null;
  transactionId: string | null; code?: string; message?: string; field?: string;
}

export interface UsageSummary {
  period: { start: string; end: string; days: number };
  key?: { id: string; name: string; lastUsed: string | null };
  summary: { totalCalls: number; totalCredits: number; byEndpoint: Record<string, { calls: number; credits: number; label: string }> };
  daily: { date: string; calls: number; credits: number }[];
}

export interface Hold { id: string; credits: number; expiresAt: string; status: 'open' | 'captured' | 'released' | 'expired'; creditType: string; includedUnits: number }
export interface CapturedHold { id: string; status: 'captured'; creditType: string; credits: number; balanceAfter: number; transactionId: string | null; heldCredits: number }
export interface RentedNumber { id: string; number: string; label: string | null; status: 'active' | 'past_due' | 'released'; rentedAt: string; nextChargeAt: string | null }

export interface Estimate {
  items: { id: string; label: string; quantity: number; credits: number; creditType: string }[];
  totalCredits: number;
  recommendedPack: string | null;
  packs: { id: string; covers: boolean }[];
  cheapest: { packs: { id: string; count: number }[]; credits: number; priceUsd: number; leftover: number } | null;
}

export interface Purchase { url: string; pack: { id: string; name: string; credits: number; price: string } }
export interface Me { kind: 'key' | 'user'; organization: { id: string; name: string }; plan: { id: string; name: string }; scopes: string[] }

export interface Wallet {
  balanceUsd: number; autoReloadEnabled: boolean; autoReloadThresholdUsd: number | null; autoReloadAmountUsd: number | null;
  balanceCredits: number; heldCredits: number; availableCredits: number;
  buckets: { id: string; kind: string; source: string; amount: number; remaining: number; expiresAt: string | null }[];
}

export interface UsageDay { date: string; channel: string; quantity: number; credits: number; items: number }
export interface UsageItem { time: string; type: string; channel: string; quantity: number; credits: number; description: string; agentId: string | null; id: string }

export interface Plan {
  id: string; name: string; monthlyPriceUsd: number; yearlyPriceUsd: number; includedMinutes: number; overageRate: number | null;
  monthlyCredits: number; dailyFlows: number; perSeat: boolean; apiAccess: boolean;
}

export interface Subscription {
  plan: { id: string; monthlyPriceUsd: number; includedMinutes: number; overageRate: number | null };
  status: string; seats: number; currentPeriodStart: string; currentPeriodEnd: string; cancelAtPeriodEnd: boolean; pendingPlanId?: string | null;
}

export interface Invoice { id: string; number: string; date: string; description: string; amountUsd: number; status: string; pdfUrl: string | null }

export interface CreditBalance {
  creditBalance: number; dateBalance: string; realtimeBalance: number; pendingConsumption: number;
  breakdown: { storage: number; ai: number; operations: number; voice: number };
}

export interface CreditTransaction {
  id: string; creditAmount: number; createdAt: string; description: string; type: 'consumption' | 'purchase' | 'grant';
  rateType?: string; rateConcept?: string; rateUsed?: number; repoId?: string; unitId?: string; host?: string; llmType?: string; llmModel?: string;
  subscriptionName?: string; packName?: string;
}

export interface MonthSums { consumption: number; purchases: number; grants: number; balance: number }
export interface CreditPack { id: string; name: string; code: string; credits: number; price: number }
export interface CreditRate { id: string; type: string; typeCode: string; concept: string; conceptCode: string; unit: string; rate: number }

export interface ApiCreditPack { key: string; name: string; price: string; credits_after_fee: string; note: string; credits: number; fee: string }
export interface ApiCreditPurchase { id: string; amount: number; balance_after: number; stripe_payment_id: string | null; created_at: string }
export interface ApiCredits { balance: number; total_purchased: number; total_consumed: number }
export interface ApiKey { id: string; key_prefix: string; name: string; is_active: boolean; created_at: string; expires_at: string | null }
export interface NewApiKey extends ApiKey { api_key: string; warning: string }
