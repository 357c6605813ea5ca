/** How the client reaches the portal. */
export interface FlowOptions {
  /** Where the portal is; else the environment's `FLOW_BASE_URL`, else `http://localhost:5080`. */
  baseUrl?: string;
  /** How often a request is sent again after the connection broke, or the portal answered 429, 502, 503 or 504. Default 3. */
  maxRetries?: number;
  /** How long one attempt may take, in milliseconds. Default 30,000. */
  timeoutMs?: number;
  /** Another `fetch`, for tests and proxies. */
  fetch?: typeof fetch;
}

export interface CallOptions {
  /** The same key and request is done once; by default every POST carries a new one, which its retries share. */
  idempotencyKey?: string;
  signal?: AbortSignal;
}

/** An answer other than success. */
export class FlowError extends Error {
  constructor(
    /** The HTTP status. */
    readonly status: number,
    /** Stable and machine-readable, such as `PACK_LIMIT_REACHED`; empty if the answer had none. */
    readonly code: string,
    message: string,
    /** The whole body, as the portal sent it. */
    readonly body: Record<string, unknown>,
  ) {
    super(message);
    this.name = 'FlowError';
  }

  /** Whether a higher plan would help. */
  get upgrade(): boolean {
    return this.body['upgrade'] === true;
  }
}

export type Query = Record<string, string | number | boolean | undefined>;

const retried = new Set([429, 502, 503, 504]);
const longestPause = 30_000;

/** Sends requests with the key, retries what may be retried, and turns refusals into errors. */
export class Http {
  private readonly baseUrl: string;
  private readonly maxRetries: number;
  private readonly timeoutMs: number;
  private readonly send: typeof fetch;

  constructor(private readonly key: string, options: FlowOptions) {
    const environment = (globalThis as { process?: { env?: Record<string, string | undefined> } }).process?.env;
    this.baseUrl = (options.baseUrl ?? environment?.['FLOW_BASE_URL'] ?? 'http://localhost:5080').replace(/\/+$/, '');
    this.maxRetries = options.maxRetries ?? 3;
    this.timeoutMs = options.timeoutMs ?? 30_000;
    this.send = options.fetch ?? globalThis.fetch.bind(globalThis);
  }

  get<T>(path: string, query: Query = {}, options: CallOptions = {}): Promise<T> {
    const pairs = Object.entries(query).filter(([, value]) => value !== undefined).map(([name, value]) => [name, String(value)]);
    return this.call<T>('GET', pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs)}`, undefined, options);
  }

  post<T>(path: string, body?: unknown, options: CallOptions = {}): Promise<T> {
    return this.call<T>('POST', path, body, { ...options, idempotencyKey: options.idempotencyKey ?? crypto.randomUUID() });
  }

  put<T>(path: string, body: unknown, options: CallOptions = {}): Promise<T> {
    return this.call<T>('PUT', path, body, options);
  }

  patch<T>(path: string, body: unknown, options: CallOptions = {}): Promise<T> {
    return this.call<T>('PATCH', path, body, options);
  }

  delete<T>(path: string, options: CallOptions = {}): Promise<T> {
    return this.call<T>('DELETE', path, undefined, options);
  }

  private async call<T>(method: string, path: string, body: unknown, options: CallOptions): Promise<T> {
    const headers: Record<string, string> = { Authorization: `Bearer ${this.key}`, Accept: 'application/json' };
    if (body !== undefined) {
      headers['Content-Type'] = 'application/json';
    }

    if (options.idempotencyKey !== undefined) {
      headers['Idempotency-Key'] = options.idempotencyKey;
    }

    for (let attempt = 0; ; attempt++) {
      const answer = await this.attempt(method, path, headers, body, options.signal, attempt);
      if (answer === undefined || (retried.has(answer.status) && attempt < this.maxRetries && options.signal?.aborted !== true && mayRetry(answer))) {
        await pause(answer, attempt);
        continue;
      }

      const text = await answer.text();
      const parsed = text === '' ? undefined : parse(text);
      if (answer.ok) {
        return parsed as T;
      }

      const error = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Record<string, unknown>;
      throw new FlowError(answer.status, String(error['code'] ?? ''), String(error['message'] ?? error['error'] ?? answer.statusText), error);
    }
  }

  /** The answer; undefined if the connection broke and another attempt is left. */
  private async attempt(
    method: string, path: string, headers: Record<string, string>, body: unknown, signal: AbortSignal | undefined, attempt: number,
  ): Promise<Response | undefined> {
    const limit = AbortSignal.timeout(this.timeoutMs);
    const stop = new AbortController();
    const abort = (): void => stop.abort(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    limit.addEventListener('abort', () => stop.abort(limit.reason), { once: true });
    try {
      return await this.send(this.baseUrl + path, { method, headers, signal: stop.signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    } catch (error) {
      // A request with an idempotency key, or one that changes nothing, may be sent again.
      if (signal?.aborted === true || attempt >= this.maxRetries || (method !== 'GET' && headers['Idempotency-Key'] === undefined)) {
        throw error;
      }

      return undefined;
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }
}

/** A pack limit is answered 429 too, and waiting a moment does not help. */
function mayRetry(answer: Response): boolean {
  return answer.status !== 429 || answer.headers.has('Retry-After');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function pause(answer: Response | undefined, attempt: number): Promise<void> {
  const asked = Number(answer?.headers.get('Retry-After') ?? Number.NaN) * 1000;
  const wait = Number.isFinite(asked) ? asked : 200 * 2 ** attempt * (1 + Math.random());
  await answer?.body?.cancel();
  await new Promise((resolve) => setTimeout(resolve, Math.min(wait, longestPause)));
}
