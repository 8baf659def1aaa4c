/** The reader's nodes, and whom the reader trusts. Nothing else is kept, and it is kept in this browser alone. */
import { isAddress } from 'viem/utils';
import type { Hex } from '../read/contracts.js';
import type { Trust } from '../read/site.js';

export interface Settings {
  /** One node, or two that are compared. */
  nodes: string[];
  trust: Trust;
}

const KEY = 'assay.reader.v1';
const DEFAULT: Settings = { nodes: ['http://127.0.0.1:8545'], trust: { codehashes: [], deployments: [], sources: [] } };

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
  return { settings: { nodes: urls.filter(isNode), trust }, wrong };
}

/** What the content policy lets a page connect to. */
export function isNode(text: string): boolean {
  try {
    const { protocol, hostname } = new URL(text);
    return protocol === 'https:' || (protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(hostname));
  } catch {
    return false;
  }
}

export function load(): Settings {
  try {
    const { nodes, trust } = JSON.parse(localStorage.getItem(KEY) ?? '') as { nodes: string[]; trust: Record<string, string[]> };
    const text = (name: string) => (trust[name] ?? []).join(' ');
    const { settings } = parsed(nodes, text('codehashes'), text('deployments'), text('sources'));
    return settings.nodes.length > 0 ? settings : { ...settings, nodes: DEFAULT.nodes };
  } catch {
    return DEFAULT;
  }
}

/** Whether it could be kept: some browsers keep nothing for pages from disk. */
export function save(settings: Settings): boolean {
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
    return true;
  } catch {
    return false;
  }
}
