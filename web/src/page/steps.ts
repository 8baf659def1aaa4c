/** The timeline, bitmaps and proofs. */
import type { Hex } from '../read/contracts.js';
import type { Subject } from '../read/subjects.js';
import type { Proof, Step, Timeline } from '../read/timeline.js';
import { type Child, code, facts, h, table, time } from './dom.js';
import { address, count, strange, utc } from './show.js';

/** What each event says, in words. */
const EVENTS: Record<string, string> = {
  Offered: 'The consumer made an offer', Cancelled: 'The offer ended without being accepted', Locked: 'The provider accepted',
  TransferCommitted: 'The consumer committed to the encrypted examples', ChunksPublished: 'The consumer published encrypted examples',
  Acked: 'The provider acknowledged the examples', ProbeKeysRevealed: 'The consumer revealed the keys of the probe set', KeyRevealed: 'The consumer revealed the keys',
  BadDataProven: 'Bad data were shown', Aborted: 'The provider left', Proceeded: 'The provider went on to prove', ResultPosted: 'The provider claimed a result',
  Challenged: 'A claimed example was challenged', Answered: 'A challenge was answered with a proof', BondReclaimed: 'A bond was taken back',
  FullDemanded: 'The consumer asked for every proof', ProofsAccepted: 'The contract accepted proofs', CloseVoted: 'A party offered a split', Closed: 'Closed',
  RoundOffered: 'The consumer offered a round', RoundCancelled: 'The offer ended without being served', RoundServed: 'The provider committed to its predictions',
  OutputsPublished: 'The provider published all predictions', Contested: 'The consumer contested predictions', RoundAnswered: 'The contract accepted proofs', RoundClosed: 'Closed',
  AuditRequested: 'The audit was requested', AuditApproved: 'The authority approved the request', AuditDeclined: 'The responder declined', AuditAccepted: 'The responder accepted',
  AnswersPosted: 'The responder posted a page of answers', Withheld: 'The responder withheld documents', AnswersSealed: 'The answers were sealed', Overruled: 'The authority overruled',
  SaltRevealed: 'The requester revealed the salt: the sample is fixed', AuditProven: 'The contract accepted proofs', Demanded: 'The requester demanded documents',
  Delivered: 'The responder delivered, encrypted', DemandAcked: 'The requester acknowledged the delivery', DemandPublished: 'The responder published a delivery',
  DemandSettled: 'A demand was settled', AuditBadData: 'A bad delivery was shown', AuditClosed: 'Closed',
  ModelRegistered: 'The model was registered', TransportKeySet: 'The provider replaced its transport key', StakeToppedUp: 'Stake was added', Reserved: 'Strikes were reserved',
  Released: 'A reservation ended', Struck: 'Strikes were burned', Suspended: 'The model was suspended', Activated: 'The model was active again',
  ExitRequested: 'The provider asked to leave', ExitCancelled: 'The provider stayed', Exited: 'The model was closed',
  CorpusCommitted: 'The corpus was committed', Attested: 'A source attested something',
};

export const UNKEPT = 'from a log, of which the contracts keep no hash';

/** Values of events that nothing in storage depends on: the node that serves the log may have written them. */
const UNKEPT_VALUES: Record<string, string[]> = { AuditRequested: ['uri'], AuditDeclined: ['reason'], CorpusCommitted: ['uri'], Attested: ['uri'] };

export function timeline(page: Subject, found: Timeline): Child[] {
  const { steps, missing, more } = found;
  const differ = steps.filter((step) => step.match === 'differs').length;
  return [
    h('p', { class: 'quiet' }, 'From logs, which only illustrate: everything above comes from the contracts’ storage. Each step is compared with it.'),
    missing.length > 0 ? h('p', { class: 'differs-note' }, `The node shows no log of: ${missing.join('; ')}. Ask another one.`) : false,
    more.length > 0 ? h('p', { class: 'differs-note' }, `Logs say more than the contracts have: ${more.join('; ')}.`) : false,
    differ > 0 ? h('p', { class: 'differs-note' }, `${count(differ, 'log does', 'logs do')} not match what the contracts have.`) : false,
    h('ol', { class: 'timeline' }, steps.map(row)),
    next(page),
  ];
}

