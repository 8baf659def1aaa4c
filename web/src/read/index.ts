/**
 * Reads what engagements, rounds and audits showed, from a chain alone. The same functions as those of the verdict page, and the same
 * documents as `assay … show --json`.
 *
 * ```js
 * import { Reader, readVerdict, NO_TRUST } from './read.mjs';
 * const reader = await Reader.at(['https://node.example'], 1, undefined);
 * const { document } = await readVerdict(reader, NO_TRUST, market, id);
 * await reader.finish(); // throws if the block was replaced meanwhile
 * ```
 */
export * as bounds from './bounds.js';
export * as code from './code.js';
export * as contracts from './contracts.js';
export * as statement from './statement.js';
export { ReadError, isKind } from './errors.js';
export { Node, BATCH } from './rpc.js';
export { Reader, DEVNET } from './reader.js';
export { NO_TRUST, marketplace, auditMarket } from './site.js';
export { auditTimeline, corpusTimeline, modelTimeline, roundTimeline, verdictTimeline } from './timeline.js';
export { readModel, readVerdict, readRound, readAudit, readCorpus, readAddress, readParty, readContracts } from './subjects.js';
