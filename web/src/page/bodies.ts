/** Facts, timeline and evidence of each kind of page. */
import type { Hex } from '../read/contracts.js';
import { type EngagementFields, type Grades, type RoundFields, allows } from '../read/documents.js';
import * as bounds from '../read/bounds.js';
import { conditions } from '../read/conditions.js';
import { isKind } from '../read/errors.js';
import { isZero } from '../read/site.js';
import type { AddressPage, AuditPage, ContractsPage, CorpusPage, ModelPage, PartyPage, RoundPage, Subject, VerdictPage } from '../read/subjects.js';
import { auditTimeline, corpusTimeline, modelTimeline, roundTimeline, verdictTimeline, type Timeline } from '../read/timeline.js';
import { type Child, code, facts, h, section, table, time, to, words } from './dom.js';
import { UNKEPT, bits, proofs, timeline } from './steps.js';
import { address, duration, ether, lookalikes, strange, target, utc } from './show.js';

export function body(page: Subject): HTMLElement[] {
  switch (page.subject) {
    case 'verdict': return [verdictFacts(page), ...later(page, verdictTimeline(page), (found) => verdictEvidence(page, found))];
    case 'round': return [roundFacts(page), ...later(page, roundTimeline(page), (found) => roundEvidence(page, found))];
    case 'audit': return [auditFacts(page), ...later(page, auditTimeline(page), (found) => auditEvidence(page, found))];
    case 'model': return [modelFacts(page), modelTables(page), ...later(page, modelTimeline(page), () => [facts([['words of the provider', words(page.document.uri)]])])];
    case 'corpus': return [corpusFacts(page), ...later(page, corpusTimeline(page), () => corpusEvidence(page))];
    case 'address': return addressBody(page);
    case 'party': return partyBody(page);
    case 'contracts': return contractsBody(page);
  }
}

/** Timeline and evidence come after the rest: they take many requests, and decide nothing. */
function later(page: Subject, found: Promise<Timeline>, evidence: (found: Timeline) => Child[]): HTMLElement[] {
  const steps = section('timeline', 'What happened', h('p', { class: 'busy' }, 'Reading logs and transactions…'));
  const shown = section('evidence', 'Evidence', h('p', { class: 'busy' }, 'Reading…'));
  for (const one of [steps, shown]) one.setAttribute('aria-busy', 'true');
  const fill = (target: HTMLElement, children: Child[]) => {
    target.replaceChildren(target.firstElementChild!, h('div', {}, children));
    target.removeAttribute('aria-busy');
  };
  // Logs are of block numbers, not of hashes: whether they are of this chain, the end of the reading says.
  found.then(async (all) => {
    await page.reader.finish();
    return all;
  }).then(
    (all) => {
      fill(steps, timeline(page, all));
      fill(shown, evidence(all));
    },
    (error: unknown) => {
      const said = error instanceof Error ? error.message : String(error);
      const above = isKind(error, 'reorganised') ? 'What is above was read from it.' : 'What is above comes from the contracts and does not depend on it.';
      fill(steps, [h('p', {}, `Not shown: ${strange(said, 600)}. ${above}`)]);
      fill(shown, evidence({ steps: [], missing: [], more: [] }));
    },
  );
  return [steps, shown];
}

const party = (page: Subject, market: Hex, value: Hex): HTMLElement => to(`#/address/${page.reader.chainId}/${market}/${value}`, code(address(value)));
const when = (seconds: number): Child => (seconds === 0 ? 'not yet' : time(seconds, utc(seconds)));
const yes = (value: boolean): string => (value ? 'yes' : 'no');
const hash = (value: Hex): Child => (isZero(value) ? 'none' : code(value));

// ---- engagements ----

