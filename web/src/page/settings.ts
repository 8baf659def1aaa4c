/** The reader's nodes of each chain, and whom the reader trusts there. Nothing else is kept, and it is kept in this browser alone. */
import { isAddress } from 'viem/utils';
import type { Hex } from '../read/contracts.js';
import type { Trust } from '../read/site.js';

export interface Settings {
  /** One node, or two that are compared. */
  nodes: string[];
  trust: Trust;
}

/** What this page keeps about a chain: a node of one chain, or who is trusted there, says nothing of another. */
const key = (chainId: number): string => `assay.reader.v2 ${location.pathname.replace(/index\.html$/, '')} ${chainId}`;

/** The node that whoever serves this page has put beside it, else one on this machine. */
function usual(): string {
  const beside = document.documentElement.dataset.node;
  return beside === undefined ? 'http://127.0.0.1:8545' : new URL(beside, location.href).href;
}

const isHash = (text: string): text is Hex => /^0x[0-9a-f]{64}$/i.test(text);

/** Settings of the text fields of the form; what is none of these is left out and named. */
export function parsed(nodes: string[], codehashes: string, deployments: string, sources: string): { settings: Settings; wrong: string[] } {
  const wrong: string[] = [];
  const list = (text: string, is: (one: string) => boolean): Hex[] => {
    const all = text.split(/[\s,]+/).filter(Boolean);
    wrong.push(...all.filter((one) => !is(one)));
    return all.filter(is).map((one) => one.toLowerCase() as Hex);
  };
  const urls = nodes.map((one) => one.trim()).filter(Boolean);
  wrong.push(...urls.filter((one) => !isNode(one)));
  const trust = {
    codehashes: list(codehashes, isHash),
    deployments: list(deployments, isHash),
    sources: list(sources, (one) => isAddress(one, { strict: /[A-F]/.test(one) })),
  };
  return { settings: { nodes: urls.filter((one) => isNode(one)), trust }, wrong };
}

/** What the content policy lets a page of this origin connect to. */
export function isNode(text: string, own: string | undefined = globalThis.location?.origin): boolean {
  try {
    const { protocol, hostname, origin } = new URL(text);
    return (origin === own && protocol === 'http:') || protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(hostname));
  } catch {
    return false;
  }
}

export function load(chainId: number): Settings {
  try {
    const { nodes, trust } = JSON.parse(localStorage.getItem(key(chainId)) ?? '') as { nodes: string[]; trust: Record<string, string[]> };
    const text = (name: string) => (trust[name] ?? []).join(' ');
    const { settings } = parsed(nodes, text('codehashes'), text('deployments'), text('sources'));
    return settings.nodes.length > 0 ? settings : { ...settings, nodes: [usual()] };
  } catch {
    return { nodes: [usual()], trust: { codehashes: [], deployments: [], sources: [] } };
  }
}

/** Whether it could be kept: some browsers keep nothing for pages from disk. */
export function save(chainId: number, settings: Settings): boolean {
  try {
    localStorage.setItem(key(chainId), JSON.stringify(settings));
    return true;
  } catch {
    return false;
  }
}
