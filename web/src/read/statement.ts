/** What the contracts hash: each value in one word, after a tag. The manual is contracts/src/libraries/{Statement,AuditStatement}.sol. */
import { bytesToHex, concatHex, encodeAbiParameters, hexToBytes, keccak256, numberToHex, padHex, stringToHex } from 'viem/utils';
import { keccakP } from '@noble/hashes/sha3';
import { type Hex, abi, retrievalCreation } from './contracts.js';
import type { AbiFunction, AbiParameter } from 'viem';

export const tag = (name: string): Hex => keccak256(stringToHex(`assay.${name}.v1`));

/** One word of 32 bytes: numbers and addresses padded on the left, 32 bytes as they are. */
export const word = (value: Hex | bigint | number): Hex =>
  typeof value === 'string' ? padHex(value, { size: 32 }) : numberToHex(BigInt(value), { size: 32 });

/** keccak256 of words in order. */
export const hash = (...values: (Hex | bigint | number)[]): Hex => keccak256(concatHex(values.map(word)));

/** The parameters of a function, to hash a struct that it takes. */
const parameterOf = (of: keyof typeof abi, name: string, place: number): AbiParameter =>
  abi[of].find((one): one is AbiFunction => one.type === 'function' && one.name === name)!.inputs[place]!;

const WORD: AbiParameter = { type: 'bytes32' };

/** `abi.encode` of words, a static struct, and words. */
function around(before: (Hex | bigint | number)[], struct: AbiParameter, value: unknown, after: (Hex | bigint | number)[]): Hex {
  const types = [...before.map(() => WORD), struct, ...after.map(() => WORD)];
  return keccak256(encodeAbiParameters(types, [...before.map(word), value, ...after.map(word)]));
}

export const offerHash = (id: Hex, mc: Hex, terms: unknown, paramsHash: Hex): Hex =>
  around([tag('offer'), id, mc], parameterOf('IAccuracyMarket', 'open', 0), terms, [paramsHash]);

export const roundOfferHash = (id: Hex, mc: Hex, terms: unknown, quietBond: bigint, paramsHash: Hex): Hex =>
  around([tag('round-offer'), id, mc], parameterOf('IPredictionMarket', 'open', 0), terms, [quietBond, paramsHash]);

export const requestHash = (id: Hex, rq: Hex, terms: unknown, paramsHash: Hex): Hex =>
  around([tag('audit-request'), id, rq], parameterOf('IRetrievalMarket', 'request', 0), terms, [paramsHash]);

export const predicateHash = (predicate: unknown): Hex =>
  around([tag('predicate')], parameterOf('IRetrievalMarket', 'request', 1), predicate, []);

/** `PARAMS_HASH` of what `params()` returns. */
export function paramsHash(of: 'IAccuracyTerms' | 'IPredictionMarket' | 'IAuditTerms', params: unknown): Hex {
  const name = { IAccuracyTerms: 'params', IPredictionMarket: 'round-params', IAuditTerms: 'audit-params' }[of];
  const struct = abi[of].find((one): one is AbiFunction => one.type === 'function' && one.name === 'params')!.outputs[0]!;
  return around([tag(name)], struct, params, []);
}

/** What a proof is made for: no proof for one place counts in another. */
export const context = (chainId: number, market: Hex, kind: number, id: Hex, position: bigint | number): bigint =>
  BigInt(hash(tag('ctx'), chainId, market, kind, id, position)) >> 8n;

export const KIND = { accuracy: 1, prediction: 2, retrieval: 3 } as const;

export const pageHash = (id: Hex, q: number, before: number, bits: Hex): Hex => hash(tag('page'), id, q, before, keccak256(bits));

export const listHash = (indices: readonly number[]): Hex => hash(tag('list'), ...indices);

export const auditSeed = (id: Hex, answersHash: Hex, salt: Hex): Hex => hash(tag('audit'), id, answersHash, salt);

const SHUFFLE_ROUNDS = 90;

/** pi_seed(position) among n: the swap-or-not shuffle of contracts/src/libraries/Shuffle.sol. */
export function shuffled(seed: Hex, position: number, n: number): number {
  const shuffle = tag('shuffle');
  let index = position;
  for (let round = 0; round < SHUFFLE_ROUNDS; round++) {
    const pivot = Number(BigInt(hash(shuffle, seed, round)) % BigInt(n));
    const flip = (pivot + n - index) % n;
    const higher = Math.max(index, flip);
    const coins = BigInt(hash(shuffle, seed, round, higher >>> 8));
    if ((coins >> BigInt(higher & 0xff)) & 1n) index = flip;
  }
  return index;
}

/** Positions of the set bits: bit p is bit p mod 8, least significant first, of byte p / 8. */
export function positions(bitmap: Hex): number[] {
  const found: number[] = [];
  hexToBytes(bitmap).forEach((byte, i) => {
    for (let bit = 0; bit < 8; bit++) if ((byte >> bit) & 1) found.push(8 * i + bit);
  });
  return found;
}

// ---- addresses that say how a contract was created ----

/** The deterministic deployment proxy. */
export const DEPLOYER: Hex = '0x4e59b44847b379578588920ca78fbf26c0b4956c';
export const DEPLOYER_CODEHASH: Hex = '0x2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989';

const tail = (digest: Hex): Hex => `0x${digest.slice(-40)}`;

/** Where the proxy creates a contract of this creation code, salt zero. */
export const place = (codeHash: Hex): Hex => tail(keccak256(concatHex(['0xff', DEPLOYER, word(0), codeHash])));

/** What an account creates with nonce 1 to 127. */
export const created = (by: Hex, nonce: number): Hex => tail(keccak256(concatHex(['0xd694', by, numberToHex(nonce, { size: 1 })])));

const RATE = 136;

/** keccak256 of the retrieval market's creation code with these arguments, from where the sponge is after the code. */
export function retrievalCreationHash(params: unknown): Hex {
  const struct = abi.IAuditTerms.find((one): one is AbiFunction => one.type === 'function' && one.name === 'params')!.outputs[0]!;
  const left = hexToBytes(concatHex([`0x${retrievalCreation.rest}`, encodeAbiParameters([struct], [params])]));
  const bytes = hexToBytes(`0x${retrievalCreation.state}`);
  const state = new Uint32Array(bytes.buffer, bytes.byteOffset, 50);
  const padded = new Uint8Array(Math.floor(left.length / RATE + 1) * RATE);
  padded.set(left);
  padded[left.length]! ^= 0x01;
  padded[padded.length - 1]! ^= 0x80;
  for (let at = 0; at < padded.length; at += RATE) {
    for (let i = 0; i < RATE; i++) bytes[i]! ^= padded[at + i]!;
    keccakP(state);
  }
  return bytesToHex(bytes.slice(0, 32));
}
