/** The seven risk rows: each has a grade, a sentence and what it rests on. No average of them is made. */
import { release } from '../read/contracts.js';
import { conditions } from '../read/conditions.js';
import { type OfModel, type Standing } from '../read/history.js';
import { DEVNET } from '../read/reader.js';
import { isZero, same } from '../read/site.js';
import type { Subject } from '../read/subjects.js';
import { address, count, duration, ether, utc } from './show.js';

/** In text and shape, never by colour alone. */
export type Level = 'small' | 'look' | 'serious' | 'not known' | 'none';

export interface Risk {
  title: string;
  level: Level;
  sentence: string;
  evidence: [string, string][];
}

export function risks(page: Subject): Risk[] {
  return [proofSystem(page), contracts(page), chooser(page), sybil(page), freshness(page), uncovered(page), finality(page)];
}

const NOT_HERE = 'Does not concern this page.';

function proofSystem(page: Subject): Risk {
  const title = 'Proof system';
  const document = page.document;
  if (!('verifier' in document)) return { title, level: 'none', sentence: NOT_HERE, evidence: [] };
  const v = document.verifier;
  const evidence: [string, string][] = [
    ['verifier', address(v.address)],
    ['code grade', v.grade],
    ['code hash', v.codehash],
    ['verifying key', v.vkDigest],
    ...(v.why ? [['why', v.why] as [string, string]] : []),
  ];
  if (page.developmentString) {
    return { title, level: 'serious', sentence: 'Reference string: development: worthless. Its secret is public, so anybody can forge proofs.', evidence };
  }
  if (v.grade === 'NOT CHECKED') {
    return { title, level: 'not known', sentence: 'The verifier is not compared with an architecture; which reference string it rests on is not known.', evidence };
  }
  return { title, level: 'small', sentence: 'The verifier has a code hash that you named as known; the reference string is the one it was checked under.', evidence };
}

function contracts(page: Subject): Risk {
  const title = 'Contracts';
  const { deployment } = page.document;
  const evidence: [string, string][] = [['code grade', deployment.grade], ['compared with', `assay ${release.version}, artefacts SHA-256 ${release.artefacts}`], ['digest', deployment.digest]];
  for (const difference of deployment.differences ?? []) evidence.push(['differs', difference]);
  const site = page.site;
  const treasury = 'params' in site && 'treasury' in site.params ? site.params.treasury : undefined;
  if (treasury) evidence.push(['treasury', address(treasury)]);
  if (deployment.grade === 'UNKNOWN') return { title, level: 'serious', sentence: 'Not the code of this release: what they say may be anything.', evidence };
  const of = deployment.grade === 'REPRODUCED' ? 'The code of this release' : 'Contracts that you named as known';
  if (!treasury) return { title, level: 'small', sentence: `${of}. Nobody audited it outside of its repository.`, evidence };
  const violated = 'registryParams' in site ? conditions(site.params, ether).filter(({ holds }) => !holds) : [];
  for (const { name, sentence } of violated) evidence.push([`violates ${name}`, sentence]);
  const isBurned = same(treasury, '0x000000000000000000000000000000000000dEaD') || isZero(treasury);
  const refund = isBurned ? 'Fees and strikes are burned.' : 'The treasury receives fees and strikes: if it refunds anybody, they deter nobody.';
  const broken = violated.length > 0 ? ` ${count(violated.length, 'condition')} of assay policy check ${violated.length === 1 ? 'is' : 'are'} violated.` : '';
  return { title, level: isBurned && violated.length === 0 ? 'small' : 'look', sentence: `${of}. ${refund}${broken} Nobody audited it outside of its repository.`, evidence };
}