function verdictFacts(page: VerdictPage): HTMLElement {
  const v = page.document;
  const chain = page.reader.chainId;
  return section('facts', 'Facts', facts([
    ['assurance', v.assurance],
    ['outcome', v.outcome === 'None' ? `none yet: ${v.state}` : v.outcome === 'Passed' ? 'target met' : v.outcome],
    ['model', to(`#/model/${chain}/${v.market}/${v.modelId}`, code(v.modelId))],
    ['provider', party(page, v.market, v.mp)],
    ['consumer', party(page, v.market, v.mc)],
    ['one account', yes(v.selfDealt)],
    ['target', `${target(v.targetBps)}: ${v.neededCorrect} of ${v.n2}`],
    [proven(v), `${v.provenOnChain} of ${v.n2}`],
    ...(v.adjudication === 'OPTIMISTIC' ? [['claimed', `${v.claimedCorrect} of ${v.n2}`], ['time to object', `${duration(v.openFor)}${v.closedEarly ? ', cut short by its consumer' : ''}`], ['challenges', `${v.challengesAnswered} answered, ${v.openChallenges} open`]] as [string, Child][] : []),
    ...(page.bound !== undefined && allows(v, 'PROVEN') ? [['bound', `accuracy ≥ ${bounds.percent(page.bound)} at 95 %, one-sided: n = ${v.n2}, k = ${v.provenOnChain}, Clopper–Pearson, in exact integers`]] as [string, Child][] : []),
    ['transfer', `${v.mode}, ${v.adjudication}`],
    ['metric', v.metric],
    ['closed', when(v.closedAt)],
    ['deposits', `${ether(v.consumerDepositWei)} each`],
    ['fee', `${ether(v.feeWei)} each, never returned`],
    ['other engagements', v.othersOfThisConsumer.length === 0 ? 'none of this consumer with this model that is closed' : `${v.othersOfThisConsumer.length} of this consumer with this model, below`],
  ]), v.othersOfThisConsumer.length > 0 ? engagementTable('Closed engagements of this consumer with this model', chain, v.market, v.othersOfThisConsumer) : false);
}

function verdictEvidence(page: VerdictPage, found: Timeline): Child[] {
  const v = page.document;
  return [
    facts([
      ['test root', code(v.testRoot)],
      ['offer hash', code(v.offerHash)],
      ['ciphertext root', hash(v.ctRoot)],
      ['seed of the shuffle', hash(v.seed)],
      ['result hash', hash(v.resultHash)],
    ]),
    h('h3', {}, `Examples that count, 0 to ${v.n2 - 1}`),
    bits(v.n2, [['proven', page.proven], ...(found.claimed ? [['claimed', found.claimed] as [string, number[]]] : [])]),
    ...proofs(found),
  ];
}

export function engagementTable(caption: string, chain: number, market: Hex, rows: EngagementFields[]): HTMLElement {
  const alike = lookalikes(rows.flatMap(({ mc, mp }) => [mc, mp]));
  return table(caption, ['engagement', 'consumer', 'says', 'proofs accepted', 'target', 'closed'], rows.map((v) => [
    to(`#/verdict/${chain}/${market}/${v.id}`, code(v.id)),
    [code(address(v.mc)), alike.has(v.mc) ? h('strong', {}, ' looks like another one here') : '', v.selfDealt ? ' (also the provider)' : ''],
    v.outcome === 'None' ? v.state : v.outcome === 'Passed' ? `target met, ${v.assurance}` : v.outcome,
    `${v.provenOnChain} of ${v.n2}`,
    target(v.targetBps),
    v.closedAt === 0 ? 'not yet' : utc(v.closedAt),
  ]));
}

/** @param said what heads the numbers of proven predictions. */
function roundTable(caption: string, chain: number, market: Hex, rows: RoundFields[], said: string): HTMLElement {
  return table(caption, ['round', 'consumer', 'says', 'contested', said, 'closed'], rows.map((r) => [
    to(`#/round/${chain}/${market}/${r.id}`, code(r.id)),
    code(address(r.mc)),
    r.outcome === 'None' ? r.state : r.outcome,
    `${r.contested} of ${r.predictions}`,
    String(r.proven),
    r.closedAt === 0 ? 'not yet' : utc(r.closedAt),
  ]));
}

