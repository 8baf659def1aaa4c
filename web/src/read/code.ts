/**
 * How far the code of a contract is known: the same bytes as this release's with immutables, library addresses and a library's own
 * address masked, what stands in these places as the parameters say, and created from this release's creation code.
 */
import { sha256 } from '@noble/hashes/sha2';
import { bytesToHex, encodeAbiParameters, getAddress as checksumAddress, hexToBytes, keccak256 } from 'viem/utils';
import release from '../../../chain/artefacts/release.json';
import { type Hex } from './contracts.js';
import { DEPLOYER, DEPLOYER_CODEHASH, created, place, retrievalCreationHash } from './statement.js';
import type { Reader } from './reader.js';
import type { Params, PredictionParams, RetrievalParams } from './types.js';

export type Grade = 'REPRODUCED' | 'TRUSTED' | 'UNKNOWN';

/** One contract of a deployment. */
export interface Part {
  contract: string;
  address: Hex;
  codehash: Hex;
  differs?: string;
}

export interface Deployment {
  grade: Grade;
  digest: Hex;
  differences?: string[];
}

interface Artefact {
  length: number;
  sha256: string;
  immutables: Record<string, number[]>;
  libraries: Record<string, number[]>;
  own: number[];
}

const artefacts = release.contracts as unknown as Record<string, Artefact>;
const creation = release.creation as Record<string, Hex>;

type Immutables = Record<string, bigint>;

const at = (code: Uint8Array, start: number, length: number): Hex => bytesToHex(code.slice(start, start + length));

/** Whether this is the contract's code, whatever stands in the masked places. */
export function isCode(contract: string, code: Uint8Array): boolean {
  const artefact = artefacts[contract]!;
  if (code.length !== artefact.length) return false;
  const masked = code.slice();
  for (const start of Object.values(artefact.immutables).flat()) masked.fill(0, start, start + 32);
  for (const start of [...Object.values(artefact.libraries).flat(), ...artefact.own]) masked.fill(0, start, start + 20);
  return bytesToHex(sha256(masked)) === artefact.sha256;
}

/** What keeps the code at an address from being this contract's with these immutables. */
export function difference(contract: string, code: Uint8Array, address: Hex, expected: Immutables): string | undefined {
  const artefact = artefacts[contract]!;
  if (code.length === 0) return 'there is no code';
  if (!isCode(contract, code) || artefact.own.some((start) => at(code, start, 20) !== address.toLowerCase())) return 'it has other code';
  for (const [name, places] of Object.entries(artefact.immutables)) {
    const value = expected[name];
    if (value === undefined) return `nothing is known about its ${name}`;
    for (const start of places) {
      const given = BigInt(at(code, start, 32));
      if (given !== value) return `${name} is 0x${given.toString(16)}, not 0x${value.toString(16)}`;
    }
  }
  return undefined;
}

/** Contracts with storage that serve everybody, at the place that their creation code determines. */
const BY_PROXY = ['CorpusRegistry', 'PublishedTransfers'];

/** What keeps a contract with storage from having begun as this release's of that name does. */
async function originDifference(reader: Reader, contract: string, address: Hex, retrieval?: RetrievalParams): Promise<string | undefined> {
  const codeHash = creation[contract];
  if (!codeHash) return undefined;
  if (keccak256(await reader.code(DEPLOYER)) !== DEPLOYER_CODEHASH) {
    return `nothing shows how it was created: ${checksumAddress(DEPLOYER)} is no deployment proxy`;
  }
  const own = contract === 'RetrievalMarket' && retrieval ? place(retrievalCreationHash(retrieval)) : BY_PROXY.includes(contract) ? place(codeHash) : undefined;
  if (own) return own === address.toLowerCase() ? undefined : `it is not the one at ${checksumAddress(own)}, whose address shows how it was created`;
  const factory = place(creation['MarketplaceFactory']!);
  if ((await reader.code(factory)) === '0x') return `it was not created by this release's factory, which is not at ${checksumAddress(factory)}`;
  const kept = await reader.view<Hex>('IMarketplaceFactory', factory, 'creationCodeHash', [address]);
  if (BigInt(kept) === 0n) return "it was not created by this release's factory";
  return kept === codeHash ? undefined : 'it was created from other code';
}

async function compare(reader: Reader, contract: string, address: Hex, expected: Immutables, retrieval?: RetrievalParams): Promise<Part[]> {
  const code = await reader.code(address);
  const bytes = hexToBytes(code);
  const differs = difference(contract, bytes, address, expected) ?? (await originDifference(reader, contract, address, retrieval));
  const parts: Part[] = [{ contract, address: address.toLowerCase() as Hex, codehash: keccak256(code), ...(differs ? { differs } : {}) }];
  if (!isCode(contract, bytes)) return parts;
  for (const [library, places] of Object.entries(artefacts[contract]!.libraries)) {
    for (const linked of new Set(places.map((start) => at(bytes, start, 20)))) parts.push(...(await compare(reader, library, linked, expected)));
  }
  return parts;
}

