/** Which sentence a page says about what was shown. The sentences themselves come from the program: `protocol/src/page/sentences.rs`. */
import * as bounds from '../read/bounds.js';
import { release } from '../read/contracts.js';
import { allows } from '../read/documents.js';
import type { AuditPage, CorpusPage, ModelPage, RoundPage, Subject, VerdictPage, AddressPage, ContractsPage, PartyPage } from '../read/subjects.js';
import words, { type Words } from '../read/words.js';
import { address, target, utc } from './show.js';

export interface Told {
  /** `fact`: as far as these contracts are known; `claim`: they are not, or not all of what it rests on. */
  tone: 'fact' | 'claim' | 'none';
  /** What it depends on, before the sentence. */
  lead?: string;
  text: string;
}

type Case = keyof Words['sentences'];

/** The sentence of a case, with its values. `{name|one|many}` is a number and what there is of it. */
export function say(of: Case, values: Record<string, string | number> = {}): string {
  return words.sentences[of].replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (hole, name: string, one?: string, many?: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the sentence ${of} has nothing for ${hole}`);
    return one === undefined ? String(value) : `${value} ${value === 1 ? one : many}`;
  });
}

const NO_INFORMATION = say('none');

export function sentence(page: Subject): Told {
  switch (page.subject) {
    case 'verdict': return graded(page, ofVerdict(page), page.claimed === 'PROVEN' || page.document.provenOnChain > 0);
    case 'round': return graded(page, ofRound(page), page.document.proven > 0);
    case 'audit': return graded(page, ofAudit(page), page.document.verdict !== null && page.document.verdict.assurance !== 'NONE');
    case 'model': return graded(page, ofModel(page), page.document.counters.passedProven + page.document.counters.roundUpheld > 0);
    case 'corpus': return graded(page, ofCorpus(page), false);
    case 'address': return graded(page, ofAddress(page), false);
    case 'party': return graded(page, ofParty(page), false);
    case 'contracts': return ofContracts(page);
  }
}

/** Says what a sentence depends on that the reader's page does not know. */
function graded(page: Subject, text: string, restsOnProofs: boolean): Told {
  const { document } = page;
  if (document.deployment.grade === 'UNKNOWN') return { tone: 'claim', lead: say('lead.contracts'), text };
  if (restsOnProofs && 'verifier' in document && !allows(document, 'PROVEN')) return { tone: 'claim', lead: say('lead.verifier'), text };
  // A development chain is worthless as a whole, which its row says.
  if (restsOnProofs && page.developmentString && page.reader.chainId !== words.devnet) return { tone: 'claim', lead: say('lead.string'), text };
  return { tone: text.startsWith(NO_INFORMATION) ? 'none' : 'fact', text };
}

/** After whatever a round or an engagement of one account with itself came to. */
const oneAccount = (selfDealt: boolean): string => (selfDealt ? say('one account') : '');

function ofVerdict(page: VerdictPage): string {
  const v = page.document;
  const counts = { proven: v.provenOnChain, n: v.n2, claimed: v.claimedCorrect };
  const who = { provider: address(v.mp), consumer: address(v.mc), time: utc(v.closedAt) };
  if (page.claimed === 'PROVEN') {
    return (
      say('verdict.proven', { ...counts, ...who, target: target(v.targetBps) }) +
      (page.bound === undefined ? '' : say('verdict.proven.bound', { bound: bounds.percent(page.bound) })) +
      oneAccount(v.selfDealt)
    );
  }
  if (page.claimed === 'OPTIMISTIC') {
    const claimed = say('verdict.claimed', counts);
    const own = oneAccount(v.selfDealt);
    const answered = v.challengesAnswered > 0 ? say('verdict.claimed.answered', { challenges: v.challengesAnswered }) : '';
    if (v.closedEarly) return `${claimed}${say('verdict.claimed.early')}${answered && ` ${answered}`}${own}`;
    if (answered) return `${claimed}${say('verdict.claimed.disputed', { answered })}${own}`;
    return `${claimed}${say('verdict.claimed.silence')}${own}`;
  }
  switch (v.outcome) {
    case 'FailedAccuracy':
    case 'Fault':
    case 'Abort':
    case 'BadData':
    case 'McSilent':
    case 'MpSilent':
    case 'Cancelled': return say(`verdict.${v.outcome}`, who);
    case 'Settled':
    case 'NoAck': return NO_INFORMATION;
    default: return say('verdict.open', { ...counts, state: v.state, until: utc(v.deadline) });
  }
}

function ofRound(page: RoundPage): string {
  const r = page.document;
  const { predictions, contested, proven } = r;
  switch (r.outcome) {
    case 'Clean': {
      const of = r.privacy === 'PRIVATE' && !r.published ? 'round.confirmed' : 'round.delivered';
      return say(of, { predictions }) + oneAccount(r.selfDealt);
    }
    case 'Upheld': return (
      say('round.Upheld', { contested, predictions }) +
      (page.hidden === undefined ? '' : say('round.Upheld.bound', { hidden: page.hidden, predictions })) +
      oneAccount(r.selfDealt)
    );
    case 'Fault': return say('round.Fault');
    case 'Cancelled': return say('round.Cancelled', { consumer: address(r.mc), time: utc(r.closedAt) });
    case 'Void': return NO_INFORMATION;
    default: return say('round.open', { state: r.state, until: utc(Math.max(r.deadline, r.answerBy)), proven, contested });
  }
}

function ofAudit(page: AuditPage): string {
  const a = page.document;
  const v = a.verdict;
  const who = { responder: address(a.responder), requester: address(a.requester), time: utc(a.closedAt) };
  const { withheld, overruled, demanded } = a;
  const handed = say('audit.handed', { withheld, overruled, demanded, receipt: say(a.confirmed ? 'audit.handed.confirmed' : 'audit.handed.not') });
  if (v?.assurance === 'SAMPLED') {
    const bound = v.hidden === null ? '' : say('audit.SAMPLED.bound', { hidden: v.hidden, recall: bounds.percent(bounds.recallParts(v.positives, v.hidden)) });
    return say('audit.SAMPLED', { drawn: v.drawn, zeros: v.zeros }) + bound + handed;
  }
  if (v?.assurance === 'EXHAUSTIVE') return say('audit.EXHAUSTIVE', { zeros: v.zeros }) + handed;
  switch (a.outcome) {
    case 'Complete': return NO_INFORMATION + say(a.selfDealt ? 'audit.Complete.own' : 'audit.Complete.none');
    case 'Violation':
    case 'Timeout':
    case 'Cancelled': return say(`audit.${a.outcome}`, who);
    case 'Declined': return a.approved && a.authority
      ? say('audit.Declined.approved', { ...who, authority: address(a.authority) })
      : NO_INFORMATION + say('audit.Declined', who);
    case 'Unchecked': return NO_INFORMATION;
    default: return say('audit.open', { state: a.state, until: utc(a.deadline), proven: a.proven, due: a.due });
  }
}

function ofModel({ document: m }: ModelPage): string {
  return say('model', { provider: address(m.mp), time: utc(m.registeredAt), faults: m.counters.mpFault + m.counters.roundFault });
}

function ofCorpus({ document: c }: CorpusPage): string {
  return say('corpus', { responder: address(c.responder), documents: c.size, time: utc(c.committedAt), attestations: c.attestations.length });
}

function ofAddress({ document: d }: AddressPage): string {
  return say('address', { address: address(d.address), engagements: d.engagements.length, rounds: d.rounds.length });
}

function ofParty({ document: d }: PartyPage): string {
  const counts = { corpora: d.corpora.length, audits: d.asResponder.length, requests: d.asRequester.length, attested: d.attested.length };
  return say('party', { address: address(d.address), ...counts });
}

function ofContracts({ document: d }: ContractsPage): Told {
  const { grade } = d.deployment;
  return { tone: grade === 'UNKNOWN' ? 'claim' : 'fact', text: say(`contracts.${grade}`, { version: release.version }) };
}