// ---- models ----

/** How counts of proofs are headed where the reader named no verifier that took them. */
const SAID = 'said to be proven: verifier not checked';

const proven = (grades: Pick<Grades, 'deployment' | 'verifier'>): string => (allows(grades, 'PROVEN') ? 'proven' : SAID);

function modelFacts(page: ModelPage): HTMLElement {
  const m = page.document;
  const c = m.counters;
  const said = proven(m);
  return section('facts', 'Facts',
    h('h3', {}, 'Faults first'),
    facts([
      ['faults of the provider', `${c.mpFault} in engagements, ${c.roundFault} in rounds; ${m.strikes} strikes burned`],
      ['failed', `${c.failed} in which the provider conceded`],
      ['aborted', `${c.aborted} before anything was proven`],
      ['faults of consumers', String(c.mcFault)],
    ]),
    h('h3', {}, `Accuracy, ${said}`),
    facts([['target met', String(c.passedProven)]]),
    h('h3', {}, 'Accuracy, claimed and not objected to'),
    facts([['target met', `${c.passedOptimistic}: shows nothing without a reader who held the proofs`]]),
    h('h3', {}, 'Rounds of predictions'),
    facts([['upheld', `${c.roundUpheld}: all that was contested was ${said}`], ['clean', `${c.roundClean}: nothing was contested, which says nothing about correctness`]]),
    h('h3', {}, 'No information'),
    facts([['not acknowledged, settled, void', `${c.unacked}, ${c.settled}, ${c.voided}`]]),
    h('h3', {}, 'The model'),
    facts([
      ['provider', party(page, m.market, m.mp)],
      ['provider first seen', when(m.providerFirstSeen)],
      ['registered', when(m.registeredAt)],
      ['status', m.status],
      ['stake', `${ether(m.stakeWei)}; ${m.reserved} strikes of it reserved by ${m.open} open engagements and rounds`],
      ['weights commitment', code(m.weightsCommit)],
      ['verifier', code(address(m.verifierAddress))],
      ['code grade of the verifier', `${m.verifier.grade}${m.verifier.why ? `: ${m.verifier.why}` : ''}`],
      ['metric', `${m.metric}, ${m.classes} classes`],
      ['offers ever made', `${m.engagementOfferCount} of engagements, ${m.roundOfferCount ?? 'no'} of rounds; they cost nobody anything`],
    ]),
  );
}

function modelTables(page: ModelPage): HTMLElement {
  const { chainId } = page.reader;
  const of = (title: string, is: (v: EngagementFields) => boolean) => {
    const rows = page.engagements.filter(is);
    return rows.length === 0 ? [] : [engagementTable(`${title}: ${rows.length}`, chainId, page.document.market, rows)];
  };
  const assurance = (name: string) => (v: EngagementFields) => v.state === 'Closed' && v.assurance === name;
  return section('history', 'Engagements and rounds, by assurance',
    of('PROVEN', assurance('PROVEN')),
    of('OPTIMISTIC', assurance('OPTIMISTIC')),
    of('NOT CHECKED: proven or claimed, say contracts or a verifier that you did not name as known', assurance('NOT CHECKED')),
    of('No assurance', assurance('NONE')),
    of('Not closed', (v) => v.state !== 'Closed'),
    page.site.rounds && page.rounds.length > 0 ? roundTable(`Rounds: ${page.rounds.length}`, chainId, page.site.rounds.address.toLowerCase() as Hex, page.rounds, proven(page.document)) : false,
    table('Aborts by consumer', ['consumer', 'engagements and rounds', 'aborts'], page.standing.byConsumer.map((row) => [party(page, page.document.market, row.mc), String(row.engagements), String(row.aborts)])),
  );
}

// ---- rounds ----

