/** The contracts' interfaces: their functions and events, and what a call comes to. */
import { decodeFunctionData, decodeFunctionResult, decodeEventLog, encodeFunctionData, toEventSelector, toFunctionSelector } from 'viem/utils';
import type { Abi, AbiEvent, AbiFunction } from 'viem';
import contracts from './contracts.json';
import words from './words.js';

export type Hex = `0x${string}`;
export type Interface =
  | 'IAccuracyMarket'
  | 'IAccuracyTerms'
  | 'IAuditTerms'
  | 'ICorpusRegistry'
  | 'IMarketplaceFactory'
  | 'IModelRegistry'
  | 'IPredictionMarket'
  | 'IRetrievalMarket'
  | 'IZkVerifier';

/** A parameter of a function, an event or an error; types that need no package to be read. */
export interface AbiParameter {
  readonly type: string;
  readonly name?: string | undefined;
  readonly internalType?: string | undefined;
  readonly indexed?: boolean | undefined;
  readonly components?: readonly AbiParameter[] | undefined;
}

/** A function, an event or an error, as the compiler describes it. */
export interface AbiItem {
  readonly type: string;
  readonly name?: string | undefined;
  readonly inputs?: readonly AbiParameter[] | undefined;
  readonly outputs?: readonly AbiParameter[] | undefined;
  readonly stateMutability?: string | undefined;
}

export const abi = (contracts.abi satisfies Record<Interface, unknown>) as unknown as Record<Interface, readonly AbiItem[]>;
export const retrievalCreation = contracts.retrievalCreation;

/** Which release the page's code grades are about: its version, and SHA-256 of the committed artefacts. */
export const release = contracts.release;

/** Names of the values of an enumeration, as in the sources. */
export const { enums } = words;

/** The name of an enumeration's value; one that it does not have is shown as its number. */
export function named(name: keyof typeof enums, value: number): string {
  return enums[name][value] ?? String(value);
}

export function encode(of: Interface, name: string, args: readonly unknown[]): Hex {
  return encodeFunctionData({ abi: abi[of] as Abi, functionName: name, args });
}

export function decode(of: Interface, name: string, data: Hex): unknown {
  return decodeFunctionResult({ abi: abi[of] as Abi, functionName: name, data });
}

export interface Event {
  name: string;
  args: Record<string, unknown>;
}

/** The event of a log, or none if it is of no kind that the interface has. */
export function event(of: Interface, topics: readonly Hex[], data: Hex): Event | undefined {
  try {
    const found = decodeEventLog({ abi: abi[of] as Abi, topics: topics as [Hex, ...Hex[]], data, strict: true });
    return { name: String(found.eventName), args: (found.args ?? {}) as unknown as Record<string, unknown> };
  } catch {
    return undefined;
  }
}

/** What a transaction called, or nothing if it is no function of the interface. */
export function call(of: Interface, input: Hex): { name: string; args: readonly unknown[] } | undefined {
  try {
    const found = decodeFunctionData({ abi: abi[of] as Abi, data: input });
    return { name: found.functionName, args: (found.args ?? []) as readonly unknown[] };
  } catch {
    return undefined;
  }
}

/** The first topic of an event. */
export function topicOf(of: Interface, name: string): Hex {
  const found = abi[of].find((one): one is AbiEvent => one.type === 'event' && one.name === name);
  if (!found) throw new Error(`${of} has no event ${name}`);
  return toEventSelector(found);
}

/** Names of the arguments of a function, in order. */
export function argumentNames(of: Interface, name: string): string[] {
  const found = abi[of].find((one): one is AbiFunction => one.type === 'function' && one.name === name);
  return (found?.inputs ?? []).map((one) => one.name ?? '');
}

/** Whether this is what a contract says of an id that it does not know. */
export function isUnknown(of: Interface, data: string | undefined): boolean {
  const errors = (abi[of] as Abi).filter((one) => one.type === 'error');
  return errors.some((one) => data?.startsWith(toFunctionSelector({ ...one, type: 'function', outputs: [], stateMutability: 'view' })));
}
