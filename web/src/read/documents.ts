/** The documents that `assay … show --json` prints, field by field: marketplace/DOCUMENTS.md describes them. */
import { type Hex, named } from './contracts.js';
import type { Deployment, Verifier } from './code.js';
import type { Reader } from './reader.js';
import { type Marketplace, isZero, lower } from './site.js';
import { word } from './statement.js';
import type { Attestation, AuditView, Corpus, EngagementView, ModelView, Reputation, RoundView, VerdictView } from './types.js';

export interface Envelope {
  schema: string;
  version: number;
  kind: string;
  chainId: number;
  market: Hex;
  block: number;
  blockHash: Hex;
  blockTime: number;
}

export interface Grades {
  deployment: Deployment;
  verifier: Verifier;
  treasury: Hex;
}

export function envelope(reader: Reader, kind: string, market: Hex): Envelope {
  const { chainId, block } = reader;
  return {
    schema: `assay.${kind}`,
    version: 1,
    kind,
    chainId,
    market: lower(market),
    block: Number(block.number),
    blockHash: block.hash,
    blockTime: Number(block.time),
  };
}

const wei = (value: bigint): string => value.toString();
const time = (value: bigint): number => Number(value);

/** Whether the reader knows the contracts that an assurance rests on. */
export function allows(grades: Pick<Grades, 'deployment' | 'verifier'>, assurance: string): boolean {
  const deployment = grades.deployment.grade !== 'UNKNOWN';
  if (assurance === 'PROVEN') return deployment && grades.verifier.grade !== 'NOT CHECKED';
  return assurance !== 'OPTIMISTIC' || deployment;
}

/** k*: the fewest proofs that meet a target. */
export const needed = (targetBps: number, size: number): number => Math.ceil((targetBps * size) / 10_000);

/** N examples; in FULL the proven set has N2 of them. */
export const provenSize = (m: Marketplace, mode: string): number => (mode === 'FULL' ? m.params.n2 : m.params.n1 + m.params.n2);

export type EngagementFields = ReturnType<typeof engagementFields>;

export function engagementFields(m: Marketplace, id: Hex, e: EngagementView, v: VerdictView, grades: Grades) {
  const mode = named('Mode', v.mode);
  const assurance = named('Assurance', v.assurance);
  const deposit = wei(2n * BigInt(m.params.n1 + m.params.n2) * m.params.priceInput);
  return {
    id,
    state: named('State', e.state),
    modelId: v.modelId,
    mp: lower(v.mp),
    mc: lower(v.mc),
    mode,
    adjudication: named('Adjudication', v.adjudication),
    assurance: allows(grades, assurance) ? assurance : 'NOT CHECKED',
    metric: named('Metric', v.metric),
    targetBps: v.targetBps,
    n2: v.n2,
    claimedCorrect: v.claimedCorrect,
    resultHash: v.resultHash,
    provenOnChain: v.provenOnChain,
    neededCorrect: needed(v.targetBps, provenSize(m, mode)),
    openChallenges: e.openChallenges,
    challengesAnswered: v.challengesAnswered,
    outcome: named('Outcome', v.outcome),
    closedAt: time(v.closedAt),
    testRoot: v.testRoot,
    offerHash: e.offerHash,
    ctRoot: e.ctRoot,
    seed: e.seed,
    guard: e.guard,
    deadline: time(e.deadline),
    consumerDepositWei: deposit,
    providerDepositWei: deposit,
    openFor: time(v.openFor),
    closedEarly: v.closedEarly,
    selfDealt: lower(v.mc) === lower(v.mp),
  };
}

export type RoundFields = ReturnType<typeof roundFields>;

export function roundFields(id: Hex, r: RoundView) {
  return {
    id,
    modelId: r.modelId,
    mc: lower(r.mc),
    mp: lower(r.mp),
    state: named('RoundState', r.state),
    outcome: named('RoundOutcome', r.outcome),
    privacy: named('Privacy', r.privacy),
    metric: named('Metric', r.metric),
    predictions: r.predictions,
    contestCap: r.contestCap,
    contested: r.contested,
    proven: r.proven,
    published: r.published,
    inputRoot: r.inputRoot,
    outputsRoot: r.outputsRoot,
    offerHash: r.offerHash,
    consumerDepositWei: wei(r.mcDeposit),
    providerDepositWei: wei(r.mpDeposit),
    priceWei: wei(r.price),
    quietBondWei: wei(r.quietBond.paid),
    quietTakenWei: wei(r.quietBond.taken),
    quietEarnedWei: wei(r.quietBond.earned),
    contestFeesWei: wei(r.contestFees),
    guard: r.guard,
    deadline: time(r.deadline),
    answerBy: time(r.answerBy),
    closedAt: time(r.closedAt),
    selfDealt: lower(r.mc) === lower(r.mp),
  };
}

export type AuditFields = ReturnType<typeof auditFields>;

