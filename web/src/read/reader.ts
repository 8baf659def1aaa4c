/**
 * Everything of a page at one block. A second node, if the reader names one, is asked the same; where the two differ nothing is
 * shown but which of them differs.
 */
import { type Hex, type Interface, decode, encode, isUnknown } from './contracts.js';
import { ReadError, isKind } from './errors.js';
import { Node, type NodeOptions, canonical } from './rpc.js';
import { LISTED, requireSizes } from './sizes.js';
import words from './words.js';

export const DEVNET = words.devnet;

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
  /** Lists of which only the newest things are read, each with how many it has. */
  readonly cut = new Set<string>();

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
    if (nodes.length === 0) throw new ReadError('unreachable', 'no node is named: enter the address of one');
    return new Reader(nodes, chainId, await find(nodes, chainId, which));
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
    let value: unknown;
    try {
      if (!isHex(data) || data === '0x') throw new Error('no data');
      value = decode(of, name, data);
    } catch {
      throw new ReadError('not this contract', `${address} does not answer ${name}() as a contract of assay would`);
    }
    requireSizes(of, address, name, value);
    return value as T;
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

  /** Things 0 to count−1 of a list that a contract keeps, oldest first; of a very long one only the newest, which `cut` says. */
  async list<T>(of: Interface, address: Hex, count: string, at: string, args: readonly unknown[]): Promise<T[]> {
    const total = await this.view<bigint>(of, address, count, args);
    const first = total > LISTED ? total - BigInt(LISTED) : 0n;
    if (first > 0n) this.cut.add(`${count}(): the newest ${LISTED} of ${total}`);
    const places = Array.from({ length: Number(total - first) }, (_, i) => first + BigInt(i));
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

  /**
   * Logs up to the block, oldest first: backwards in pages as large as the node allows, until `isFirst` has found the oldest.
   *
   * @throws ReadError if a node answers with a log of a block that it was not asked for.
   */
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
      const other = found.find(({ blockNumber }) => blockNumber < from || blockNumber > last);
      if (other) throw new ReadError('half', `${this.nodes[0]!.url} gave a log of block ${other.blockNumber}, asked for blocks ${from} to ${last}`, this.nodes[0]!.url);
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
    if (!isHex(address) || !Array.isArray(topics) || !topics.every(isHex) || !isHex(data) || !isHex(blockNumber) || !isHex(transactionHash)) {
      throw new ReadError('half', 'a node gave a log that is none');
    }
    return { address, topics, data, blockNumber: BigInt(blockNumber), transactionHash, logIndex: Number(logIndex) };
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
  if (byHash ? hash.toLowerCase() !== which.toLowerCase() : typeof which === 'bigint' && BigInt(number) !== which) {
    throw new ReadError('half', `${node.url} gave another block than ${which}`, node.url);
  }
  return { number: BigInt(number), hash, time: BigInt(timestamp), finalized: false };
}

/** The block of a page: every node has it alike. By itself a page takes the newest one that all nodes call finalised. */
async function find(nodes: Node[], chainId: number, which: Which): Promise<Block> {
  if (which === undefined) {
    const tag = chainId === DEVNET ? 'latest' : 'finalized';
    const heads = await Promise.all(nodes.map(async (node) => {
      const head = await header(node, tag);
      if (!head) throw new ReadError('no block', `${node.url} knows no ${tag} block: name one by its number`, node.url);
      return head;
    }));
    const lowest = heads.reduce((one, other) => (other.number < one.number ? other : one));
    return { ...(await agreed(nodes, lowest.number, heads)), finalized: tag === 'finalized' };
  }
  const first = nodes[0]!;
  const found = await header(first, which);
  if (!found) throw new ReadError('no block', `${first.url} does not have block ${which}: it is to come, was replaced, or is of another chain`, first.url);
  const block = await agreed(nodes, found.number);
  if (block.hash !== found.hash) throw new ReadError('no block', `block ${which} was replaced in a reorganisation`, first.url);
  if (chainId === DEVNET) return block;
  const finals = await Promise.all(nodes.map((node) => header(node, 'finalized').catch(() => undefined)));
  return { ...block, finalized: finals.every((final) => final !== undefined && final.number >= block.number) };
}

/**
 * The block of a number, of which every node says the same; `heads` are blocks that the nodes have given already.
 *
 * @throws ReadError that names the node which does not have it, or says something else of it.
 */
async function agreed(nodes: Node[], number: bigint, heads: Block[] = []): Promise<Block> {
  const all = await Promise.all(nodes.map((node, i) => (heads[i]?.number === number ? heads[i] : header(node, number))));
  const [first] = all;
  all.forEach((one, i) => {
    const node = nodes[i]!;
    if (!one) throw new ReadError('no block', `${node.url} does not have block ${number}, which another node has`, node.url);
    const differs = (what: string) => new ReadError('disagree', `${node.url} differs from ${nodes[0]!.url}: its block ${number} ${what}`, node.url);
    if (one.hash !== first!.hash) throw differs(`is ${one.hash}, not ${first!.hash}`);
    if (one.time !== first!.time) throw differs(`is of second ${one.time}, not ${first!.time}`);
  });
  return first!;
}
