/**
 * Everything of a page at one block. A second node, if the reader names one, is asked the same; where the two differ nothing is
 * shown but which of them differs.
 */
import { type Hex, type Interface, decode, encode, isUnknown } from './contracts.js';
import { ReadError, isKind } from './errors.js';
import { Node, type NodeOptions, canonical } from './rpc.js';

export const DEVNET = 31337;

export interface Block {
  number: bigint;
  hash: Hex;
  /** Unix seconds. */
  time: bigint;
  /** No reorganisation can replace it, as the node knows it. */
  finalized: boolean;
}

/** A number, a hash, or what a page takes by itself: the newest finalised one, on a devnet the newest. */
export type Which = bigint | Hex | undefined;

export interface Log {
  address: Hex;
  topics: Hex[];
  data: Hex;
  blockNumber: bigint;
  transactionHash: Hex;
  logIndex: number;
}

const isHex = (value: unknown): value is Hex => typeof value === 'string' && /^0x[0-9a-f]*$/i.test(value);

export class Reader {
  private readonly codes = new Map<Hex, Promise<Hex>>();

  private constructor(
    readonly nodes: Node[],
    readonly chainId: number,
    readonly block: Block,
  ) {}

  /**
   * Chooses the block.
   *
   * @throws ReadError if the nodes are of another chain, do not have the block or disagree about it.
   */
  static async at(urls: string[], chainId: number, which: Which, options: NodeOptions = {}): Promise<Reader> {
    const nodes = urls.map((url) => new Node(url, options));
    for (const node of nodes) {
      const id = Number(await node.ask('eth_chainId', []));
      if (id !== chainId) throw new ReadError('wrong chain', `${node.url} is a node of chain ${id}, this page is of chain ${chainId}`, node.url);
    }
    const [first, ...others] = nodes;
    if (!first) throw new ReadError('unreachable', 'no node is named: enter the address of one');
    const block = await find(first, chainId, which);
    for (const other of others) {
      const same = await header(other, block.number);
      if (!same) throw new ReadError('no block', `${other.url} does not have block ${block.number} yet, ${first.url} has`, other.url);
      if (same.hash !== block.hash) {
        throw new ReadError('disagree', `${other.url} differs from ${first.url}: its block ${block.number} is ${same.hash}, not ${block.hash}`, other.url);
      }
    }
    return new Reader(nodes, chainId, block);
  }

  /** Asks every node; the answer of the first, once the others have given the same. */
  async ask(method: string, params: unknown[], comparable: (value: unknown) => unknown = (value) => value): Promise<unknown> {
    const asked = this.nodes.map((node) => node.ask(method, params).then((value) => ({ node, value }), (error: unknown) => ({ node, error })));
    const answers = await Promise.all(asked);
    const text = (one: (typeof answers)[number]) => {
      if (!('error' in one)) return canonical(comparable(one.value));
      return isKind(one.error, 'reverted') ? `reverted ${one.error.data}` : undefined;
    };
    // A node that does not answer is an error of its own, before what others say.
    for (const one of answers) if ('error' in one && text(one) === undefined) throw one.error;
    const [first, ...others] = answers;
    for (const other of others) {
      if (text(other) !== text(first!)) {
        throw new ReadError(
          'disagree',
          `${other.node.url} differs from ${first!.node.url} in the answer to ${method}: one of the two is wrong, so nothing is shown`,
          other.node.url,
        );
      }
    }
    if ('error' in first!) throw first.error;
    return first!.value;
  }

  /** @throws ReadError `reverted`, or `not this contract` if what comes back is not what such a function returns. */
  async view<T>(of: Interface, address: Hex, name: string, args: readonly unknown[] = []): Promise<T> {
    const data = await this.ask('eth_call', [{ to: address, data: encode(of, name, args) }, { blockHash: this.block.hash }]);
    try {
      if (!isHex(data) || data === '0x') throw new Error('no data');
      return decode(of, name, data) as T;
    } catch {
      throw new ReadError('not this contract', `${address} does not answer ${name}() as a contract of assay would`);
    }
  }

  /** As `view`, of something that has an id. */
  async thing<T>(of: Interface, address: Hex, name: string, id: Hex, what: string): Promise<T> {
    try {
      return await this.view<T>(of, address, name, [id]);
    } catch (error) {
      if (isKind(error, 'reverted') && isUnknown(of, error.data)) {
        throw new ReadError('unknown id', `${address} had no ${what} ${id} at block ${this.block.number}`);
      }
      throw error;
    }
  }

  /** Things 0 to count−1 of a list that a contract keeps, all of them or the newest ones. */
  async list<T>(of: Interface, address: Hex, count: string, at: string, args: readonly unknown[]): Promise<T[]> {
    const total = await this.view<bigint>(of, address, count, args);
    const places = Array.from({ length: Number(total) }, (_, i) => BigInt(i));
    return Promise.all(places.map((i) => this.view<T>(of, address, at, [...args, i])));
  }