export function auditFields(id: Hex, a: AuditView) {
  return {
    id,
    corpusId: a.corpusId,
    requester: lower(a.rq),
    responder: lower(a.rs),
    authority: isZero(a.authority) ? null : lower(a.authority),
    selfDealt: lower(a.rq) === lower(a.rs),
    state: named('AuditState', a.state),
    outcome: named('AuditOutcome', a.outcome),
    approved: a.approved,
    confirmed: a.confirmed,
    size: a.size,
    samples: a.samples,
    namedMax: a.namedMax,
    onesMax: a.onesMax,
    withholdMax: a.withholdMax,
    positives: a.positives,
    withheld: a.withheld,
    overruled: a.overruled,
    named: a.named,
    due: a.due,
    proven: a.proven,
    demands: a.demands,
    openDemands: a.openDemands,
    published: a.published,
    demanded: a.demanded,
    bondWei: wei(a.bond),
    priceWei: wei(a.price),
    predicateHash: a.predicateHash,
    requestHash: a.requestHash,
    answersHash: a.answersHash,
    seed: a.seed,
    guard: a.guard,
    corpusCommittedAt: time(a.corpusCommittedAt),
    deadline: time(a.deadline),
    overruleBy: time(a.overruleBy),
    closedAt: time(a.closedAt),
  };
}

export type CorpusFields = ReturnType<typeof corpusFields>;

export function corpusFields(id: Hex, c: Corpus) {
  return {
    id,
    responder: lower(c.rs),
    size: c.size,
    root: c.root,
    inputWords: c.inputWords,
    wordsPerHash: c.wordsPerHash,
    committedAt: time(c.committedAt),
  };
}

export function attestationFields(responder: Hex, a: Attestation) {
  return {
    source: lower(a.source),
    own: lower(a.source) === lower(responder),
    attestedAt: time(a.attestedAt),
    statement: a.statement,
  };
}

export type ModelFields = ReturnType<typeof modelFields>;

export interface ModelCounts {
  engagementOfferCount: number;
  engagementCount: number;
  roundOfferCount: number | null;
  roundCount: number | null;
}

export function modelFields(id: Hex, m: ModelView, r: Reputation, counts: ModelCounts) {
  const { record } = m;
  return {
    id,
    mp: lower(record.mp),
    status: named('ModelStatus', m.status),
    modelHash: m.modelHash,
    weightsCommit: word(record.weightsCommit),
    vkDigest: record.vkDigest,
    verifierAddress: lower(record.verifier),
    verifierCodehash: record.verifierCodehash,
    metric: named('Metric', record.metric),
    classes: record.classes,
    inputWords: record.inputWords,
    wordsPerHash: record.wordsPerHash,
    transportPubKey: m.transportPubKey,
    uri: record.uri,
    stakeWei: wei(m.stake),
    reserved: m.reserved,
    open: m.open,
    strikes: r.strikes,
    registeredAt: time(m.registeredAt),
    unlockAt: time(m.unlockAt),
    providerFirstSeen: time(r.providerFirstSeen),
    counters: {
      passedProven: r.passedProven,
      passedOptimistic: r.passedOptimistic,
      failed: r.failed,
      aborted: r.aborted,
      unacked: r.unacked,
      mcFault: r.mcFault,
      mpFault: r.mpFault,
      settled: r.settled,
      voided: r.voided,
      roundClean: r.roundClean,
      roundUpheld: r.roundUpheld,
      roundFault: r.roundFault,
    },
    ...counts,
  };
}

export function marketFields(m: Marketplace, modelCount: number, stake: bigint, strike: bigint) {
  const { params: p, params: { prices, windows, judges, transfer, claim }, rounds } = m;
  return {
    deployment: m.deployment,
    contracts: m.parts,
    treasury: lower(p.treasury),
    registry: {
      address: lower(m.registry),
      modelCount,
      stakeRequiredWei: wei(stake),
      strikeWei: wei(strike),
      unbondSeconds: time(p.unbondWindow),
    },
    accuracy: {
      address: lower(m.accuracy),
      paramsHash: m.paramsHash,
      priceInputWei: wei(p.priceInput),
      priceProofWei: wei(prices.proof),
      priceInferenceWei: wei(prices.inference),
      feeWei: wei(prices.fee),
      challengeBondWei: wei(claim.challengeBond),
      n1: p.n1,
      n2: p.n2,
      faultStrikes: p.faultStrikes,
      directMax: claim.directMax,
      wordsPerChunk: transfer.wordsPerChunk,
      windowsSeconds: {
        accept: time(windows.accept),
        decide: time(windows.decide),
        proveBase: time(windows.proveBase),
        provePerItem: time(windows.proveTimePerItem),
        commit: time(transfer.commitWindow),
        ack: time(transfer.ackWindow),
        publish: time(transfer.publishWindow),
        key: time(transfer.keyWindow),
        challenge: time(claim.challengeWindow),
        respond: time(claim.respondWindow),
        answer: time(claim.answerTime),
      },
      judges: { proofs: lower(judges.proofs), transfers: lower(judges.transfers), publication: lower(judges.publication) },
    },
    prediction: rounds
      ? {
          address: lower(rounds.address),
          paramsHash: rounds.paramsHash,
          priceProofWei: wei(rounds.params.priceProof),
          feeWei: wei(rounds.params.fee),
          answerGas: rounds.params.answerGas,
          quietGas: { ...rounds.params.quiet },
          windowsSeconds: {
            accept: time(rounds.params.windows.accept),
            publish: time(rounds.params.windows.publish),
            contest: time(rounds.params.windows.contest),
            respond: time(rounds.params.windows.respond),
            answer: time(rounds.params.windows.answerTime),
          },
          judge: lower(rounds.params.judge),
        }
      : null,
  };
}