function roundFacts(page: RoundPage): HTMLElement {
  const r = page.document;
  const chain = page.reader.chainId;
  const market = page.site.accuracy.toLowerCase() as Hex;
  return section('facts', 'Facts', facts([
    ['outcome', r.outcome === 'None' ? `none yet: ${r.state}` : r.outcome],
    ['model', to(`#/model/${chain}/${market}/${r.modelId}`, code(r.modelId))],
    ['provider', party(page, market, r.mp)],
    ['consumer', party(page, market, r.mc)],
    ['one account', yes(r.selfDealt)],
    ['predictions', `${r.predictions}, ${r.privacy}, ${r.metric}`],
    ['contested', `${r.contested} of at most ${r.contestCap}; ${r.proven} ${proven(r)}`],
    ...(page.hidden === undefined || !allows(r, 'PROVEN') ? [] : [['bound', `at most ${page.hidden} of ${r.predictions} wrong at 95 %, one-sided, *if* drawn at random: K = ${r.predictions}, k = ${r.contested}, hypergeometric, in exact integers`.replaceAll('*', '')]] as [string, Child][]),
    ['all outputs on chain', yes(r.published)],
    ['price', ether(r.priceWei)],
    ['deposits', `consumer ${ether(r.consumerDepositWei)}, provider ${ether(r.providerDepositWei)}`],
    ['answers are due by', r.answerBy === 0 ? 'nothing is contested' : when(r.answerBy)],
    ['closed', when(r.closedAt)],
  ]));
}

function roundEvidence(page: RoundPage, found: Timeline): Child[] {
  const r = page.document;
  return [
    facts([['root of the inputs', code(r.inputRoot)], ['root of the outputs', hash(r.outputsRoot)], ['offer hash', code(r.offerHash)]]),
    h('h3', {}, `Predictions, 0 to ${r.predictions - 1}`),
    bits(r.predictions, [['contested', r.contestedIndices], ['proven', r.provenIndices]]),
    ...proofs(found),
  ];
}

// ---- audits ----

function auditFacts(page: AuditPage): HTMLElement {
  const a = page.document;
  const v = a.verdict;
  const chain = page.reader.chainId;
  const corpora = page.site.params.contracts.corpora.toLowerCase() as Hex;
  return section('facts', 'Facts', facts([
    ['outcome', a.outcome === 'None' ? `none yet: ${a.state}` : a.outcome],
    ['assurance', !v ? 'none yet' : v.assurance === 'NONE' || allows(a, 'PROVEN') ? v.assurance : `NOT CHECKED: ${v.assurance}, say contracts or a verifier that you did not name as known`],
    ['corpus', to(`#/corpus/${chain}/${corpora}/${a.corpusId}`, code(a.corpusId))],
    ['requester', party(page, a.market, a.requester)],
    ['responder', party(page, a.market, a.responder)],
    ['one account', yes(a.selfDealt)],
    ['authority', a.authority ? [code(address(a.authority)), a.approved ? ', approved the request' : ', has not approved the request'] : 'nobody'],
    ['documents', `${a.size}, committed at ${utc(a.corpusCommittedAt)}`],
    ['answered "match"', `${a.positives}; none of them is proven to match`],
    ['withheld', `${a.withheld}; ${a.overruled} of these overruled`],
    [proven(a), `${a.proven} of ${a.due} due: ${a.samples} to be drawn, ${a.named} named`],
    ...(v && v.hidden !== null && allows(a, 'PROVEN') ? [['bound', `at most ${v.hidden} of ${v.zeros} hidden at 95 %, one-sided, if requester and responder do not act together: n = ${v.drawn}, hypergeometric, in exact integers; recall ≥ ${bounds.percent(bounds.recallParts(v.positives, v.hidden))}, if every document answered "match" matches`]] as [string, Child][] : []),
    ['receipt', a.confirmed ? 'confirmed by the requester' : 'not confirmed by the requester'],
    ['price and bond', `${ether(a.priceWei)}, ${ether(a.bondWei)}`],
    ['closed', when(a.closedAt)],
    ['other audits', `${a.otherAudits.length} of this corpus were accepted: whoever repeats one until a sample misses leaves the others behind`],
  ]), a.otherAudits.length > 0 ? table('Other audits of this corpus', ['audit', 'requester', 'says'], a.otherAudits.map((one) => [
    to(`#/audit/${chain}/${a.market}/${one.id}`, code(one.id)), code(address(one.requester)), one.outcome === 'None' ? one.state : one.outcome,
  ])) : false);
}

