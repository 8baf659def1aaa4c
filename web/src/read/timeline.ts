/**
 * What happened, step by step, from logs: they only illustrate. Each step is compared with what the contracts have kept; a log that
 * leads to something else is marked as such, and nothing follows from it.
 */
import { keccak256 } from 'viem/utils';
import { type Hex, type Interface, call, event, named, topicOf } from './contracts.js';
import type { Log, Reader } from './reader.js';
import { context, listHash, offerHash, pageHash, positions, requestHash, roundOfferHash, shuffled, KIND, word } from './statement.js';
import { same } from './site.js';
import type { AuditPage, CorpusPage, ModelPage, RoundPage, VerdictPage } from './subjects.js';

export type Match = 'agrees' | 'differs' | 'nothing to compare';

export interface Step {
  name: string;
  args: Record<string, unknown>;
  match: Match;
  /** What of the contracts' storage the log was compared with. */
  with?: string;
  block: bigint;
  time?: bigint;
  transaction: Hex;
  /** Who sent the transaction, and the function that it called if it called this contract. */
  from?: Hex;
  called?: string;
  /** Proofs in the transaction's calldata. */
  proofs?: Proof[];
}

/** One proof with what it states: the four words that the verifier is called with. */
export interface Proof {
  position: number;
  bytes: number;
  hash: Hex;
  instances: { context: Hex; weightsCommit: Hex; inputCommit: Hex; output: Hex };
}

export interface Timeline {
  steps: Step[];
  /** Things that the contracts say happened and that no log shows. */
  missing: string[];
  /** Things that logs say more often than the contracts do. */
  more: string[];
  /** Positions of a posted result that are claimed, from a log that has the kept hash. */
  claimed?: number[];
  /** Documents answered with a match, and the sample, from pages that have the kept hashes. */
  ones?: number[];
  sample?: number[];
}

type Compare = (name: string, args: Record<string, unknown>) => boolean | undefined | [boolean, string];

async function steps(reader: Reader, of: Interface, address: Hex, id: Hex, first: string, compare: Compare): Promise<Step[]> {
  const topic = topicOf(of, first);
  const logs = await reader.logs(address, [null, id], (log) => log.topics[0] === topic && log.topics[1] === id);
  const decoded = logs.map((log) => ({ log, found: event(of, log.topics, log.data) }));
  const blocks = new Map<bigint, Promise<bigint | undefined>>();
  const timeOf = (block: bigint) => {
    const known = blocks.get(block) ?? reader.timeOf(block);
    blocks.set(block, known);
    return known;
  };
  return Promise.all(decoded.map(async ({ log, found }) => {
    const [time, transaction] = await Promise.all([timeOf(log.blockNumber), reader.transaction(log.transactionHash)]);
    const step: Step = {
      name: found?.name ?? 'unknown event',
      args: found?.args ?? {},
      match: 'nothing to compare',
      block: log.blockNumber,
      transaction: log.transactionHash,
      ...(time === undefined ? {} : { time }),
      ...(transaction ? { from: transaction.from } : {}),
    };
    if (transaction?.to && same(transaction.to, address)) {
      const called = call(of, transaction.input);
      if (called) step.called = called.name;
    }
    return { ...step, ...judged(log, address, id, step, compare) };
  }));
}

function judged(log: Log, address: Hex, id: Hex, { name, args }: Step, compare: Compare): { match: Match; with?: string } {
  // A node that answers with logs of something else.
  if (!same(log.address, address) || log.topics[1] !== id || name === 'unknown event') return { match: 'differs', with: 'address and id of this page' };
  const is = compare(name, args);
  if (is === undefined) return { match: 'nothing to compare' };
  const [agrees, what] = Array.isArray(is) ? is : [is, ''];
  return { match: agrees ? 'agrees' : 'differs', ...(what ? { with: what } : {}) };
}

/** The first step of each transaction: its calldata is read once. */
const firstOfEach = (all: Step[]): Step[] => all.filter((step, i) => all.findIndex(({ transaction }) => transaction === step.transaction) === i);

