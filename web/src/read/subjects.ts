/** One function for each kind of page: the document that the command line prints, and what the page says besides. */
import * as bounds from './bounds.js';
import { type Deployment, type Part, holdsDevelopmentString } from './code.js';
import { type Hex, event, named, topicOf } from './contracts.js';
import {
  type EngagementFields, type RoundFields,
  allows, attestationFields, auditFields, corpusFields, engagementFields, envelope, marketFields, modelFields, roundFields,
} from './documents.js';
import { ReadError } from './errors.js';
import { type Progress, engagementsOf, modelOf, roundsOf, standing } from './history.js';
import type { Reader } from './reader.js';
import { type AuditMarket, type CorpusRegistry, type Marketplace, type Trust, auditMarket, corpusRegistry, lower, marketplace, marketplaceOfRounds, same, verifierOfPredicate } from './site.js';
import { positions, predicateHash, word } from './statement.js';
import type { Attestation, AuditView, Corpus, DemandView, EngagementView, Predicate, RoundView, VerdictView } from './types.js';

/** What every subject has. */
export interface Common {
  reader: Reader;
  trust: Trust;
  parts: Part[];
  /** Whether the verifier's code holds the string that everybody can forge proofs under; absent where there is none. */
  developmentString?: boolean;
}

const common = async (site: { reader: Reader; trust: Trust; parts: Part[] }, verifier?: Hex): Promise<Common> => ({
  reader: site.reader,
  trust: site.trust,
  parts: site.parts,
  ...(verifier ? { developmentString: holdsDevelopmentString(await site.reader.code(verifier)) } : {}),
});

/** Whether bounds follow from what these contracts say. */
const isKnown = ({ deployment }: { deployment: Deployment }): boolean => deployment.grade !== 'UNKNOWN';

/** How much an account has done on this chain: accounts of a day have done little. */
export interface Sent {
  who: string;
  address: Hex;
  transactions: number;
}

async function sentBy(reader: Reader, ...accounts: [string, Hex][]): Promise<Sent[]> {
  return Promise.all(accounts.map(async ([who, address]) => ({
    who,
    address,
    transactions: Number(await reader.ask('eth_getTransactionCount', [address, { blockHash: reader.block.hash }])),
  })));
}

// ---- models ----

export async function readModel(reader: Reader, trust: Trust, market: Hex, id: Hex, progress?: Progress<EngagementFields>) {
  const m = await marketplace(reader, trust, market);
  const of = await modelOf(m, id);
  const counts = await countsOf(m, id);
  const document = { ...envelope(reader, 'model', m.accuracy), ...modelFields(id, of.model, of.reputation, counts), ...of.grades };
  const engagements = await engagementsOf(m, id, of.grades, progress);
  const rounds = await roundsOf(m, id);
  return { ...(await common(m, of.model.record.verifier)), subject: 'model' as const, site: m, document, engagements, rounds, standing: standing(m, engagements, rounds) };
}

export type ModelPage = Awaited<ReturnType<typeof readModel>>;

async function countsOf(m: Marketplace, id: Hex) {
  const count = (of: 'IAccuracyMarket' | 'IPredictionMarket', address: Hex, name: string) => m.reader.view<bigint>(of, address, name, [id]).then(Number);
  const rounds = m.rounds;
  const [engagementOfferCount, engagementCount, roundOfferCount, roundCount] = await Promise.all([
    count('IAccuracyMarket', m.accuracy, 'engagementCount'),
    count('IAccuracyMarket', m.accuracy, 'lockedCount'),
    rounds ? count('IPredictionMarket', rounds.address, 'offerCount') : null,
    rounds ? count('IPredictionMarket', rounds.address, 'roundCount') : null,
  ]);
  return { engagementOfferCount, engagementCount, roundOfferCount, roundCount };
}

// ---- engagements ----