const big = (value: Hex | bigint | number): bigint => BigInt(value);

/** A stake is this many strikes, as in `ModelRegistry`. */
const STRIKES_PER_STAKE = 1000n;

interface Marketplace {
  accuracy: Hex;
  terms: Hex;
  paramsHash: Hex;
  params: Params;
  /** Zero where there is none. */
  prediction: Hex;
  rounds?: { params: PredictionParams; paramsHash: Hex };
}

/** Registry, accuracy and prediction market, and what these rely on. */
export async function marketplaceParts(reader: Reader, m: Marketplace): Promise<Part[]> {
  const { params: p, params: { prices, windows, judges, transfer, claim } } = m;
  const n = BigInt(p.n1 + p.n2);
  const strike = BigInt(p.n1) * p.priceInput;
  const deposit = 2n * n * p.priceInput;
  const expected: Immutables = {
    REGISTRY: big(p.registry), ACCURACY: big(m.accuracy), PREDICTION: big(m.prediction), TERMS: big(m.terms), PARAMS_HASH: big(m.paramsHash),
    TREASURY: big(p.treasury), PROOF_JUDGE: big(judges.proofs), TRANSFER_JUDGE: big(judges.transfers), PUBLICATION: big(judges.publication),
    PRICE_INPUT: p.priceInput, PRICE_PROOF: prices.proof, PRICE_INFERENCE: prices.inference, FEE: prices.fee, FEES: 2n * prices.fee,
    ENTRY: deposit + prices.fee, ESCROW: 2n * deposit, STRIKE: strike, STAKE: STRIKES_PER_STAKE * strike,
    N1: big(p.n1), N2: big(p.n2), N: n, FAULT_STRIKES: big(p.faultStrikes),
    ACCEPT_WINDOW: windows.accept, DECIDE_WINDOW: windows.decide, PROVE_BASE: windows.proveBase, PROVE_TIME_PER_ITEM: windows.proveTimePerItem,
    UNBOND_WINDOW: p.unbondWindow, WORDS_PER_CHUNK: big(transfer.wordsPerChunk), COMMIT_WINDOW: transfer.commitWindow, ACK_WINDOW: transfer.ackWindow,
    PUBLISH_WINDOW: transfer.publishWindow, KEY_WINDOW: transfer.keyWindow, CHALLENGE_WINDOW: claim.challengeWindow, RESPOND_WINDOW: claim.respondWindow,
    ANSWER_TIME: claim.answerTime, CHALLENGE_BOND: claim.challengeBond, DIRECT_MAX: big(claim.directMax),
  };
  const contracts: [string, Hex, Immutables][] = [
    ['ModelRegistry', p.registry, expected], ['AccuracyMarket', m.accuracy, expected], ['AccuracyTerms', m.terms, expected],
    ['ProofJudge', judges.proofs, expected], ['TransferJudge', judges.transfers, expected], ['PublishedTransfers', judges.publication, expected],
  ];
  if (BigInt(m.prediction) !== 0n) {
    const r = m.rounds?.params;
    const ofRounds: Immutables = r
      ? {
          REGISTRY: big(p.registry), JUDGE: big(r.judge), TREASURY: big(p.treasury), PARAMS_HASH: big(m.rounds!.paramsHash), PRICE_PROOF: r.priceProof,
          FEE: r.fee, ANSWER_GAS: big(r.answerGas), ACCEPT_WINDOW: r.windows.accept, PUBLISH_WINDOW: r.windows.publish, CONTEST_WINDOW: r.windows.contest,
          RESPOND_WINDOW: r.windows.respond, ANSWER_TIME: r.windows.answerTime, UNBOND_WINDOW: p.unbondWindow,
        }
      : {};
    contracts.push(['PredictionMarket', m.prediction, ofRounds]);
    if (r) contracts.push(['OutputJudge', r.judge, expected]);
  }
  return (await Promise.all(contracts.map(([name, address, values]) => compare(reader, name, address, values)))).flat();
}

/** Everything that decides about the money of audits. */
export async function auditParts(reader: Reader, market: Hex, p: RetrievalParams, paramsHash: Hex): Promise<Part[]> {
  const { contracts, delivery, windows: w } = p;
  const [terms, auditReader] = [created(market, 1), created(market, 2)];
  const expected: Immutables = {
    TERMS: big(terms), READER: big(auditReader), PARAMS_HASH: big(paramsHash), CORPORA: big(contracts.corpora), DOCUMENT_JUDGE: big(contracts.documents),
    TRANSFER_JUDGE: big(contracts.transfers), SHARED_KEY_JUDGE: big(contracts.sharedKeys), PUBLICATION: big(contracts.publication),
    WORDS_PER_CHUNK: big(delivery.wordsPerChunk), CHUNK_GAS: big(delivery.chunkGas), DELIVER_GAS: big(delivery.deliverGas), ACCEPT_WINDOW: w.accept,
    ANSWER_BASE: w.answerBase, ANSWER_TIME: w.answerTime, REVEAL_WINDOW: w.reveal, PROVE_BASE: w.proveBase, PROVE_TIME: w.proveTime,
    DEMAND_WINDOW: w.demand, DELIVER_BASE: w.deliverBase, DELIVER_TIME: w.deliverTime, ACK_WINDOW: w.ack, PUBLISH_BASE: w.publishBase,
    PUBLISH_TIME: w.publishTime, EVIDENCE_WINDOW: w.evidence,
  };
  const parts: [string, Hex][] = [
    ['RetrievalMarket', market], ['AuditTerms', terms], ['AuditReader', auditReader], ['DocumentJudge', contracts.documents],
    ['SharedKeyJudge', contracts.sharedKeys], ['TransferJudge', contracts.transfers], ['PublishedTransfers', contracts.publication],
    ['CorpusRegistry', contracts.corpora],
  ];
  return (await Promise.all(parts.map(([name, address]) => compare(reader, name, address, expected, p)))).flat();
}

