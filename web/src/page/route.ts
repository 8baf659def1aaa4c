/** Deep links: `#/verdict/<chain>/<market>/<id>@<block>`; of contracts without an id. */
import { isAddress } from 'viem/utils';
import type { Hex } from '../read/contracts.js';
import type { Which } from '../read/reader.js';

export const KINDS = ['verdict', 'round', 'audit', 'corpus', 'model', 'address', 'contracts'] as const;
export type RouteKind = (typeof KINDS)[number];

export interface Route {
  kind: RouteKind;
  chainId: number;
  /** The accuracy market; of rounds the prediction market, of audits the retrieval market, of corpora their registry. */
  market: Hex;
  /** Absent for contracts. */
  id?: Hex;
  block: Which;
}

/** @returns What is wrong with the link, in words, if it is none. */
export function parse(fragment: string): Route | string {
  const [path = '', block, ...blocks] = fragment.replace(/^#?\/?/, '').split('@');
  const [kind, chain, market, id, ...rest] = path.split('/');
  const known = KINDS.find((one) => one === kind);
  if (!known) return `"${kind}" is no kind of page: one of ${KINDS.join(', ')}`;
  if (blocks.length > 0) return 'the link names more than one block';
  if (!chain || !/^[1-9]\d{0,15}$/.test(chain) || !Number.isSafeInteger(Number(chain))) return 'the chain id of the link is no number below 2^53';
  if (!market || !isAddress(market, { strict: /[A-F]/.test(market) })) return 'the market of the link is no address: 0x and 40 digits, with its own capitals or none';
  if (rest.length > 0) return 'the link is too long';
  const which = blockOf(block);
  if (typeof which === 'object') return which.wrong;
  const route = { kind: known, chainId: Number(chain), market: market.toLowerCase() as Hex, block: which };
  if (known === 'contracts') return id ? 'a link to contracts has no id' : route;
  if (known === 'address') {
    if (!id || !isAddress(id, { strict: /[A-F]/.test(id) })) return 'the link names no address';
  } else if (!id || !/^0x[0-9a-f]{64}$/i.test(id)) return 'the id of the link is none: 0x and 64 digits';
  return { ...route, id: id.toLowerCase() as Hex };
}

function blockOf(text: string | undefined): Which | { wrong: string } {
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return BigInt(text);
  if (/^0x[0-9a-f]{64}$/i.test(text)) return text.toLowerCase() as Hex;
  return { wrong: 'the block of the link is neither a number nor a hash' };
}

export function format({ kind, chainId, market, id, block }: Omit<Route, 'block'> & { block?: Which }): string {
  return `#/${kind}/${chainId}/${market}${id ? `/${id}` : ''}${block === undefined ? '' : `@${block}`}`;
}