export async function readVerdict(reader: Reader, trust: Trust, market: Hex, id: Hex) {
  const m = await marketplace(reader, trust, market);
  const e = await reader.thing<EngagementView>('IAccuracyMarket', m.accuracy, 'engagement', id, 'engagement');
  const v = await reader.view<VerdictView>('IAccuracyMarket', m.accuracy, 'verdict', [id]);
  const model = await modelOf(m, v.modelId);
  const grades = model.grades;
  const engagements = await engagementsOf(m, v.modelId, grades);
  const rounds = await roundsOf(m, v.modelId);
  const fields = engagementFields(m, id, e, v, grades);
  const others = engagements.filter((one) => one.id !== id && same(one.mc, v.mc) && one.state === 'Closed');
  const claimed = named('Assurance', v.assurance);
  const bound = claimed === 'PROVEN' && isKnown(m) ? bounds.lower(Math.min(v.provenOnChain, v.n2), v.n2) : undefined;
  const document = {
    ...envelope(reader, 'engagement', m.accuracy),
    ...fields,
    ...grades,
    bound95: Number(allows(grades, 'PROVEN') ? (bound ?? 0n) : 0n) / Number(bounds.MILLION),
    feeWei: m.params.prices.fee.toString(),
    modelRegisteredAt: Number(model.model.registeredAt),
    othersOfThisConsumer: others,
  };
  const proven = v.provenOnChain > 0 ? await provenPositions(m, id, v.n2) : [];
  return {
    ...(await common(m, model.model.record.verifier)),
    subject: 'verdict' as const,
    site: m,
    document,
    /** What the contracts call it, whether the reader knows them or not. */
    claimed,
    /** Of a proven verdict of known contracts, whether its verifier is known or not. */
    bound,
    model,
    standing: standing(m, engagements, rounds),
    sent: await sentBy(reader, ['consumer', v.mc], ['provider', v.mp]),
    /** Positions of the proven set that are proven. */
    proven,
    terms: { id, e, v },
  };
}

export type VerdictPage = Awaited<ReturnType<typeof readVerdict>>;

async function provenPositions(m: Marketplace, id: Hex, size: number): Promise<number[]> {
  const places = Array.from({ length: size }, (_, i) => i);
  const are = await Promise.all(places.map((i) => m.reader.view<boolean>('IAccuracyMarket', m.accuracy, 'isProven', [id, BigInt(i)])));
  return places.filter((i) => are[i]);
}

// ---- rounds ----

export async function readRound(reader: Reader, trust: Trust, market: Hex, id: Hex) {
  const m = await marketplaceOfRounds(reader, trust, market);
  const address = m.rounds.address;
  const r = await reader.thing<RoundView>('IPredictionMarket', address, 'round', id, 'round');
  const [contested, proven, timeoutAt] = await Promise.all([
    reader.view<Hex>('IPredictionMarket', address, 'contestedSet', [id]),
    reader.view<Hex>('IPredictionMarket', address, 'provenSet', [id]),
    reader.view<bigint>('IPredictionMarket', address, 'timeoutAt', [id]),
  ]);
  const model = await modelOf(m, r.modelId);
  const document = {
    ...envelope(reader, 'round', address),
    ...roundFields(id, r),
    contestedIndices: positions(contested),
    provenIndices: positions(proven),
    timeoutAt: Number(timeoutAt),
    ...model.grades,
  };
  const engagements = await engagementsOf(m, r.modelId, model.grades);
  const rounds = await roundsOf(m, r.modelId);
  return {
    ...(await common(m, model.model.record.verifier)),
    subject: 'round' as const,
    site: m,
    document,
    model,
    standing: standing(m, engagements, rounds),
    sent: await sentBy(reader, ['consumer', r.mc], ['provider', r.mp]),
    /** At most so many of K are wrong, if what was contested was drawn at random. */
    hidden: document.outcome === 'Upheld' && isKnown(m) && r.contested > 0 && r.contested === r.proven ? bounds.hidden(r.predictions, r.contested) : undefined,
  };
}

export type RoundPage = Awaited<ReturnType<typeof readRound>>;

// ---- audits ----

export async function readAudit(reader: Reader, trust: Trust, market: Hex, id: Hex) {
  const m = await auditMarket(reader, trust, market);
  const a = await reader.thing<AuditView>('IRetrievalMarket', m.address, 'audit', id, 'audit');
  const corpora = m.params.contracts.corpora;
  const demand = (i: number) => reader.view<DemandView>('IRetrievalMarket', m.address, 'demandAt', [id, BigInt(i)]);
  const demands = await Promise.all(Array.from({ length: a.demands }, (_, i) => demand(i)));
  const said = await reader.list<Attestation>('ICorpusRegistry', corpora, 'attestationCount', 'attestationAt', [a.corpusId]);
  const ids = await reader.list<Hex>('IRetrievalMarket', m.address, 'auditCount', 'auditIdAt', [a.corpusId]);
  const others = await Promise.all(ids.filter((other) => other !== id).map(async (other) => ({ other, view: await reader.view<AuditView>('IRetrievalMarket', m.address, 'audit', [other]) })));
  const timeoutAt = await reader.view<bigint>('IRetrievalMarket', m.address, 'timeoutAt', [id]);
  const corpus = await reader.view<Corpus>('ICorpusRegistry', corpora, 'corpus', [a.corpusId]);
  const { predicate, uri } = await requested(m, id, a);
  const verifier = await verifierOfPredicate(reader, trust, predicate, a.inputWords);
  const document = {
    ...envelope(reader, 'audit', m.address),
    ...auditFields(id, a),
    verdict: auditVerdict(a, isKnown(m)),
    demandList: demands.map((d) => ({
      state: named('DemandState', d.state),
      documents: d.documents,
      published: d.published,
      paidWei: d.paid.toString(),
      spentWei: d.spent.toString(),
      deadline: Number(d.deadline),
      settleAfter: Number(d.settleAfter),
    })),
    otherAudits: others.map(({ other, view }) => ({
      id: other,
      requester: lower(view.rq),
      state: named('AuditState', view.state),
      outcome: named('AuditOutcome', view.outcome),
    })),
    attestations: said.map((one) => attestationFields(a.rs, one)),
    timeoutAt: Number(timeoutAt),
    deployment: m.deployment,
    verifier,
  };
  return { ...(await common(m, predicate.verifier)), subject: 'audit' as const, site: m, document, corpus, uri, view: a, demands, sent: await sentBy(reader, ['requester', a.rq], ['responder', a.rs]) };
}