/** Compares how many of something logs have with how many the contracts keep. */
function balance(what: string, logged: number, kept: number, { missing, more }: Pick<Timeline, 'missing' | 'more'>): void {
  if (logged < kept) missing.push(`${kept - logged} ${what}`);
  if (logged > kept) more.push(`${logged} ${what}, not ${kept}`);
}

/** Of steps that do not differ from storage. */
const sum = (all: Step[], of: (step: Step) => number): number => all.filter((step) => step.match !== 'differs').reduce((total, step) => total + of(step), 0);

const count = (all: Step[], name: string): number => all.filter((step) => step.name === name && step.match !== 'differs').length;

// ---- engagements ----

export async function verdictTimeline(page: VerdictPage): Promise<Timeline> {
  const { reader, site, document: v } = page;
  const { e } = page.terms;
  const compare: Compare = (name, a) => {
    switch (name) {
      case 'Offered': return [offerHash(v.id, a['mc'] as Hex, a['terms'], site.paramsHash) === v.offerHash, 'offer hash'];
      case 'Locked': return [same(a['mp'] as Hex, v.mp), 'provider'];
      case 'TransferCommitted': return [a['ctRoot'] === v.ctRoot, 'ciphertext root'];
      case 'ProbeKeysRevealed': return [a['seed'] === v.seed, 'seed'];
      case 'ResultPosted': return [keccak256(a['bitmap'] as Hex) === v.resultHash, 'result hash'];
      case 'Challenged':
      case 'Answered': return name === 'Answered' ? [page.proven.includes(Number(a['position'])), 'proven positions'] : undefined;
      case 'ProofsAccepted': return [Number(a['provenOnChain']) <= v.provenOnChain, 'number of proven positions'];
      case 'Cancelled': return [v.outcome === 'Cancelled', 'outcome'];
      case 'Closed': return [named('Outcome', Number(a['outcome'])) === v.outcome, 'outcome'];
      default: return undefined;
    }
  };
  const found = await steps(reader, 'IAccuracyMarket', site.accuracy, v.id, 'Offered', compare);
  await proofsOf(page, found);
  const missing: string[] = [];
  if (count(found, 'Offered') === 0) missing.push('the offer');
  if (BigInt(v.resultHash) !== 0n && count(found, 'ResultPosted') === 0) missing.push('the posted result');
  const more: string[] = [];
  balance('accepted proofs', sum(found, ({ name, args }) => (name === 'ProofsAccepted' ? Number(args['accepted']) : name === 'Answered' ? 1 : 0)), v.provenOnChain, { missing, more });
  if (e.closedAt > 0n && count(found, 'Closed') + count(found, 'Cancelled') === 0) missing.push('the end');
  const posted = found.find((step) => step.name === 'ResultPosted' && step.match === 'agrees');
  return { steps: found, missing, more, ...(posted ? { claimed: positions(posted.args['bitmap'] as Hex) } : {}) };
}

interface Item {
  position: number;
  inputCommit: bigint;
  output: bigint;
  proof: Hex;
}

/** The proofs that transactions to the market itself carried. */
async function proofsOf(page: VerdictPage, found: Step[]): Promise<void> {
  const { site, document: v, reader } = page;
  const first = v.mode === 'FULL' ? site.params.n1 : 0;
  await Promise.all(firstOfEach(found).map(async (step) => {
    if (!['submitProofs', 'submitDemanded', 'answer'].includes(step.called ?? '')) return;
    const sent = await reader.transaction(step.transaction);
    const made = sent && call('IAccuracyMarket', sent.input);
    if (!made || made.args[0] !== v.id) return;
    const last = made.args.at(-1);
    const items = (Array.isArray(last) ? last : [last]) as Item[];
    step.proofs = items.map((item) => proof(item.position, item.inputCommit, item.output, item.proof, context(reader.chainId, site.accuracy, KIND.accuracy, v.id, first + item.position), v.verifier.weightsCommit));
  }));
}

