/** A page, always in the same order: sentence, risk rows, facts, timeline, evidence, JSON and the command that reproduces it. */
import { DEVNET } from '../read/reader.js';
import type { Subject } from '../read/subjects.js';
import { type Child, code, facts, h, section, stressed } from './dom.js';
import { body } from './bodies.js';
import { type Risk, risks } from './risks.js';
import { qr } from './qr.js';
import { type Route, format } from './route.js';
import { sentence } from './sentences.js';
import { address, json, utc } from './show.js';

const KIND_WORDS: Record<Subject['subject'], string> = {
  verdict: 'Engagement: accuracy of a model',
  round: 'Round of predictions',
  audit: 'Audit of a corpus',
  corpus: 'Corpus of documents',
  model: 'Model',
  address: 'Address',
  party: 'Address, in audits',
  contracts: 'Contracts of a marketplace',
};

const SHAPES: Record<Risk['level'], string> = { small: '○', look: '◐', serious: '■', 'not known': '?', none: '–' };
const LEVELS: Record<Risk['level'], string> = { small: 'small', look: 'look closer', serious: 'serious', 'not known': 'not known', none: 'not here' };

export function view(page: Subject, route: Route): HTMLElement {
  const told = sentence(page);
  const { block } = page.reader;
  const isUnknown = page.document.deployment.grade === 'UNKNOWN';
  return h('article', { class: isUnknown ? 'page unknown' : 'page' },
    h('p', { class: 'kind' }, KIND_WORDS[page.subject], route.id ? [' ', code(page.subject === 'address' || page.subject === 'party' ? address(route.id) : route.id)] : ''),
    h('div', { class: `told ${told.tone}` },
      isOld(page, route) ? h('p', { class: 'lead old' }, `This is the state of ${utc(block.time)}, not of now. `, h('a', { href: format({ ...route, block: undefined }) }, 'Read the newest one')) : false,
      told.lead ? h('p', { class: 'lead' }, told.lead) : false,
      h('h1', {}, stressed(told.text)),
    ),
    h('p', { class: 'at' },
      `Read at block ${block.number} of ${utc(block.time)}, chain ${page.reader.chainId}; `,
      block.finalized ? 'finalised' : 'not finalised', '. ', code(block.hash),
    ),
    page.reader.cut.size > 0 ? h('p', { class: 'lead cut' }, `Lists that are not read in full, so that numbers on this page may be of a part: ${[...page.reader.cut].join('; ')}.`) : false,
    section('risks', 'What could be wrong', h('ol', { class: 'risks' }, risks(page).map(riskRow))),
    isUnknown ? h('p', { class: 'lead' }, 'From here on: claims of contracts that nobody here knows.') : false,
    h('div', { class: 'body' }, body(page)),
    programs(page, route),
  );
}

/** Seconds behind the reader's clock after which a page says that it is old: finality takes a quarter of an hour. */
const OLD = 3600;

/** Whether the page may be taken for the present. The clock of a devnet is its own. */
function isOld({ reader }: Subject, route: Route): boolean {
  return route.block !== undefined || (reader.chainId !== DEVNET && Date.now() / 1000 - Number(reader.block.time) > OLD);
}

function riskRow({ title, level, sentence, evidence }: Risk): HTMLElement {
  return h('li', { class: level.replace(' ', '') },
    h('div', {}, h('h3', {}, title), h('span', { class: 'grade' }, h('span', { class: 'shape', 'aria-hidden': 'true' }, SHAPES[level]), LEVELS[level])),
    h('div', {}, h('p', {}, sentence), evidence.length > 0 ? h('details', {}, h('summary', {}, 'Evidence'), facts(evidence.map(([name, value]) => [name, value]))) : false),
  );
}

/** The command whose `--json` is the same document. */
export function command(page: Subject): string {
  const { market, block } = page.document;
  const at = `--block ${block} --rpc-url URL --json`;
  const id = 'id' in page.document ? page.document.id : '';
  const trust = page.trust.codehashes.length === 1 ? ` --trust-codehash ${page.trust.codehashes[0]}` : '';
  switch (page.subject) {
    case 'verdict': return `assay verdict show ${id} --market ${market}${trust} ${at}`;
    case 'model': return `assay model show ${id} --market ${market}${trust} ${at}`;
    case 'round': return `assay predict show ${id} --market ${page.site.accuracy.toLowerCase()}${trust} ${at}`;
    case 'audit': return `assay audit show ${id} --retrieval ${market}${trust} ${at}`;
    case 'corpus': return `assay corpus show ${id} --corpora ${market} ${at}`;
    case 'contracts': return `assay market show --market ${market} ${at}`;
    case 'address': return `# no command prints this; assay verdict list MODEL and assay predict list MODEL have its parts`;
    case 'party': return `assay corpus list ${page.document.address} --corpora ${page.site.params.contracts.corpora.toLowerCase()} ${at}   # and: assay audit list CORPUS_ID`;
  }
}

function programs(page: Subject, route: Route): HTMLElement {
  const text = json(page.document);
  const { block } = page.reader;
  // A number may come to mean another block as long as it is not finalised.
  const pinned = format({ ...route, block: block.finalized ? block.number : block.hash });
  const extra: Child[] = page.subject === 'audit'
    ? [h('p', {}, 'The package for a court, which needs no node to be checked: '), h('pre', { class: 'command' }, `assay audit export ${route.id} --predicate FILE --out audit.evidence`)]
    : [];
  return section('json', 'The same for programs',
    h('p', {}, 'The command that reads the same document from a node of your own:'),
    h('pre', { class: 'command', id: 'command' }, command(page)),
    extra,
    h('p', {}, 'This page at this block: ', h('a', { href: pinned }, pinned), '. A node that forgets old state answers it for some minutes only; an archive node does always.'),
    h('details', {}, h('summary', {}, 'QR code, for paper'), qr(onPaper(pinned)), h('p', { class: 'quiet' }, onPaper(pinned) === pinned ? 'It has what comes after the page’s own address: this page is not on a host.' : 'It leads to this page at this block.')),
    h('details', {}, h('summary', {}, 'Raw JSON'), h('pre', { id: 'document' }, text)),
    h('p', {}, h('button', { type: 'button', click: () => download(text, `${page.document.kind}-${route.id ?? page.document.market}.json`) }, 'Export JSON')),
  );
}

/** Where a reader of paper finds this page: a file on this disk is no place for others. */
const onPaper = (pinned: string): string => (/^https?:$/.test(location.protocol) ? `${location.origin}${location.pathname}${pinned}` : pinned);

function download(text: string, name: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  h('a', { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