  /** Code at an address; `0x` if there is none. */
  code(address: Hex): Promise<Hex> {
    const key = address.toLowerCase() as Hex;
    let found = this.codes.get(key);
    if (!found) {
      found = this.ask('eth_getCode', [address, { blockHash: this.block.hash }]).then((code) => {
        if (!isHex(code)) throw new ReadError('half', `a node gave code of ${address} that is none`);
        return code.toLowerCase() as Hex;
      });
      this.codes.set(key, found);
    }
    return found;
  }

  /** Logs up to the block, oldest first: backwards in pages as large as the node allows, until `isFirst` has found the oldest. */
  async logs(address: Hex, topics: (Hex | null)[], isFirst: (log: Log) => boolean): Promise<Log[]> {
    const pages: Log[][] = [];
    let last = this.block.number;
    let span = last + 1n;
    for (;;) {
      if (span > last + 1n) span = last + 1n;
      const from = last + 1n - span;
      const filter = { address, topics, fromBlock: hex(from), toBlock: hex(last) };
      let found: Log[];
      try {
        found = logsOf(await this.ask('eth_getLogs', [filter], comparableLogs));
      } catch (error) {
        if (isKind(error, 'refused', 'status') && span > 1n) {
          span /= 2n;
          continue;
        }
        throw error;
      }
      pages.push(found);
      if (from === 0n || found.some(isFirst)) break;
      last = from - 1n;
    }
    return pages.reverse().flat();
  }

  /** What a transaction carried. */
  async transaction(hash: Hex): Promise<{ from: Hex; to: Hex | null; input: Hex } | undefined> {
    const found = await this.ask('eth_getTransactionByHash', [hash], (value) => pick(value, ['hash', 'from', 'to', 'input', 'blockNumber']));
    const { from, to, input } = (found ?? {}) as { from?: unknown; to?: unknown; input?: unknown };
    return isHex(from) && isHex(input) ? { from, to: isHex(to) ? to : null, input } : undefined;
  }

  /** Unix seconds of a block. */
  async timeOf(number: bigint): Promise<bigint | undefined> {
    const found = (await this.ask('eth_getBlockByNumber', [hex(number), false], (value) => pick(value, ['hash', 'timestamp']))) as { timestamp?: unknown } | null;
    return isHex(found?.timestamp) ? BigInt(found.timestamp) : undefined;
  }

  /** @throws ReadError if the block was replaced while it was read. */
  async finish(): Promise<void> {
    for (const node of this.nodes) {
      const now = await header(node, this.block.number);
      if (now?.hash !== this.block.hash) {
        throw new ReadError('reorganised', `block ${this.block.number} was replaced while it was read: load the page again`, node.url);
      }
    }
  }
}

export const hex = (value: bigint): Hex => `0x${value.toString(16)}`;

function pick(value: unknown, keys: string[]): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([key]) => keys.includes(key)));
}

function logsOf(value: unknown): Log[] {
  if (!Array.isArray(value)) throw new ReadError('half', 'a node gave logs that are none');
  return value.map((one: Record<string, unknown>) => {
    const { address, topics, data, blockNumber, transactionHash, logIndex } = one;
    if (!isHex(address) || !Array.isArray(topics) || !topics.every(isHex) || !isHex(data) || !isHex(transactionHash)) {
      throw new ReadError('half', 'a node gave a log that is none');
    }
    return { address, topics, data, blockNumber: BigInt(blockNumber as string), transactionHash, logIndex: Number(logIndex) };
  });
}

function comparableLogs(value: unknown): unknown {
  const keys = ['address', 'topics', 'data', 'blockNumber', 'transactionHash', 'logIndex'];
  return Array.isArray(value) ? value.map((one) => pick(one, keys)) : value;
}

async function header(node: Node, which: bigint | 'latest' | 'finalized' | Hex): Promise<Block | undefined> {
  const byHash = typeof which === 'string' && which.startsWith('0x');
  const params = [typeof which === 'bigint' ? hex(which) : which, false];
  const found = (await node.ask(byHash ? 'eth_getBlockByHash' : 'eth_getBlockByNumber', params)) as Record<string, unknown> | null;
  if (!found) return undefined;
  const { number, hash, timestamp } = found;
  if (!isHex(number) || !isHex(hash) || !isHex(timestamp)) throw new ReadError('half', `${node.url} gave a block that is none`, node.url);
  return { number: BigInt(number), hash, time: BigInt(timestamp), finalized: false };
}

async function find(node: Node, chainId: number, which: Which): Promise<Block> {
  if (which === undefined) {
    const tag = chainId === DEVNET ? 'latest' : 'finalized';
    const found = await header(node, tag);
    if (!found) throw new ReadError('no block', `${node.url} knows no ${tag} block: name one by its number`, node.url);
    return { ...found, finalized: tag === 'finalized' };
  }
  const found = await header(node, which);
  if (!found) throw new ReadError('no block', `${node.url} does not have block ${which}: it is to come, was replaced, or is of another chain`, node.url);
  const there = await header(node, found.number);
  if (there?.hash !== found.hash) throw new ReadError('no block', `block ${which} was replaced in a reorganisation`, node.url);
  if (chainId === DEVNET) return found;
  const final = await header(node, 'finalized').catch(() => undefined);
  return { ...found, finalized: final !== undefined && final.number >= found.number };
}