function parties(page: Subject): { asks: bigint | string; answers: string; who: [string, string]; own: boolean } | undefined {
  const d = page.document;
  if (page.subject === 'verdict' || page.subject === 'round') {
    const v = page.document;
    return { asks: v.mc, answers: v.mp, who: ['consumer', 'provider'], own: v.selfDealt };
  }
  if (page.subject === 'audit' && 'requester' in d) return { asks: d.requester, answers: d.responder, who: ['requester', 'responder'], own: d.selfDealt };
  return undefined;
}

function chooser(page: Subject): Risk {
  const title = 'Who chose the test';
  const of = parties(page);
  if (!of) return { title, level: 'none', sentence: NOT_HERE, evidence: [] };
  const evidence: [string, string][] = [
    [of.who[0], address(of.asks as `0x${string}`)],
    [of.who[1], address(of.answers as `0x${string}`)],
    ['funded by the other side', 'not looked at: which account paid an account first takes an indexer'],
  ];
  if (of.own) return { title, level: 'serious', sentence: `Self-dealt: ${of.who[0]} and ${of.who[1]} are one account.`, evidence };
  if (page.subject === 'audit') {
    return { title, level: 'look', sentence: 'The sample follows from the requester\'s salt, committed to before the answers, and from the answers: neither side alone could choose it. The predicate is the requester\'s.', evidence };
  }
  const rows = (page as { standing: Standing }).standing.byConsumer.find((row) => same(row.mc, of.asks as `0x${string}`));
  evidence.push(['with this model', rows ? `${count(rows.engagements, 'engagement or round', 'engagements and rounds')}, ${count(rows.aborts, 'abort')}` : 'nothing that was accepted']);
  const draws = page.subject === 'verdict' ? 'The consumer chose the examples' : 'The consumer chose what to contest';
  return { title, level: 'look', sentence: `${draws}: what follows for others depends on whether they were drawn at random.`, evidence };
}

function sybil(page: Subject): Risk {
  const title = 'Sybil';
  if (!('standing' in page)) {
    return page.subject === 'audit'
      ? { title, level: 'not known', sentence: 'Accounts cost nothing: who is behind requester and responder, the chain does not say.', evidence: [['other audits of this corpus', String(page.document.otherAudits.length)], ...page.sent.map(({ who, address: of, transactions }): [string, string] => [`transactions of the ${who} so far`, `${transactions}, from ${address(of)}`])] }
      : { title, level: 'none', sentence: NOT_HERE, evidence: [] };
  }
  const s = page.standing;
  const reputation = page.subject === 'model' ? page.document.providerFirstSeen : Number((page as { model: OfModel }).model.reputation.providerFirstSeen);
  const age = Number(page.reader.block.time) - reputation;
  const part = s.verdicts > 0 ? Math.floor((100 * s.largest) / s.verdicts) : 0;
  return {
    title,
    level: s.consumers <= 1 ? 'serious' : 'look',
    sentence: `Accounts cost nothing. ${count(s.consumers, 'consumer')} gave this model ${count(s.verdicts, 'engagement or round', 'engagements and rounds')}; the largest gave ${part} %. The history cost ${ether(s.feesWei)} in fees.`,
    evidence: [
      ['provider first seen', `${utc(reputation)}, ${duration(Math.max(0, age))} before this block`],
      ['consumers', String(s.consumers)],
      ['share of the largest', `${s.largest} of ${s.verdicts}`],
      ['fees paid by both sides', ether(s.feesWei)],
      ...('sent' in page ? page.sent.map(({ who, address: of, transactions }): [string, string] => [`transactions of the ${who} so far`, `${transactions}, from ${address(of)}`]) : []),
    ],
  };
}