function proof(position: number, inputCommit: bigint, output: bigint, bytes: Hex, ctx: bigint, weightsCommit: Hex): Proof {
  return {
    position,
    bytes: (bytes.length - 2) / 2,
    hash: keccak256(bytes),
    instances: { context: word(ctx), weightsCommit, inputCommit: word(inputCommit), output: word(output) },
  };
}

// ---- rounds ----

export async function roundTimeline(page: RoundPage): Promise<Timeline> {
  const { reader, site, document: r } = page;
  const { rounds } = site;
  const compare: Compare = (name, a) => {
    switch (name) {
      case 'RoundOffered': return [roundOfferHash(r.id, a['mc'] as Hex, a['terms'], a['quietBond'] as bigint, rounds.paramsHash) === r.offerHash, 'offer hash'];
      case 'RoundServed': return [a['outputsRoot'] === r.outputsRoot, 'root of the outputs'];
      case 'OutputsPublished': return [r.published, 'publication'];
      case 'Contested': return [positions(a['bitmap'] as Hex).every((i) => r.contestedIndices.includes(i)), 'contested predictions'];
      case 'RoundAnswered': return [Number(a['proven']) <= r.proven, 'number of proven predictions'];
      case 'RoundCancelled': return [r.outcome === 'Cancelled', 'outcome'];
      case 'RoundClosed': return [named('RoundOutcome', Number(a['outcome'])) === r.outcome, 'outcome'];
      default: return undefined;
    }
  };
  const found = await steps(reader, 'IPredictionMarket', rounds.address, r.id, 'RoundOffered', compare);
  await Promise.all(firstOfEach(found).map(async (step) => {
    if (step.called !== 'answer') return;
    const sent = await reader.transaction(step.transaction);
    const made = sent && call('IPredictionMarket', sent.input);
    if (!made || made.args[0] !== r.id) return;
    const groups = made.args[1] as { indices: number[]; inputCommits: bigint[]; outputs: { word: bigint }[]; proof: Hex }[];
    const laneBits = { TOP1: 16, TOP5: 80, BIN: 1 }[r.metric] ?? 16;
    const lanes = r.privacy === 'PRIVATE' ? 1 : Math.floor(240 / laneBits);
    step.proofs = groups.map((group) => {
      const index = group.indices[0] ?? 0;
      const output = ((group.outputs[0]?.word ?? 0n) >> BigInt((index % lanes) * laneBits)) & ((1n << BigInt(laneBits)) - 1n);
      return proof(index, group.inputCommits[0] ?? 0n, output, group.proof, context(reader.chainId, rounds.address, KIND.prediction, r.id, index), r.verifier.weightsCommit);
    });
  }));
  const missing: string[] = [];
  if (count(found, 'RoundOffered') === 0) missing.push('the offer');
  if (r.closedAt > 0 && count(found, 'RoundClosed') + count(found, 'RoundCancelled') === 0) missing.push('the end');
  const more: string[] = [];
  balance('proven predictions', sum(found, ({ name, args }) => (name === 'RoundAnswered' ? Number(args['accepted']) : 0)), r.proven, { missing, more });
  return { steps: found, missing, more };
}

// ---- audits ----