/** The registry of corpora, which depends on no other contract. */
export const corporaParts = (reader: Reader, address: Hex): Promise<Part[]> => compare(reader, 'CorpusRegistry', address, {});

/** What a comparison comes to; the digest names all contracts with their code, which a reader may trust all the same. */
export function graded(chainId: number, parts: Part[], trusted: readonly Hex[] = []): Deployment {
  const types = [
    { type: 'uint256' },
    { type: 'tuple[]', components: [{ type: 'string' }, { type: 'address' }, { type: 'bytes32' }] },
  ];
  const rows = parts.map(({ contract, address, codehash }) => [contract, address, codehash]);
  const digest = keccak256(encodeAbiParameters([{ type: 'tuple', components: types }] as never, [[BigInt(chainId), rows]] as never));
  const differences = parts.filter((part) => part.differs).map((part) => `${part.contract} at ${checksumAddress(part.address)}: ${part.differs}`);
  const grade = differences.length === 0 ? 'REPRODUCED' : trusted.includes(digest) ? 'TRUSTED' : 'UNKNOWN';
  return { grade, digest, ...(differences.length > 0 ? { differences } : {}) };
}

// ---- verifiers ----

export interface Verifier {
  grade: 'REPRODUCED' | 'SAME CODE' | 'NOT CHECKED';
  address: Hex;
  codehash: Hex;
  vkDigest: Hex;
  weightsCommit: Hex;
  classes: number;
  metric: string;
  why?: string;
}

/** Every circuit of this release hashes so many words at a time. */
const WORDS_PER_HASH = 2;

/** Opcodes after which what code answers may change: SLOAD, CALLCODE, DELEGATECALL. */
const CHANGEABLE = [0x54, 0xf2, 0xf4];

/** Whether what code answers may depend on what can change. */
export function isChangeable(code: Uint8Array): boolean {
  for (let i = 0; i < code.length; i++) {
    const op = code[i]!;
    if (CHANGEABLE.includes(op)) return true;
    if (op >= 0x60 && op <= 0x7f) i += op - 0x5f;
  }
  return false;
}

/** Why a verifier is not known, by the code hashes that the reader trusts; nothing if it is. */
export function doubt(code: Hex, v: { verifier: Hex; verifierCodehash: Hex; wordsPerHash: number }, trusted: readonly Hex[]): string | undefined {
  const address = checksumAddress(v.verifier);
  if (keccak256(code) !== v.verifierCodehash) return `the code at ${address} is not the one that was registered`;
  if (code.startsWith('0xef0100')) return `${address} is an account that delegates to other code (EIP-7702), which can change`;
  if (trusted.length === 0) return 'nothing to compare it with: give --arch FILE or --trust-codehash HASH';
  if (!trusted.includes(v.verifierCodehash)) return `the model's verifier has code hash ${v.verifierCodehash}, not ${trusted.join(' or ')}`;
  if (isChangeable(hexToBytes(code))) return `the code at ${address} reads storage or runs other code in its own place: what it accepts can change`;
  if (v.wordsPerHash !== WORDS_PER_HASH) return `the model is registered with ${v.wordsPerHash} words per hash, the circuit hashes ${WORDS_PER_HASH}`;
  return undefined;
}

/** −τ·G2 of the development string, whose secret is public: whoever finds it in a verifier can forge every proof. */
export const DEVELOPMENT_STRING = [
  '2fc7db8aa2d39ef3cb5c42bcd9765545f0f0fc0c5bc2a98de550e62b845688a9',
  '05fc201e0828a9fc17f58cc76c793d9a96191f68bdb2a969c1e30c2063e64de1',
  '1a4eaa6e42b04ca080de7b58ad35469980c95c90cf2e140781db6fcfdec8e959',
  '12d749c5d95eecb7cc7f11c835a140f4f5eb1cb93a80120df3104b3b11d6bcf2',
];

/** Whether the code of a verifier holds the development string; leading zeros of a word are not pushed. */
export const holdsDevelopmentString = (code: Hex): boolean =>
  DEVELOPMENT_STRING.every((word) => code.includes(word.replace(/^(00)+/, '')));
