/** The contracts behind a page, read once, and how far they are known. */
import { getAddress as checksumAddress } from 'viem/utils';
import { type Part, type Deployment, type Verifier, auditParts, corporaParts, doubt, graded, marketplaceParts } from './code.js';
import { type Hex, named } from './contracts.js';
import { ReadError, isKind } from './errors.js';
import type { Reader } from './reader.js';
import { paramsHash, word } from './statement.js';
import type { ModelRecord, Params, Predicate, PredictionParams, RegistryParams, RetrievalParams } from './types.js';

/** What the reader trusts of its own: code hashes of verifiers, digests of deployments, sources of attestations. */
export interface Trust {
  codehashes: readonly Hex[];
  deployments: readonly Hex[];
  sources: readonly Hex[];
}

export const NO_TRUST: Trust = { codehashes: [], deployments: [], sources: [] };

export const lower = (value: Hex): Hex => value.toLowerCase() as Hex;
export const same = (a: Hex, b: Hex): boolean => lower(a) === lower(b);
export const isZero = (value: Hex): boolean => BigInt(value) === 0n;

export interface Marketplace {
  reader: Reader;
  trust: Trust;
  accuracy: Hex;
  terms: Hex;
  params: Params;
  paramsHash: Hex;
  registry: Hex;
  registryParams: RegistryParams;
  /** None where the registry names none, or something else as one. */
  rounds?: { address: Hex; params: PredictionParams; paramsHash: Hex };
  parts: Part[];
  deployment: Deployment;
}

/** @throws ReadError if no accuracy market is there, or it hashes its parameters in another way. */
export async function marketplace(reader: Reader, trust: Trust, accuracy: Hex): Promise<Marketplace> {
  const terms = await reader.view<Hex>('IAccuracyMarket', accuracy, 'terms');
  const params = await reader.view<Params>('IAccuracyTerms', terms, 'params');
  const hash = await reader.view<Hex>('IAccuracyMarket', accuracy, 'PARAMS_HASH');
  if (paramsHash('IAccuracyTerms', params) !== hash) throw otherHash(accuracy);
  const registry = params.registry;
  const registryParams = await reader.view<RegistryParams>('IModelRegistry', registry, 'params');
  const prediction = registryParams.prediction;
  const rounds = isZero(prediction) ? undefined : await roundMarket(reader, prediction, registry).catch(otherContract);
  const parts = await marketplaceParts(reader, { accuracy, terms, paramsHash: hash, params, prediction, ...(rounds ? { rounds } : {}) });
  return {
    reader, trust, accuracy, terms, params, paramsHash: hash, registry, registryParams,
    ...(rounds ? { rounds } : {}),
    parts,
    deployment: graded(reader.chainId, parts, trust.deployments),
  };
}

/** Nothing where something else than the market stands; what keeps a node from saying so is an error as everywhere. */
function otherContract(error: unknown): undefined {
  if (!isKind(error, 'reverted', 'not this contract')) throw error;
}

async function roundMarket(reader: Reader, address: Hex, registry: Hex): Promise<NonNullable<Marketplace['rounds']>> {
  const params = await reader.view<PredictionParams>('IPredictionMarket', address, 'params');
  const hash = await reader.view<Hex>('IPredictionMarket', address, 'PARAMS_HASH');
  if (paramsHash('IPredictionMarket', params) !== hash || !same(params.registry, registry)) throw otherHash(address);
  return { address, params, paramsHash: hash };
}

/** The marketplace that a prediction market belongs to. */
export async function marketplaceOfRounds(reader: Reader, trust: Trust, address: Hex): Promise<Marketplace & { rounds: NonNullable<Marketplace['rounds']> }> {
  const { registry } = await reader.view<PredictionParams>('IPredictionMarket', address, 'params');
  const found = await marketplace(reader, trust, await reader.view<Hex>('IModelRegistry', registry, 'accuracy'));
  if (!found.rounds || !same(found.rounds.address, address)) {
    throw new ReadError('not this contract', `the registry ${checksumAddress(registry)} does not name ${checksumAddress(address)} as its prediction market`);
  }
  return { ...found, rounds: found.rounds };
}

export interface AuditMarket {
  reader: Reader;
  trust: Trust;
  address: Hex;
  terms: Hex;
  params: RetrievalParams;
  paramsHash: Hex;
  parts: Part[];
  deployment: Deployment;
}

export async function auditMarket(reader: Reader, trust: Trust, address: Hex): Promise<AuditMarket> {
  const terms = await reader.view<Hex>('IRetrievalMarket', address, 'terms');
  const params = await reader.view<RetrievalParams>('IAuditTerms', terms, 'params');
  const hash = await reader.view<Hex>('IRetrievalMarket', address, 'PARAMS_HASH');
  if (paramsHash('IAuditTerms', params) !== hash) throw otherHash(address);
  const parts = await auditParts(reader, address, params, hash);
  return { reader, trust, address, terms, params, paramsHash: hash, parts, deployment: graded(reader.chainId, parts, trust.deployments) };
}

export interface CorpusRegistry {
  reader: Reader;
  trust: Trust;
  address: Hex;
  parts: Part[];
  deployment: Deployment;
}

export async function corpusRegistry(reader: Reader, trust: Trust, address: Hex): Promise<CorpusRegistry> {
  const parts = await corporaParts(reader, address);
  return { reader, trust, address, parts, deployment: graded(reader.chainId, parts, trust.deployments) };
}

const otherHash = (address: Hex): ReadError =>
  new ReadError('not this contract', `contract ${checksumAddress(address)} hashes its parameters in another way: it is not this market`);

/** How far the verifier of a model's record is known. */
export async function verifierOf(reader: Reader, trust: Trust, record: ModelRecord): Promise<Verifier> {
  const why = doubt(await reader.code(record.verifier), record, trust.codehashes);
  return {
    grade: why ? 'NOT CHECKED' : 'SAME CODE',
    address: lower(record.verifier),
    codehash: record.verifierCodehash,
    vkDigest: record.vkDigest,
    weightsCommit: word(record.weightsCommit),
    classes: record.classes,
    metric: named('Metric', record.metric),
    ...(why ? { why } : {}),
  };
}

/** As `verifierOf`, of a predicate: it answers with one bit, and circuits hash two words at a time. */
export const verifierOfPredicate = (reader: Reader, trust: Trust, predicate: Predicate, inputWords: number): Promise<Verifier> =>
  verifierOf(reader, trust, { ...predicate, mp: '0x', metric: 2, classes: 2, inputWords, wordsPerHash: 2, uri: '' });