function auditEvidence(page: AuditPage, found: Timeline): Child[] {
  const a = page.document;
  return [
    facts([
      ['words of the requester', [words(page.uri), h('span', { class: 'quiet' }, `, ${UNKEPT}`)]],
      ['predicate', code(a.predicateHash)],
      ['request hash', code(a.requestHash)],
      ['hash of the answers', hash(a.answersHash)],
      ['seed of the sample', hash(a.seed)],
      ['sample, recomputed', found.sample ? found.sample.join(', ') : 'not known: no seed yet, or a page of the answers has no log'],
      ['answered "match"', found.ones ? found.ones.join(', ') || 'none' : 'not known from logs'],
    ]),
    a.demandList.length > 0 ? table('Demands', ['demand', 'state', 'documents', 'published'], a.demandList.map((d, m) => [String(m), d.state, String(d.documents), yes(d.published)])) : false,
    attestations(page, a.attestations),
  ];
}

function attestations(page: Subject, all: { source: Hex; own: boolean; attestedAt: number; statement: Hex }[]): Child {
  const known = page.trust.sources;
  const shown = all.filter(({ source }) => known.includes(source));
  const rest = all.length - shown.length;
  return [
    h('h3', {}, 'Attestations'),
    shown.length > 0 ? table('By sources that you listed', ['source', 'when', 'SHA-256 of the statement'], shown.map((one) => [code(address(one.source)), utc(one.attestedAt), code(one.statement)])) : false,
    h('p', { class: 'quiet' }, `${rest} by addresses that you did not list as sources${all.some(({ own }) => own) ? ', the responder among them' : ''}. Anybody may attest anything: each is worth what its source is.`),
  ];
}

// ---- corpora ----

function corpusFacts(page: CorpusPage): HTMLElement {
  const c = page.document;
  return section('facts', 'Facts', facts([
    ['responder', code(address(c.responder))],
    ['documents', String(c.size)],
    ['committed', when(c.committedAt)],
    ['input of a model', `${c.inputWords} words, ${c.wordsPerHash} hashed at a time`],
    ['attestations', String(c.attestations.length)],
  ]));
}

function corpusEvidence(page: CorpusPage): Child[] {
  const c = page.document;
  return [
    facts([['root', code(c.root)], ['words of the responder', c.uri === undefined ? 'not known: this node serves no log of it' : [words(c.uri), h('span', { class: 'quiet' }, `, ${UNKEPT}`)]]]),
    attestations(page, c.attestations),
  ];
}

// ---- addresses and contracts ----

function addressBody(page: AddressPage): HTMLElement[] {
  const d = page.document;
  const { chainId } = page.reader;
  const rounds = page.site.rounds?.address.toLowerCase() as Hex | undefined;
  const side = (of: 'mp' | 'mc') => ({
    engagements: d.engagements.filter((one) => one[of] === d.address),
    rounds: d.rounds.filter((one) => one[of] === d.address),
  });
  const shown = (title: string, of: 'mp' | 'mc'): Child => {
    const { engagements, rounds: own } = side(of);
    return [
      h('h3', {}, title),
      engagements.length + own.length === 0 ? h('p', { class: 'quiet' }, 'nothing that was accepted') : false,
      engagements.length > 0 ? engagementTable('Engagements', chainId, d.market, engagements) : false,
      rounds && own.length > 0 ? roundTable('Rounds', chainId, rounds, own, 'proven, as far as the page of the round knows the verifier') : false,
    ];
  };
  return [
    section('facts', 'Facts',
      facts([['address', code(address(d.address))], ['contract', yes(d.isContract)]]),
      d.models.length > 0 ? table('Models', ['model', 'status', 'registered', 'stake'], d.models.map((m) => [to(`#/model/${chainId}/${d.market}/${m.id}`, code(m.id)), m.status, utc(m.registeredAt), ether(m.stakeWei)])) : false,
    ),
    section('timeline', 'What happened', shown('As provider', 'mp'), shown('As consumer', 'mc')),
    section('evidence', 'Evidence', h('p', {}, 'Each row leads to the page of the thing itself.')),
  ];
}