export type AuditPage = Awaited<ReturnType<typeof readAudit>>;

/** The predicate of a request, from its log: it must have the hash that the contract keeps. */
async function requested(m: AuditMarket, id: Hex, a: AuditView): Promise<{ predicate: Predicate; uri: string }> {
  const logs = await m.reader.logs(m.address, [topicOf('IRetrievalMarket', 'AuditRequested'), id], () => true);
  for (const log of logs) {
    const found = event('IRetrievalMarket', log.topics, log.data);
    if (!same(log.address, m.address) || !found) continue;
    const predicate = found.args['predicate'] as Predicate;
    if (predicateHash(predicate) === a.predicateHash) return { predicate, uri: String(found.args['uri']) };
  }
  throw new ReadError('no state', `the node serves no log of request ${id} that has the predicate's hash: name one that serves all logs`);
}

/** What an audit that has ended shows; nothing where one account is both parties, whatever the contract says. No bound follows from unknown contracts. */
export function auditVerdict(a: AuditView, known: boolean) {
  if (named('AuditState', a.state) !== 'Closed') return null;
  const zeros = Math.max(0, a.size - a.positives);
  const isComplete = named('AuditOutcome', a.outcome) === 'Complete' && zeros > 0 && !same(a.rq, a.rs);
  const assurance = !isComplete ? 'NONE' : a.samples < zeros ? 'SAMPLED' : 'EXHAUSTIVE';
  const drawn = isComplete ? Math.min(zeros, a.samples) : 0;
  const hidden = !known ? null : assurance === 'SAMPLED' ? bounds.hidden(zeros, drawn) : assurance === 'EXHAUSTIVE' ? 0 : null;
  return {
    assurance,
    zeros,
    drawn,
    positives: a.positives,
    hidden,
    recall: hidden === null ? null : bounds.recall(a.positives, hidden),
    confidence: 0.95,
    keptBack: Math.max(0, a.withheld - a.overruled),
  };
}

// ---- corpora ----

export async function readCorpus(reader: Reader, trust: Trust, registry: Hex, id: Hex) {
  const m = await corpusRegistry(reader, trust, registry);
  const c = await reader.thing<Corpus>('ICorpusRegistry', registry, 'corpus', id, 'corpus');
  const said = await reader.list<Attestation>('ICorpusRegistry', registry, 'attestationCount', 'attestationAt', [id]);
  const uri = await uriOf(m, id, c);
  const document = {
    ...envelope(reader, 'corpus', registry),
    ...corpusFields(id, c),
    ...(uri === undefined ? {} : { uri }),
    attestations: said.map((one) => attestationFields(c.rs, one)),
    deployment: m.deployment,
  };
  return { ...(await common(m)), subject: 'corpus' as const, site: m, document };
}

export type CorpusPage = Awaited<ReturnType<typeof readCorpus>>;

/** What the responder said of a corpus beside the commitment; nothing where the node does not serve the log. */
async function uriOf(m: CorpusRegistry, id: Hex, c: Corpus): Promise<string | undefined> {
  const logs = await m.reader.logs(m.address, [topicOf('ICorpusRegistry', 'CorpusCommitted'), id], () => true);
  const found = logs.map((log) => event('ICorpusRegistry', log.topics, log.data)?.args).find((args) => args?.['root'] === c.root);
  return found ? String(found['uri']) : undefined;
}

// ---- addresses and contracts ----