function freshness(page: Subject): Risk {
  const title = 'Freshness';
  const now = Number(page.reader.block.time);
  if (page.subject === 'verdict' || page.subject === 'round') {
    const d = page.document;
    const registered = Number(page.model.model.registeredAt);
    const evidence: [string, string][] = [
      ['model registered', utc(registered)],
      ['closed', d.closedAt ? `${utc(d.closedAt)}, ${duration(Math.max(0, now - d.closedAt))} before this block` : 'not yet'],
      ['stake at this block', ether(page.model.model.stake)],
    ];
    const sentence = 'Whether the examples were known to anybody before the model was registered, no contract says.';
    return { title, level: 'look', sentence, evidence };
  }
  if (page.subject === 'audit') {
    const a = page.document;
    const evidence: [string, string][] = [['corpus committed', utc(a.corpusCommittedAt)], ['closed', a.closedAt ? `${utc(a.closedAt)}, ${duration(Math.max(0, now - a.closedAt))} before this block` : 'not yet']];
    return { title, level: 'look', sentence: 'Whatever the responder learnt after it had committed the corpus is not in it.', evidence };
  }
  if (page.subject === 'model') {
    const { registeredAt, stakeWei, status } = page.document;
    return { title, level: 'look', sentence: `Registered ${duration(Math.max(0, now - registeredAt))} before this block; ${status}.`, evidence: [['stake at this block', ether(stakeWei)]] };
  }
  return { title, level: 'none', sentence: NOT_HERE, evidence: [] };
}

function uncovered(page: Subject): Risk {
  const title = 'What is not covered';
  switch (page.subject) {
    case 'verdict':
      return { title, level: 'look', sentence: 'It is about the quantised network in the circuit, by this metric, on these examples: no float model, no other input, nothing that was not drawn.', evidence: [['metric', page.document.metric], ['examples that count', String(page.document.n2)]] };
    case 'round':
      return { title, level: 'look', sentence: 'A proof shows that a prediction is what the registered network says, not that it is true. Predictions that were not contested are not proven.', evidence: [['metric', page.document.metric], ['not contested', String(page.document.predictions - page.document.contested)]] };
    case 'audit': {
      const listed = page.document.attestations.filter(({ source, own }) => !own && page.trust.sources.some((known) => same(known, source))).length;
      return {
        title, level: 'look',
        sentence: 'Nothing is said about documents that are not in the corpus, about leaves that hide none, or about how good the predicate is.',
        evidence: [['attested by sources you listed', `${listed} of ${page.document.attestations.length}`], ['not drawn', page.document.verdict ? String(page.document.verdict.zeros - page.document.verdict.drawn) : 'not known yet']],
      };
    }
    case 'corpus':
      return { title, level: 'look', sentence: 'A commitment says nothing about what is not in it, nor that a leaf is the hash of a document at all.', evidence: [['attested by sources you listed', `${page.document.attestations.filter(({ source }) => page.trust.sources.some((known) => same(known, source))).length} of ${page.document.attestations.length}`]] };
    case 'model':
      return { title, level: 'look', sentence: 'Counts are of this registry alone, and of what somebody paid for; offers that nobody accepted are left out.', evidence: [] };
    case 'address':
      return { title, level: 'look', sentence: 'Only this marketplace: what the address did in audits and elsewhere is not here.', evidence: [] };
    case 'party':
      return { title, level: 'look', sentence: 'Requests and attestations are found by logs, which a node may leave out; no view lists them. Other marketplaces are not here.', evidence: [] };
    case 'contracts':
      return { title, level: 'look', sentence: 'The registry of corpora and the retrieval market have pages of their own; what a parameter deters is arithmetic that assay policy check does.', evidence: [] };
  }
}

function finality(page: Subject): Risk {
  const { block, chainId } = page.reader;
  const evidence: [string, string][] = [['block', block.number.toString()], ['hash', block.hash], ['time', utc(block.time)], ['chain', String(chainId)]];
  const title = 'Finality';
  if (chainId === DEVNET) return { title, level: 'serious', sentence: 'A development chain: whoever runs it can write anything.', evidence };
  if (block.finalized) return { title, level: 'small', sentence: 'All of this was read at one block that the node calls finalised.', evidence };
  return { title, level: 'look', sentence: 'All of this was read at one block, which is not finalised: it may be replaced.', evidence };
}

