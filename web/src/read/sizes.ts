/**
 * The most that contracts of assay allow of what a page counts by. A contract that says more is none of them: nothing is asked of it
 * or computed from it so many times.
 */
import type { Hex, Interface } from './contracts.js';
import { ReadError } from './errors.js';
import words from './words.js';

const { examples: EXAMPLES, predictions: PREDICTIONS, documents: DOCUMENTS, named: NAMED, answersOfAPage } = words.most;
const PAGES = DOCUMENTS / answersOfAPage;

/** Things of one list that a page reads, the newest ones of a longer list. */
export const LISTED = 20_000;

/** By function and field of what it returns. */
export const MOST: Partial<Record<string, Record<string, number>>> = {
  'IAccuracyTerms.params': { n1: EXAMPLES, n2: EXAMPLES },
  'IAccuracyMarket.engagement': { provenOnChain: EXAMPLES, claimedCorrect: EXAMPLES, openChallenges: EXAMPLES },
  'IAccuracyMarket.verdict': { n2: EXAMPLES, provenOnChain: EXAMPLES, claimedCorrect: EXAMPLES, challengesAnswered: EXAMPLES },
  'IPredictionMarket.round': { predictions: PREDICTIONS, contestCap: PREDICTIONS, contested: PREDICTIONS, proven: PREDICTIONS },
  'IRetrievalMarket.audit': {
    size: DOCUMENTS, samples: DOCUMENTS, namedMax: NAMED, onesMax: DOCUMENTS, withholdMax: DOCUMENTS, pages: PAGES, positives: DOCUMENTS,
    withheld: DOCUMENTS, overruled: DOCUMENTS, named: NAMED, due: DOCUMENTS + NAMED, proven: DOCUMENTS + NAMED, demands: LISTED,
    openDemands: LISTED, published: DOCUMENTS, demanded: DOCUMENTS,
  },
  'ICorpusRegistry.corpus': { size: DOCUMENTS },
};

/** @throws ReadError if a size that a view gave is above what a contract of assay has, or a page reads. */
export function requireSizes(of: Interface, address: Hex, name: string, value: unknown): void {
  for (const [field, most] of Object.entries(MOST[`${of}.${name}`] ?? {})) {
    const given = (value as Record<string, number | bigint>)[field]!;
    if (given > most) throw new ReadError('not this contract', `${address} says in ${name}() that ${field} is ${given}: of contracts of assay at most ${most} is read`);
  }
}