/** All that an address did in a marketplace, on both sides. */
export async function readAddress(reader: Reader, trust: Trust, market: Hex, address: Hex) {
  const m = await marketplace(reader, trust, market);
  const ids = await reader.list<Hex>('IModelRegistry', m.registry, 'modelCount', 'modelIdAt', []);
  const models = await Promise.all(ids.map(async (id) => ({ id, ...(await modelOf(m, id)) })));
  const rows = await Promise.all(models.map(async ({ id, grades }) => ({ engagements: await engagementsOf(m, id, grades), rounds: await roundsOf(m, id) })));
  const is = (one: { mp: Hex; mc: Hex }) => same(one.mp, address) || same(one.mc, address);
  const engagements: EngagementFields[] = rows.flatMap((row) => row.engagements).filter(is);
  const rounds: RoundFields[] = rows.flatMap((row) => row.rounds).filter(is);
  const own = models.filter(({ model }) => same(model.record.mp, address));
  const document = {
    ...envelope(reader, 'address', m.accuracy),
    address: lower(address),
    isContract: (await reader.code(address)) !== '0x',
    models: own.map(({ id, model }) => ({ id, status: named('ModelStatus', model.status), registeredAt: Number(model.registeredAt), stakeWei: model.stake.toString() })),
    engagements,
    rounds,
    deployment: m.deployment,
  };
  return { ...(await common(m)), subject: 'address' as const, site: m, document };
}

export type AddressPage = Awaited<ReturnType<typeof readAddress>>;

/**
 * All that an address did in audits: as responder by counting. Which requests an address made and which corpora it attested, no view
 * lists: they come from logs, and each is asked for again; one that a node leaves out is missing here.
 */
export async function readParty(reader: Reader, trust: Trust, market: Hex, address: Hex) {
  const m = await auditMarket(reader, trust, market);
  const corpora = m.params.contracts.corpora;
  const auditOf = async (id: Hex) => auditFields(id, await reader.view<AuditView>('IRetrievalMarket', m.address, 'audit', [id]));
  const own = await reader.list<Hex>('ICorpusRegistry', corpora, 'corpusCount', 'corpusIdAt', [address]);
  const committed = await Promise.all(own.map(async (id) => corpusFields(id, await reader.view<Corpus>('ICorpusRegistry', corpora, 'corpus', [id]))));
  const answered = await Promise.all(own.map((id) => reader.list<Hex>('IRetrievalMarket', m.address, 'auditCount', 'auditIdAt', [id])));
  const topic = word(address);
  const logged = async (of: 'IRetrievalMarket' | 'ICorpusRegistry', at: Hex, name: string, topics: (Hex | null)[], place: number) => {
    const logs = await reader.logs(at, [topicOf(of, name), ...topics], () => false);
    return [...new Set(logs.filter((log) => same(log.address, at)).map((log) => log.topics[place]!))];
  };
  const requests = await Promise.all((await logged('IRetrievalMarket', m.address, 'AuditRequested', [null, null, topic], 1)).map(auditOf));
  const attested = await Promise.all((await logged('ICorpusRegistry', corpora, 'Attested', [null, topic], 1)).map(async (id) => ({
    corpusId: id,
    attestedAt: Number(await reader.view<bigint>('ICorpusRegistry', corpora, 'attestedAt', [id, address])),
  })));
  const document = {
    ...envelope(reader, 'party', m.address),
    address: lower(address),
    isContract: (await reader.code(address)) !== '0x',
    corpora: committed,
    asResponder: await Promise.all(answered.flat().map(auditOf)),
    asRequester: requests.filter((one) => same(one.requester, address)),
    attested: attested.filter(({ attestedAt }) => attestedAt > 0),
    deployment: m.deployment,
  };
  return { ...(await common(m)), subject: 'party' as const, site: m, document };
}

export type PartyPage = Awaited<ReturnType<typeof readParty>>;

/** Registry and markets: addresses, code, parameters. The registry of corpora and the retrieval market are found by their own pages. */
export async function readContracts(reader: Reader, trust: Trust, market: Hex) {
  const m = await marketplace(reader, trust, market);
  const models = await reader.list<Hex>('IModelRegistry', m.registry, 'modelCount', 'modelIdAt', []);
  const [stake, strike] = await Promise.all(['stakeRequired', 'strike'].map((name) => reader.view<bigint>('IModelRegistry', m.registry, name)));
  const modelCount = Number(await reader.view<bigint>('IModelRegistry', m.registry, 'modelCount'));
  const document = { ...envelope(reader, 'market', m.accuracy), ...marketFields(m, modelCount, stake!, strike!) };
  return { ...(await common(m)), subject: 'contracts' as const, site: m, document, models, treasuryIsContract: (await reader.code(m.params.treasury)) !== '0x' };
}

export type ContractsPage = Awaited<ReturnType<typeof readContracts>>;

export type Subject = ModelPage | VerdictPage | RoundPage | AuditPage | CorpusPage | AddressPage | PartyPage | ContractsPage;
