import { Http, type CallOptions, type FlowOptions, type Query } from './http.js';
import type * as S from './shapes.js';

export { FlowError, type CallOptions, type FlowOptions } from './http.js';
export type * from './shapes.js';

interface Data<T> { data: T }

/** Client for every surface of the billing portal. Send it an API key, or a signed-in user's access token. */
export class Flow {
  readonly flows: Flows;
  readonly posts: Posts;
  readonly webhooks: Webhooks;
  readonly usage: Usage;
  readonly holds: Holds;
  readonly numbers: Numbers;
  readonly billing: Billing;
  readonly credits: Credits;
  readonly apiCredits: ApiCredits;
  readonly keys: Keys;

  private readonly http: Http;

  constructor(key: string, options: FlowOptions = {}) {
    const http = new Http(key, options);
    this.http = http;
    this.flows = new Flows(http);
    this.posts = new Posts(http);
    this.webhooks = new Webhooks(http);
    this.usage = new Usage(http);
    this.holds = new Holds(http);
    this.numbers = new Numbers(http);
    this.billing = new Billing(http);
    this.credits = new Credits(http);
    this.apiCredits = new ApiCredits(http);
    this.keys = new Keys(http);
  }

  /** Who the key belongs to, and what it may do. */
  me(): Promise<S.Me> {
    return this.http.get('/api/v1/me');
  }

  /** What a month's usage would cost: `estimate({ image_to_html: 50 })`. */
  estimate(usage: Query): Promise<S.Estimate> {
    return this.http.get('/api/v1/estimate', usage);
  }
}

class Flows {
  constructor(private readonly http: Http) {}

  getBalance(): Promise<S.FlowBalance> {
    return this.http.get('/api/flows/balance');
  }

  getTransactions(query: { limit?: number } = {}): Promise<{ transactions: S.FlowTransaction[]; count: number }> {
    return this.http.get('/api/flows/transactions', { limit: query.limit });
  }

  gift(gift: S.Gift, options?: CallOptions): Promise<S.GiftReceipt> {
    return this.http.post('/api/flows/gift', gift, options);
  }

  /** For administrators. */
  grant(grant: S.FlowGrant, options?: CallOptions): Promise<S.FlowGrantReceipt> {
    return this.http.post('/api/flows/admin/grant', grant, options);
  }
}

class Posts {
  constructor(private readonly http: Http) {}

  create(post: S.NewPost, options?: CallOptions): Promise<S.Post> {
    return this.http.post('/api/posts', post, options);
  }

  get(id: string): Promise<S.Post> {
    return this.http.get(`/api/posts/${encodeURIComponent(id)}`);
  }

  list(query: Query = {}): Promise<{ posts: S.Post[]; count: number; nextAfter: string | null }> {
    return this.http.get('/api/posts', query);
  }
}

class Webhooks {
  constructor(private readonly http: Http) {}

  create(webhook: S.NewWebhook, options?: CallOptions): Promise<S.Webhook> {
    return this.http.post('/v1/webhooks', webhook, options);
  }

  list(query: Query = {}): Promise<{ webhooks: S.Webhook[]; count: number }> {
    return this.http.get('/v1/webhooks', query);
  }

  get(id: string): Promise<S.Webhook> {
    return this.http.get(`/v1/webhooks/${encodeURIComponent(id)}`);
  }

  update(id: string, change: { url?: string; events?: string[]; active?: boolean }): Promise<S.Webhook> {
    return this.http.patch(`/v1/webhooks/${encodeURIComponent(id)}`, change);
  }

  delete(id: string): Promise<void> {
    return this.http.delete(`/v1/webhooks/${encodeURIComponent(id)}`);
  }

  getDeliveries(
    id: string, query: { page?: number; perPage?: number; status?: string } = {},
  ): Promise<{ deliveries: S.Delivery[]; page: number; perPage: number; total: number }> {
    return this.http.get(`/v1/webhooks/${encodeURIComponent(id)}/deliveries`, { ...query });
  }

  test(id: string, options?: CallOptions): Promise<{ success: true; deliveryId: string }> {
    return this.http.post(`/v1/webhooks/${encodeURIComponent(id)}/test`, undefined, options);
  }
}