function row(step: Step): HTMLElement {
  const values = Object.entries(step.args).filter(([name]) => !['id', 'modelId', 'corpusId'].includes(name));
  const match = step.match === 'differs'
    ? h('p', { class: 'differs-note' }, `✕ log does not match${step.with ? `: ${step.with}` : ''}`)
    : h('p', { class: 'meta' }, step.match === 'agrees' ? `✓ agrees with storage: ${step.with ?? 'its value'}` : 'nothing in storage to compare it with');
  const unkept = UNKEPT_VALUES[step.name] ?? [];
  return h('li', { class: step.match },
    h('p', {}, h('strong', {}, EVENTS[step.name] ?? step.name)),
    h('p', { class: 'meta' }, step.time === undefined ? false : [time(Number(step.time), utc(step.time)), ', '], `block ${step.block}`, step.from ? [', sent by ', code(address(step.from))] : false, step.called ? `, ${step.called}()` : false),
    h('p', { class: 'meta' }, 'transaction ', code(step.transaction)),
    match,
    unkept.length > 0 ? h('p', { class: 'meta' }, `${unkept.join(', ')}: ${UNKEPT}`) : false,
    values.length > 0 ? h('details', {}, h('summary', {}, `What ${step.name} said`), facts(values.map(([name, value]) => [name, shown(value)]))) : false,
  );
}

/** A value of a log: a stranger may have written it. */
function shown(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner)) : String(value);
  return strange(/^0x[0-9a-f]{40}$/i.test(text) ? address(text as Hex) : text, 1200);
}

/** The period that runs, and its end. */
function next(page: Subject): Child {
  const d = page.document;
  if (!('deadline' in d) || d.deadline === 0 || d.state === 'Closed') return false;
  return h('p', {}, h('strong', {}, `At this block: ${d.state}.`), ' The window that runs ends ', time(d.deadline, utc(d.deadline)), '.');
}

const check = ({ instances: i }: Proof): string => `assay verify PROOF --arch FILE --weights-commit ${i.weightsCommit} --ctx ${BigInt(i.context)}`;

/** Most positions that are drawn one by one. */
const DRAWN = 512;

/** Positions bit by bit, each with its number and in words, not by colour alone. */
export function bits(size: number, sets: [string, number[]][]): HTMLElement {
  const has = sets.map(([name, all]) => [name, new Set(all)] as const);
  const list = h('ol', { class: 'bits', start: 0 }, Array.from({ length: Math.min(size, DRAWN) }, (_, i) => {
    const names = has.filter(([, set]) => set.has(i)).map(([name]) => name);
    const mark = names.includes('proven') ? '■' : names.length > 0 ? '◧' : '□';
    return h('li', { class: names.length > 0 ? 'on' : '', title: `${i}: ${names.join(', ') || 'nothing'}` }, h('b', { 'aria-hidden': 'true' }, mark), String(i), h('span', {}, names.length > 0 ? ` ${names.join(', ')}` : ''));
  }));
  const sums = has.map(([name, set]) => `${set.size} ${name}`).join(', ');
  return h('div', {}, h('p', { class: 'quiet' }, `${sums} of ${size}. ■ proven, ◧ another mark, □ none.${size > DRAWN ? ` The first ${DRAWN} are drawn.` : ''}`), list);
}

export function proofs(found: Timeline): Child[] {
  const rows = found.steps.flatMap((step) => (step.proofs ?? []).map((proof) => ({ proof, step })));
  if (rows.length === 0) return [];
  return [
    h('h3', {}, 'Proofs, from the calldata of their transactions'),
    table('What each proof states', ['position', 'context', 'weights', 'input', 'output', 'proof'], rows.map(({ proof: { position, bytes, hash, instances: i } }) => [
      String(position), code(i.context), code(i.weightsCommit), code(i.inputCommit), code(i.output), [`${bytes} bytes, keccak256 `, code(hash)],
    ])),
    h('p', {}, 'Check here: one of them natively, without a node, from the file that its provider handed over:'),
    h('pre', { class: 'command' }, check(rows[0]!.proof)),
  ];
}
