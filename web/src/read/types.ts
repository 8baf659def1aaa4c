/** What the contracts' views return, field by field as in contracts/src/types. Up to 48 bits a number, above a bigint. */
import type { Hex } from './contracts.js';

export interface EngagementView {
  modelId: Hex; testRoot: Hex; offerHash: Hex; mc: Hex; mp: Hex;
  state: number; outcome: number; mode: number; adjudication: number; targetBps: number;
  deadline: bigint; closedAt: bigint; provenOnChain: number;
  guard: Hex; ctRoot: Hex; seed: Hex; claimedCorrect: number; openChallenges: number;
}

export interface VerdictView {
  modelId: Hex; mp: Hex; mc: Hex; mode: number; adjudication: number; assurance: number; metric: number;
  targetBps: number; n2: number; claimedCorrect: number; resultHash: Hex; provenOnChain: number; challengesAnswered: number;
  outcome: number; closedAt: bigint; testRoot: Hex; openFor: bigint; closedEarly: boolean;
}

export interface ModelRecord {
  mp: Hex; verifier: Hex; verifierCodehash: Hex; vkDigest: Hex; weightsCommit: bigint;
  metric: number; classes: number; inputWords: number; wordsPerHash: number; uri: string;
}

export interface ModelView {
  record: ModelRecord; modelHash: Hex; transportPubKey: Hex; status: number;
  stake: bigint; open: number; reserved: number; unlockAt: bigint; registeredAt: bigint;
}

export interface Reputation {
  passedProven: number; passedOptimistic: number; failed: number; aborted: number; unacked: number;
  mcFault: number; mpFault: number; settled: number; voided: number; strikes: number;
  firstSeen: bigint; providerFirstSeen: bigint; roundClean: number; roundUpheld: number; roundFault: number;
}

export interface RoundView {
  modelId: Hex; inputRoot: Hex; offerHash: Hex; outputsRoot: Hex; guard: Hex; mc: Hex; mp: Hex;
  state: number; outcome: number; privacy: number; metric: number; published: boolean;
  predictions: number; contestCap: number; contested: number; proven: number;
  mcDeposit: bigint; mpDeposit: bigint; price: bigint;
  quietBond: { paid: bigint; taken: bigint; earned: bigint };
  contestFees: bigint; deadline: bigint; answerBy: bigint; closedAt: bigint;
}

export interface AuditView {
  corpusId: Hex; predicateHash: Hex; requestHash: Hex; answersHash: Hex; guard: Hex; seed: Hex; saltHash: Hex;
  rq: Hex; rs: Hex; authority: Hex; state: number; outcome: number; approved: boolean; confirmed: boolean;
  size: number; inputWords: number; samples: number; namedMax: number; onesMax: number; withholdMax: number;
  bond: bigint; price: bigint; pages: number; positives: number; withheld: number; overruled: number;
  named: number; due: number; proven: number; demands: number; openDemands: number; published: number; demanded: number;
  deadline: bigint; overruleBy: bigint; closedAt: bigint; corpusCommittedAt: bigint;
}

export interface DemandView {
  state: number; listHash: Hex; ctRoot: Hex; streamId: Hex; documents: number; published: boolean;
  paid: bigint; spent: bigint; deadline: bigint; settleAfter: bigint;
}

export interface Corpus {
  rs: Hex; size: number; committedAt: bigint; root: Hex; inputWords: number; wordsPerHash: number;
}

export interface Attestation {
  source: Hex; attestedAt: bigint; statement: Hex;
}

export interface Predicate {
  verifier: Hex; verifierCodehash: Hex; vkDigest: Hex; weightsCommit: bigint;
}

export interface Params {
  registry: Hex; treasury: Hex; priceInput: bigint;
  prices: { proof: bigint; inference: bigint; fee: bigint };
  n1: number; n2: number; faultStrikes: number;
  windows: { accept: bigint; decide: bigint; proveBase: bigint; proveTimePerItem: bigint };
  unbondWindow: bigint;
  judges: { proofs: Hex; transfers: Hex; publication: Hex };
  transfer: { wordsPerChunk: number; commitWindow: bigint; ackWindow: bigint; publishWindow: bigint; keyWindow: bigint };
  claim: { challengeWindow: bigint; respondWindow: bigint; answerTime: bigint; challengeBond: bigint; directMax: number };
}

export interface PredictionParams {
  registry: Hex; treasury: Hex; judge: Hex; priceProof: bigint; fee: bigint; answerGas: number;
  quiet: { confirm: number; publishBase: number; publishPerWord: number };
  windows: { accept: bigint; publish: bigint; contest: bigint; respond: bigint; answerTime: bigint };
  unbondWindow: bigint;
}

export interface RetrievalParams {
  contracts: { corpora: Hex; documents: Hex; transfers: Hex; sharedKeys: Hex; publication: Hex };
  delivery: { wordsPerChunk: number; chunkGas: number; deliverGas: number };
  windows: {
    accept: bigint; answerBase: bigint; answerTime: bigint; reveal: bigint; proveBase: bigint; proveTime: bigint; demand: bigint;
    deliverBase: bigint; deliverTime: bigint; ack: bigint; publishBase: bigint; publishTime: bigint; evidence: bigint;
  };
}

export interface RegistryParams {
  priceInput: bigint; n1: number; faultStrikes: number; unbondWindow: bigint; treasury: Hex; accuracy: Hex; prediction: Hex;
}
