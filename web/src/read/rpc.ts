/**
 * JSON-RPC over fetch: requests of one moment go out together, 50 at most in a batch, and what a node refuses for its load is
 * asked again after a while. Nothing of an answer is believed but that it has the shape of one.
 */
import { ReadError } from './errors.js';

/** Requests in one HTTP request. */
export const BATCH = 50;
/** Batches that wait for their answers together. */
const AT_ONCE = 4;
/** Times a request is made before its failure is told. */
const ATTEMPTS = 4;
/** Before the second attempt, milliseconds; twice as long before each further one. */
const PAUSE = 250;

export interface NodeOptions {
  /** Milliseconds that one HTTP request may take. */
  timeout?: number;
  /** Milliseconds before the second attempt. */
  pause?: number;
  fetch?: typeof fetch;
}

interface Waiting {
  method: string;
  params: unknown[];
  resolve: (value: unknown) => void;
  reject: (error: ReadError) => void;
}

interface Answer {
  id?: unknown;
  result?: unknown;
  error?: { code?: unknown; message?: unknown; data?: unknown } | null;
}

/** One endpoint. */
export class Node {
  private queue: Waiting[] = [];
  private running = 0;
  private planned = false;
  private single = false;
  /** HTTP requests made so far. */
  requests = 0;

  constructor(
    readonly url: string,
    private readonly options: NodeOptions = {},
  ) {}

  /**
   * The result of one call.
   *
   * @throws ReadError with the endpoint; `reverted` with the data if a contract refused the call.
   */
  ask(method: string, params: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.queue.push({ method, params, resolve, reject });
      if (this.planned) return;
      this.planned = true;
      setTimeout(() => {
        this.planned = false;
        this.pump();
      });
    });
  }

  private pump(): void {
    while (this.running < AT_ONCE && this.queue.length > 0) {
      const batch = this.queue.splice(0, this.single ? 1 : BATCH);
      this.running++;
      void this.send(batch, 0).finally(() => {
        this.running--;
        this.pump();
      });
    }
  }

  private async send(batch: Waiting[], attempt: number): Promise<void> {
    let answers: Answer[];
    try {
      answers = await this.exchange(batch);
    } catch (error) {
      if (!(error instanceof ReadError)) throw error;
      const again = ['unreachable', 'late', 'status', 'html', 'half'].includes(error.kind);
      if (!again || attempt + 1 >= ATTEMPTS) {
        for (const one of batch) one.reject(error);
        return;
      }
      await this.rest(attempt);
      return this.send(batch, attempt + 1);
    }
    const later: Waiting[] = [];
    batch.forEach((one, i) => {
      const { error, result } = answers[i]!;
      if (!error) return one.resolve(result);
      const told = this.told(one, error);
      if (told === 'busy' && attempt + 1 < ATTEMPTS) later.push(one);
      else one.reject(told === 'busy' ? new ReadError('refused', `${this.url} is too busy: ${String(error.message)}`, this.url) : told);
    });
    if (later.length === 0) return;
    await this.rest(attempt);
    return this.send(later, attempt + 1);
  }

  private rest(attempt: number): Promise<void> {
    return new Promise((done) => setTimeout(done, (this.options.pause ?? PAUSE) * 2 ** attempt));
  }

  /** What an error object of a node means. */
  private told({ method, params }: Waiting, error: NonNullable<Answer['error']>): ReadError | 'busy' {
    const message = String(error.message ?? 'no reason given').slice(0, 300);
    if (isBusy(error, method === 'eth_getLogs')) return 'busy';
    const data = revertData(error.data);
    if (method === 'eth_call' && (data !== undefined || error.code === 3 || /revert/i.test(message))) {
      return new ReadError('reverted', `a contract refused the call: ${message}`, this.url, data ?? '0x');
    }
    if (/missing trie node|pruned|state.{0,40}(not available|unavailable|is not)|historical|header not found|unknown block|block not found|BlockOutOfRange/i.test(message)) {
      return new ReadError('no state', `${this.url} has no state of that block any more (${message}): only an archive node has`, this.url);
    }
    return new ReadError('refused', `${this.url} refused ${method}(${JSON.stringify(params).slice(0, 120)}): ${message}`, this.url);
  }

  /** Sends a batch and gives the answers in its order. */
  private async exchange(batch: Waiting[]): Promise<Answer[]> {
    const calls = batch.map(({ method, params }, id) => ({ jsonrpc: '2.0', id, method, params }));
    const body = JSON.stringify(this.single ? calls[0] : calls);
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), this.options.timeout ?? 20_000);
    this.requests++;
    let text: string;
    try {
      const sent = await (this.options.fetch ?? globalThis.fetch)(this.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: stop.signal,
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        redirect: 'error',
      });
      text = await sent.text();
      if (!sent.ok) throw new ReadError('status', `${this.url} answered with HTTP status ${sent.status}`, this.url);
    } catch (error) {
      if (error instanceof ReadError) throw error;
      if (stop.signal.aborted) throw new ReadError('late', `${this.url} did not answer in time`, this.url);
      throw new ReadError('unreachable', `${this.url} does not answer, or refuses pages of this origin (CORS)`, this.url);
    } finally {
      clearTimeout(timer);
    }
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch {
      const kind = /^\s*</.test(text) ? 'html' : 'half';
      throw new ReadError(kind, `${this.url} answered with ${kind === 'html' ? 'a web page' : 'half of an answer'} instead of JSON`, this.url);
    }
    if (this.single) return [this.object(parsed)];
    if (!Array.isArray(parsed)) {
      // Some nodes take no batches and say so in one object.
      const { error } = this.object(parsed);
      if (error && isBusy(error, batch.every(({ method }) => method === 'eth_getLogs'))) {
        throw new ReadError('status', `${this.url} is too busy: ${String(error.message).slice(0, 300)}`, this.url);
      }
      if (error) {
        this.single = true;
        return Promise.all(batch.map(async (one) => (await this.exchange([one]))[0]!));
      }
      throw new ReadError('half', `${this.url} answered a batch with something else`, this.url);
    }
    const answers = parsed.map((one) => this.object(one));
    return calls.map(({ id }) => {
      const found = answers.filter((one) => one.id === id);
      if (found.length !== 1) throw new ReadError('half', `${this.url} left ${found.length} answers to one request`, this.url);
      return found[0]!;
    });
  }

  private object(value: unknown): Answer {
    const is = typeof value === 'object' && value !== null && !Array.isArray(value) && ('result' in value || 'error' in value);
    if (!is) throw new ReadError('half', `${this.url} gave an answer that is none of JSON-RPC`, this.url);
    return value as Answer;
  }
}

/** Whether waiting helps. The code of rate limits is also given with the size of a range of logs, which waiting does not change. */
const isBusy = ({ code, message }: NonNullable<Answer['error']>, onlyLogs: boolean): boolean =>
  (code === -32005 && !onlyLogs) || /rate limit|too many requests/i.test(String(message));

/** Nodes put what a contract reverted with in different places. */
function revertData(data: unknown): string | undefined {
  if (typeof data === 'string') return /0x[0-9a-fA-F]*/.exec(data)?.[0];
  if (typeof data === 'object' && data !== null && 'data' in data) return revertData(data.data);
  return undefined;
}

/** The same JSON whatever the order of its keys. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : typeof inner === 'string'
        ? inner.toLowerCase()
        : inner,
  );
}