class Usage {
  constructor(private readonly http: Http) {}

  /** Charges one event, once for its id. */
  report(event: S.UsageEvent, options?: CallOptions): Promise<S.UsageResult> {
    return this.http.post('/api/v1/usage/events', event, options);
  }

  /** Charges up to 1,000 events; one that is rejected leaves the others alone. */
  async reportAll(events: S.UsageEvent[], options?: CallOptions): Promise<S.UsageResult[]> {
    return (await this.http.post<{ results: S.UsageResult[] }>('/api/v1/usage/events', events, options)).results;
  }

  summary(query: { days?: number; keyId?: string } = {}): Promise<S.UsageSummary> {
    return this.http.get('/api/v1/usage', { ...query });
  }
}

class Holds {
  constructor(private readonly http: Http) {}

  place(hold: { operation: string; quantity?: number; expiresInSeconds?: number; properties?: S.UsageProperties }, options?: CallOptions): Promise<S.Hold> {
    return this.http.post('/api/v1/holds', hold, options);
  }

  get(id: string): Promise<S.Hold> {
    return this.http.get(`/api/v1/holds/${encodeURIComponent(id)}`);
  }

  capture(id: string, use: { quantity?: number; properties?: S.UsageProperties }, options?: CallOptions): Promise<S.CapturedHold> {
    return this.http.post(`/api/v1/holds/${encodeURIComponent(id)}/capture`, use, options);
  }

  release(id: string, options?: CallOptions): Promise<S.Hold> {
    return this.http.post(`/api/v1/holds/${encodeURIComponent(id)}/release`, undefined, options);
  }
}

class Numbers {
  constructor(private readonly http: Http) {}

  rent(number: { number: string; label?: string }, options?: CallOptions): Promise<S.RentedNumber> {
    return this.http.post('/api/v1/numbers', number, options);
  }

  list(query: { after?: string; limit?: number } = {}): Promise<{ data: S.RentedNumber[]; nextAfter: string | null }> {
    return this.http.get('/api/v1/numbers', { ...query });
  }

  release(id: string): Promise<S.RentedNumber> {
    return this.http.delete(`/api/v1/numbers/${encodeURIComponent(id)}`);
  }
}

class Billing {
  constructor(private readonly http: Http) {}

  async getWallet(): Promise<S.Wallet> {
    return (await this.http.get<Data<S.Wallet>>('/api/v1/billing/wallet')).data;
  }

  /** For signed-in users. */
  async topUp(amountUsd: number, options?: CallOptions): Promise<S.TopUp> {
    return (await this.http.post<Data<S.TopUp>>('/api/v1/billing/wallet/topup', { amountUsd }, options)).data;
  }

  /** For signed-in users. */
  async setAutoReload(settings: { enabled: boolean; thresholdUsd: number; amountUsd: number; monthlyLimitUsd?: number }): Promise<S.AutoReload> {
    return (await this.http.put<Data<S.AutoReload>>('/api/v1/billing/wallet/auto-reload', settings)).data;
  }

  /** For keys with `billing:write`. */
  async credit(
    credit: { amountUsd?: number; credits?: number; organizationId?: string; note?: string; reference?: string }, options?: CallOptions,
  ): Promise<{ transactionId: string; balanceCredits: number }> {
    return (await this.http.post<Data<{ transactionId: string; balanceCredits: number }>>('/api/v1/billing/wallet/credit', credit, options)).data;
  }

  async getUsage(query: { from?: string; to?: string } = {}): Promise<S.UsageDay[]> {
    return (await this.http.get<Data<S.UsageDay[]>>('/api/v1/billing/usage', { ...query })).data;
  }

  getUsageItems(
    query: { from?: string; to?: string; channel?: string; cursor?: string; limit?: number } = {},
  ): Promise<{ data: S.UsageItem[]; nextCursor: string | null }> {
    return this.http.get('/api/v1/billing/usage/items', { ...query });
  }

  async getPlans(): Promise<S.Plan[]> {
    return (await this.http.get<Data<S.Plan[]>>('/api/v1/billing/plans')).data;
  }

