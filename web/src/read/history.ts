/** Everything about a model: its engagements and rounds, by counting. */
import type { Hex } from './contracts.js';
import { type EngagementFields, type Grades, type RoundFields, engagementFields, roundFields } from './documents.js';
import { type Marketplace, verifierOf } from './site.js';
import type { EngagementView, ModelRecord, ModelView, Reputation, RoundView, VerdictView } from './types.js';

async function gradesOf(m: Marketplace, record: ModelRecord): Promise<Grades> {
  return { deployment: m.deployment, verifier: await verifierOf(m.reader, m.trust, record), treasury: m.params.treasury.toLowerCase() as Hex };
}

export interface OfModel {
  model: ModelView;
  reputation: Reputation;
  grades: Grades;
}

export async function modelOf(m: Marketplace, id: Hex): Promise<OfModel> {
  const model = await m.reader.thing<ModelView>('IModelRegistry', m.registry, 'model', id, 'model');
  const [reputation, grades] = await Promise.all([m.reader.view<Reputation>('IModelRegistry', m.registry, 'reputation', [id]), gradesOf(m, model.record)]);
  return { model, reputation, grades };
}

/** What tells a page how far it has come. */
export type Progress<T> = (rows: T[], total: number) => void;

/** Engagements that the provider accepted, oldest first. */
export async function engagementsOf(m: Marketplace, modelId: Hex, grades: Grades, progress?: Progress<EngagementFields>): Promise<EngagementFields[]> {
  const { reader, accuracy } = m;
  const ids = await reader.list<Hex>('IAccuracyMarket', accuracy, 'lockedCount', 'lockedIdAt', [modelId]);
  return inParts(ids, progress, async (id) => {
    const [e, v] = await Promise.all([
      reader.view<EngagementView>('IAccuracyMarket', accuracy, 'engagement', [id]),
      reader.view<VerdictView>('IAccuracyMarket', accuracy, 'verdict', [id]),
    ]);
    return engagementFields(m, id, e, v, grades);
  });
}

/** Rounds that the provider served, oldest first. */
export async function roundsOf(m: Marketplace, modelId: Hex, progress?: Progress<RoundFields>): Promise<RoundFields[]> {
  const { reader, rounds } = m;
  if (!rounds) return [];
  const ids = await reader.list<Hex>('IPredictionMarket', rounds.address, 'roundCount', 'roundIdAt', [modelId]);
  return inParts(ids, progress, async (id) => roundFields(id, await reader.view<RoundView>('IPredictionMarket', rounds.address, 'round', [id])));
}

/** Rows that a long list is shown in. */
const PART = 100;

async function inParts<T>(ids: Hex[], progress: Progress<T> | undefined, read: (id: Hex) => Promise<T>): Promise<T[]> {
  const rows: T[] = [];
  for (let i = 0; i < ids.length; i += PART) {
    rows.push(...(await Promise.all(ids.slice(i, i + PART).map(read))));
    progress?.(rows, ids.length);
  }
  return rows;
}

/** What a model's verdicts say of those who gave them. */
export interface Standing {
  /** Consumers of engagements that were accepted. */
  consumers: number;
  verdicts: number;
  /** Of these, with the consumer that has most. */
  largest: number;
  /** Engagements by outcome, for each consumer. */
  byConsumer: { mc: Hex; engagements: number; aborts: number }[];
  /** What both sides paid in fees that nobody gets back, wei. */
  feesWei: bigint;
}

export function standing(m: Marketplace, engagements: EngagementFields[], rounds: RoundFields[]): Standing {
  const by = new Map<Hex, { engagements: number; aborts: number }>();
  const count = (mc: Hex, aborted: boolean) => {
    const row = by.get(mc) ?? { engagements: 0, aborts: 0 };
    by.set(mc, { engagements: row.engagements + 1, aborts: row.aborts + (aborted ? 1 : 0) });
  };
  for (const e of engagements) count(e.mc, e.outcome === 'Abort');
  for (const r of rounds) count(r.mc, false);
  const rows = [...by].map(([mc, row]) => ({ mc, ...row })).sort((a, b) => b.engagements - a.engagements);
  return {
    consumers: rows.length,
    verdicts: engagements.length + rounds.length,
    largest: rows[0]?.engagements ?? 0,
    byConsumer: rows,
    feesWei: BigInt(engagements.length) * 2n * m.params.prices.fee + BigInt(rounds.length) * 2n * (m.rounds?.params.fee ?? 0n),
  };
}