function partyBody(page: PartyPage): HTMLElement[] {
  const d = page.document;
  const { chainId } = page.reader;
  const corpora = page.site.params.contracts.corpora.toLowerCase() as Hex;
  const corpus = (id: Hex) => to(`#/corpus/${chainId}/${corpora}/${id}`, code(id));
  const audits = (title: string, rows: PartyPage['document']['asResponder']) => rows.length === 0 ? h('p', { class: 'quiet' }, `${title}: none`) : table(`${title}: ${rows.length}`, ['audit', 'requester', 'responder', 'says', 'closed'], rows.map((a) => [
    to(`#/audit/${chainId}/${d.market}/${a.id}`, code(a.id)), code(address(a.requester)), code(address(a.responder)), a.outcome === 'None' ? a.state : a.outcome, a.closedAt === 0 ? 'not yet' : utc(a.closedAt),
  ]));
  return [
    section('facts', 'Facts',
      facts([['address', code(address(d.address))], ['contract', yes(d.isContract)]]),
      d.corpora.length > 0 ? table('Corpora that it committed', ['corpus', 'documents', 'committed'], d.corpora.map((c) => [corpus(c.id), String(c.size), utc(c.committedAt)])) : false,
      d.attested.length > 0 ? table('Corpora that it attested', ['corpus', 'when'], d.attested.map((one) => [corpus(one.corpusId), utc(one.attestedAt)])) : false,
    ),
    section('timeline', 'What happened', audits('As responder, audits that it accepted', d.asResponder), audits('As requester', d.asRequester)),
    section('evidence', 'Evidence', h('p', {}, 'Each row leads to the page of the thing itself.')),
  ];
}

function contractsBody(page: ContractsPage): HTMLElement[] {
  const d = page.document;
  const parameters = (title: string, values: Record<string, unknown>) => [h('h3', {}, title), facts(flat(values).map(([name, value]) => [name, /^0x/.test(value) ? code(value) : value]))];
  return [
    section('facts', 'Facts',
      table('Contracts', ['contract', 'address', 'grade', 'code hash'], d.contracts.map((part) => [part.contract, code(address(part.address)), part.differs ? `unknown: ${part.differs}` : 'reproduced: the code of this release', code(part.codehash)])),
      facts([['treasury', [code(address(d.treasury)), page.treasuryIsContract ? ', a contract' : ', no contract']], ['models', String(page.models.length)]]),
    ),
    section('timeline', 'Models', h('ul', {}, page.models.map((id) => h('li', {}, to(`#/model/${page.reader.chainId}/${d.market}/${id}`, code(id)))))),
    section('evidence', 'Evidence: the parameters, which never change',
      table('Conditions that they alone decide; assay policy check has all of them', ['condition', 'holds', 'what it says'], conditions(page.site.params, ether).map(({ name, holds, sentence }) => [name, holds ? 'holds' : 'VIOLATED', sentence])),
      parameters('Registry', d.registry), parameters('Accuracy market', d.accuracy), d.prediction ? parameters('Prediction market', d.prediction) : false),
  ];
}

function flat(values: Record<string, unknown>, before = ''): [string, string][] {
  return Object.entries(values).flatMap(([name, value]): [string, string][] =>
    typeof value === 'object' && value !== null ? flat(value as Record<string, unknown>, `${before}${name} `) : [[`${before}${name}`, String(value)]],
  );
}
