/** How values are written: strings of strangers, addresses, amounts, times. */
import { getAddress } from 'viem/utils';
import type { Hex } from '../read/contracts.js';

/** Characters that are not seen, move others, or end a line: each is shown as its escape. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Cs}\u00ad\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufe00-\ufe0f]/gu;
/** Marks that are piled upon one character cover the lines around it; two on one are common in writing. */
const PILED = /(?<=\p{M}\p{M})\p{M}/gu;
const LIMIT = 280;

/** A stranger's words on one line of limited length, with nothing in it that acts on the page or on its reader. */
export function strange(text: string, limit = LIMIT): string {
  const all = Array.from(text);
  const kept = all.slice(0, limit).join('');
  const escape = (c: string) => `\\u{${c.codePointAt(0)!.toString(16)}}`;
  const escaped = kept.replace(PILED, escape).replace(UNSEEN, escape);
  return all.length > limit ? `${escaped}… (${all.length} characters in all)` : escaped;
}

/** The address of a stranger's link that may be offered, after a warning. */
export function link(text: string): string | undefined {
  if (!/^(https|ipfs):\/\/[\x21-\x7e]+$/.test(text) || text.length > 512) return undefined;
  try {
    const url = new URL(text);
    return ['https:', 'ipfs:'].includes(url.protocol) && !url.username && !url.password ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** JSON that says the same, with whatever is not seen as an escape. */
export function json(value: unknown): string {
  const escaped = (c: string) => Array.from({ length: c.length }, (_, i) => `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
  return JSON.stringify(value, null, 2).replace(PILED, escaped).replace(UNSEEN, (c) => (c === '\n' ? c : escaped(c)));
}

export const address = (value: Hex): string => getAddress(value);

/** Wei as ether, every digit. */
export function ether(wei: bigint | string): string {
  const value = BigInt(wei);
  const whole = value / 10n ** 18n;
  const rest = (value % 10n ** 18n).toString().padStart(18, '0').replace(/0+$/, '');
  return `${whole}${rest ? `.${rest}` : ''} ETH`;
}

/** Unix seconds in UTC. */
export function utc(seconds: number | bigint): string {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime()) ? `second ${seconds}` : `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

export function duration(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** Hundredths of a percent. */
export const target = (bps: number): string => `${bps % 100 === 0 ? bps / 100 : (bps / 100).toFixed(2)} %`;

export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** Addresses that look like another one of the list: same first four and last four digits. */
export function lookalikes(addresses: Iterable<Hex>): Set<Hex> {
  const by = new Map<string, Set<Hex>>();
  for (const one of addresses) {
    const lower = one.toLowerCase() as Hex;
    const key = lower.slice(2, 6) + lower.slice(-4);
    by.set(key, (by.get(key) ?? new Set()).add(lower));
  }
  return new Set([...by.values()].filter((same) => same.size > 1).flatMap((same) => [...same]));
}
