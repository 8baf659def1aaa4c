/** Reads what the link names and shows it. */
import { ReadError, isKind } from '../read/errors.js';
import { Reader } from '../read/reader.js';
import type { Trust } from '../read/site.js';
import { type Subject, readAddress, readAudit, readContracts, readCorpus, readModel, readParty, readRound, readVerdict } from '../read/subjects.js';
import type { EngagementFields } from '../read/documents.js';
import { engagementTable } from './bodies.js';
import { h } from './dom.js';
import { opener, readerForm } from './forms.js';
import { type Route, parse } from './route.js';
import { type Settings, load } from './settings.js';
import { strange } from './show.js';
import { view } from './view.js';

const main = document.getElementById('main')!;
const reader = document.getElementById('reader')!;
/** Of the chain that the form above the page is about. */
let settings: Settings | undefined;
/** Of the newest load: an older one that ends later shows nothing. */
let turn = 0;

/** Times a page without a block of its own starts again where the node has forgotten the state of the one it chose. */
const AGAIN = 2;

/** Says how far the page has come, and shows what is there of a long list. */
type Tell = (text: string, rows?: EngagementFields[]) => void;

async function read(route: Route, { nodes, trust }: Settings, tell: Tell): Promise<Subject> {
  for (let again = 0; ; again++) {
    try {
      const reader = await Reader.at(nodes, route.chainId, route.block);
      const page = await subject(reader, trust, route, tell);
      await reader.finish();
      return page;
    } catch (error) {
      if (route.block !== undefined || again >= AGAIN || !isKind(error, 'no state', 'reorganised')) throw error;
      tell('The block was replaced or forgotten: starting again at a newer one…');
    }
  }
}

async function subject(reader: Reader, trust: Trust, { kind, market, id }: Route, tell: Tell): Promise<Subject> {
  switch (kind) {
    case 'verdict': return readVerdict(reader, trust, market, id!);
    case 'round': return readRound(reader, trust, market, id!);
    case 'audit': return readAudit(reader, trust, market, id!);
    case 'corpus': return readCorpus(reader, trust, market, id!);
    case 'model': return readModel(reader, trust, market, id!, (rows, total) => tell(`${rows.length} of ${total} engagements…`, rows));
    case 'address':
      // The market of the link says which one it is.
      return readAddress(reader, trust, market, id!).catch((error: unknown) => {
        if (!isKind(error, 'not this contract', 'reverted')) throw error;
        return readParty(reader, trust, market, id!);
      });
    case 'contracts': return readContracts(reader, trust, market);
  }
}

/** What to do about an error, where the page knows. */
function cure(error: unknown, route: Route): string | undefined {
  if (isKind(error, 'unreachable') && location.protocol === 'file:') {
    return 'A page from disk has the origin "null", which some nodes refuse. Open it from a static host, for instance with: npx http-server web/dist. Or name a node that takes any origin, as anvil and most public ones do.';
  }
  if (isKind(error, 'unreachable')) return 'Is the node running, and does it take requests of pages (CORS)?';
  if (isKind(error, 'no state')) return route.block === undefined ? 'Load the page again.' : 'An old @block needs an archive node; without it the page is read at the newest one.';
  if (isKind(error, 'disagree')) return 'Believe neither until you know which one is right: ask a third.';
  if (isKind(error, 'unknown id')) return 'Was it of another market or chain, or is it younger than this block?';
  return undefined;
}

async function show(): Promise<void> {
  const mine = ++turn;
  const fragment = location.hash;
  if (fragment === '' || fragment === '#' || fragment === '#main') {
    document.title = 'Assay: read a verdict';
    main.replaceChildren(opener());
    return;
  }
  const route = parse(decode(fragment));
  if (typeof route === 'string') {
    failed('This link leads nowhere', route);
    return;
  }
  const said = h('p', { role: 'status' }, 'Reading the chain…');
  const busy = h('div', { class: 'busy' }, said);
  main.replaceChildren(busy);
  try {
    const page = await read(route, of(route.chainId), (text, rows = []) => {
      if (mine !== turn) return;
      said.textContent = text;
      busy.replaceChildren(said, ...(rows.length > 0 ? [engagementTable('Read so far; nothing is concluded from it yet', route.chainId, route.market, rows)] : []));
    });
    if (mine !== turn) return;
    document.title = `${route.kind} ${(route.id ?? route.market).slice(0, 10)}…, block ${page.reader.block.number}`;
    main.replaceChildren(view(page, route));
  } catch (error) {
    if (mine !== turn) return;
    const said = error instanceof ReadError ? error.message : 'the page failed: a node gave an answer that it cannot read';
    failed('Nothing is shown', said, cure(error, route));
    if (!(error instanceof ReadError)) console.error(error);
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function failed(title: string, said: string, advice?: string): void {
  document.title = title;
  main.replaceChildren(h('div', { class: 'error', role: 'alert' }, h('h1', {}, title), h('p', {}, strange(said, 600)), advice ? h('p', {}, advice) : false), opener());
}

/** The settings of a chain, with their form above the page. */
function of(chainId: number): Settings {
  if (settings && reader.dataset.chain === String(chainId)) return settings;
  settings = load(chainId);
  reader.dataset.chain = String(chainId);
  reader.replaceChildren(readerForm(chainId, settings, (changed) => {
    settings = changed;
    void show();
  }));
  return settings;
}

window.addEventListener('hashchange', () => {
  // The link that skips to the text is no page.
  if (location.hash === '#main') return;
  void show().then(() => main.focus({ preventScroll: true }));
});
// Paper has no summaries to click on.
window.addEventListener('beforeprint', () => main.querySelectorAll('details').forEach((one) => (one.open = true)));
void show();