  async getSubscription(): Promise<S.Subscription> {
    return (await this.http.get<Data<S.Subscription>>('/api/v1/billing/subscription')).data;
  }

  /** For signed-in users: the changed subscription, or the address of a checkout. */
  async changeSubscription(change: { planId: string; interval?: 'monthly' | 'yearly'; seats?: number }, options?: CallOptions): Promise<S.Subscription | { url: string }> {
    return (await this.http.post<Data<S.Subscription | { url: string }>>('/api/v1/billing/subscription', change, options)).data;
  }

  getInvoices(query: { cursor?: string; limit?: number } = {}): Promise<{ data: S.Invoice[]; nextCursor: string | null }> {
    return this.http.get('/api/v1/billing/invoices', { ...query });
  }
}

class Credits {
  constructor(private readonly http: Http) {}

  /** Starts buying a pack; send the buyer's browser to `url`. */
  purchase(pack: string, options?: CallOptions): Promise<S.Purchase> {
    return this.http.post('/api/v1/credits/purchase', { pack }, options);
  }

  async getBalance(): Promise<S.CreditBalance> {
    return (await this.http.get<Data<S.CreditBalance>>('/credits/balance')).data;
  }

  getTransactions(
    query: { page?: number; limit?: number; direction?: 'in' | 'out' | 'all'; startDate?: string; endDate?: string; repoId?: string } = {},
  ): Promise<{ data: S.CreditTransaction[]; pagination: { total: number; page: number; limit: number } }> {
    return this.http.get('/credits/transactions', { ...query });
  }

  getMonthlyStats(query: { months?: number } = {}): Promise<{ data: (S.MonthSums & { month: string })[]; totals: S.MonthSums }> {
    return this.http.get('/credits/stats/monthly', { ...query });
  }

  async getPacks(): Promise<S.CreditPack[]> {
    return (await this.http.get<Data<S.CreditPack[]>>('/credits/packs')).data;
  }

  async getRates(): Promise<S.CreditRate[]> {
    return (await this.http.get<Data<S.CreditRate[]>>('/credits/rates')).data;
  }

  buyPack(packId: string, options?: CallOptions): Promise<{ success: true; checkoutUrl: string; sessionId: string }> {
    return this.http.post('/credits/packs/buy', { packId }, options);
  }
}

/** For signed-in users, but for the packs, which are public. */
class ApiCredits {
  constructor(private readonly http: Http) {}

  async getPacks(): Promise<S.ApiCreditPack[]> {
    return (await this.http.get<Data<S.ApiCreditPack[]>>('/v1/billing/packs')).data;
  }

  checkout(pack: string, options?: CallOptions): Promise<{ url: string }> {
    return this.http.post('/v1/billing/checkout', { pack }, options);
  }

  async getHistory(query: { limit?: number; before?: number } = {}): Promise<S.ApiCreditPurchase[]> {
    return (await this.http.get<Data<S.ApiCreditPurchase[]>>('/v1/billing/history', { ...query })).data;
  }

  getBalance(): Promise<S.ApiCredits> {
    return this.http.get('/v1/api-credits');
  }
}

/** For signed-in users. */
class Keys {
  constructor(private readonly http: Http) {}

  generate(key: { name?: string; expires_in_days?: number; scopes?: string[] } = {}, options?: CallOptions): Promise<S.NewApiKey> {
    return this.http.post('/v1/keys/generate', key, options);
  }

  async list(): Promise<S.ApiKey[]> {
    return (await this.http.get<Data<S.ApiKey[]>>('/v1/keys')).data;
  }

  /** A new key for an old one, which works until the grace ends. */
  rotate(keyId: string, rotation: { grace_seconds?: number } = {}, options?: CallOptions): Promise<S.NewApiKey & { replaces: string }> {
    return this.http.post('/v1/keys/rotate', { key_id: keyId, ...rotation }, options);
  }

  revoke(keyId: string, options?: CallOptions): Promise<{ revoked: true }> {
    return this.http.post('/v1/keys/revoke', { key_id: keyId }, options);
  }
}