export async function auditTimeline(page: AuditPage): Promise<Timeline> {
  const { reader, site, document: a, demands } = page;
  const posted = new Map<number, Hex>();
  const compare: Compare = (name, x) => {
    switch (name) {
      case 'AuditRequested': return [requestHash(a.id, x['rq'] as Hex, x['terms'], site.paramsHash) === a.requestHash, 'request hash'];
      case 'AuditApproved': return [a.approved, 'approval'];
      case 'AnswersSealed': return [x['answersHash'] === a.answersHash && Number(x['positives']) === a.positives, 'hash of the answers'];
      case 'SaltRevealed': return [x['seed'] === a.seed && Number(x['due']) === a.due, 'seed'];
      case 'AuditProven': return [Number(x['proven']) <= a.proven, 'number of proven documents'];
      case 'Demanded': return [listHash(x['indices'] as number[]) === demands[Number(x['m'])]?.listHash, 'hash of the list'];
      case 'Delivered': return [x['ctRoot'] === demands[Number(x['m'])]?.ctRoot, 'ciphertext root'];
      case 'AuditDeclined':
      case 'AuditClosed': return name === 'AuditClosed' ? [named('AuditOutcome', Number(x['outcome'])) === a.outcome, 'outcome'] : [a.outcome === 'Declined', 'outcome'];
      default: return undefined;
    }
  };
  const found = await steps(reader, 'IRetrievalMarket', site.address, a.id, 'AuditRequested', compare);
  await Promise.all(found.map(async (step) => {
    if (step.name !== 'AnswersPosted') return;
    const q = Number(step.args['page']);
    const kept = await reader.view<Hex>('IRetrievalMarket', site.address, 'pageHashAt', [a.id, BigInt(q)]);
    const agrees = pageHash(a.id, q, Number(step.args['before']), step.args['bits'] as Hex) === kept;
    Object.assign(step, { match: agrees ? 'agrees' : 'differs', with: 'hash of the page' });
    if (agrees) posted.set(q, step.args['bits'] as Hex);
  }));
  const missing: string[] = [];
  if (count(found, 'AuditRequested') === 0) missing.push('the request');
  if (posted.size < page.view.pages) missing.push(`${page.view.pages - posted.size} pages of answers`);
  if (a.closedAt > 0 && count(found, 'AuditClosed') === 0) missing.push('the end');
  const more: string[] = [];
  balance('proven documents', sum(found, ({ name, args }) => (name === 'AuditProven' ? Number(args['accepted']) : 0)), a.proven, { missing, more });
  const isWhole = page.view.pages > 0 && posted.size === page.view.pages;
  const ones = isWhole ? [...posted].sort(([x], [y]) => x - y).flatMap(([q, bits]) => positions(bits).map((i) => 4096 * q + i)) : undefined;
  return { steps: found, missing, more, ...(ones ? { ones, ...sampled(page, ones) } : {}) };
}

/** Most documents of a sample that are recomputed. */
const SAMPLE_SHOWN = 400;

/** The documents of the sample: number j is the zero with pi_seed(j) zeros before it. */
function sampled({ document: a }: AuditPage, ones: number[]): { sample?: number[] } {
  if (BigInt(a.seed) === 0n) return {};
  const set = new Set(ones);
  const zeros: number[] = [];
  for (let i = 0; i < a.size; i++) if (!set.has(i)) zeros.push(i);
  const drawn = Math.min(a.samples, zeros.length, SAMPLE_SHOWN);
  return { sample: Array.from({ length: drawn }, (_, j) => zeros[shuffled(a.seed, j, zeros.length)]!) };
}

// ---- models and corpora ----

export async function modelTimeline(page: ModelPage): Promise<Timeline> {
  const { document: m, site, reader } = page;
  const compare: Compare = (name, a) => (name === 'ModelRegistered' ? [a['modelHash'] === m.modelHash, 'hash of the record'] : undefined);
  const found = await steps(reader, 'IModelRegistry', site.registry, m.id, 'ModelRegistered', compare);
  return { steps: found, missing: count(found, 'ModelRegistered') === 0 ? ['the registration'] : [], more: [] };
}

export async function corpusTimeline(page: CorpusPage): Promise<Timeline> {
  const { document: c, site, reader } = page;
  const compare: Compare = (name, a) => {
    if (name === 'CorpusCommitted') return [a['root'] === c.root && Number(a['size']) === c.size, 'root'];
    const said = c.attestations.find(({ source }) => same(source, a['source'] as Hex));
    return [said?.statement === a['statement'] && said?.attestedAt === Number(a['attestedAt']), 'attestation'];
  };
  const found = await steps(reader, 'ICorpusRegistry', site.address, c.id, 'CorpusCommitted', compare);
  return { steps: found, missing: count(found, 'CorpusCommitted') === 0 ? ['the commitment'] : [], more: [] };
}
