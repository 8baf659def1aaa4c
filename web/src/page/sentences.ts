/**
 * Every sentence of the page about what was shown. None says more than the contracts do: no bare "passed" or "verified", never a
 * motive. `*…*` is stressed. Changing a word here changes what readers believe: `web/test/sentences.test.mjs` has them all.
 */
import * as bounds from '../read/bounds.js';
import { release } from '../read/contracts.js';
import { allows } from '../read/documents.js';
import { DEVNET } from '../read/reader.js';
import type { AuditPage, CorpusPage, ModelPage, RoundPage, Subject, VerdictPage, AddressPage, ContractsPage, PartyPage } from '../read/subjects.js';
import { address, count, target, utc } from './show.js';

export interface Told {
  /** `fact`: as far as these contracts are known; `claim`: they are not, or not all of what it rests on. */
  tone: 'fact' | 'claim' | 'none';
  /** What it depends on, before the sentence. */
  lead?: string;
  text: string;
}

export const NO_INFORMATION = 'No information.';
export const UNKNOWN_CODE = 'The code of these contracts is unknown: nothing below is stated as a fact. They say:';
export const UNKNOWN_VERIFIER =
  'Not checked: the verifier that took the proofs is not one that you named as known. Only if it checks what it should:';

export const FORGEABLE = 'The verifier rests on the development string, whose secret is public: anybody can forge what it accepts. It took:';

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
  if (document.deployment.grade === 'UNKNOWN') return { tone: 'claim', lead: UNKNOWN_CODE, text };
  if (restsOnProofs && 'verifier' in document && !allows(document, 'PROVEN')) return { tone: 'claim', lead: UNKNOWN_VERIFIER, text };
  // A development chain is worthless as a whole, which its row says.
  if (restsOnProofs && page.developmentString && page.reader.chainId !== DEVNET) return { tone: 'claim', lead: FORGEABLE, text };
  return { tone: text.startsWith(NO_INFORMATION) ? 'none' : 'fact', text };
}

/** After whatever a round or an engagement of one account with itself came to. */
const oneAccount = (selfDealt: boolean): string => (selfDealt ? ' Consumer and provider are one account: to others this says nothing.' : '');

function ofVerdict(page: VerdictPage): string {
  const v = page.document;
  const [mp, mc] = [address(v.mp), address(v.mc)];
  const at = utc(v.closedAt);
  if (page.claimed === 'PROVEN') {
    return (
      `At least ${v.provenOnChain} of ${v.n2} examples chosen by ${mc} were answered correctly: ${count(v.provenOnChain, 'proof was', 'proofs were')} ` +
      `checked by the contract. Target ${target(v.targetBps)} was met.` +
      (page.bound === undefined ? '' : ` Accuracy on what they were drawn from ≥ ${bounds.percent(page.bound)} at 95 %, *if* they were drawn at random.`) +
      oneAccount(v.selfDealt)
    );
  }
  if (page.claimed === 'OPTIMISTIC') {
    const claimed = `The provider claimed ${v.claimedCorrect} of ${v.n2}; ${v.provenOnChain} were proven. `;
    const own = oneAccount(v.selfDealt);
    const answered = v.challengesAnswered > 0 ? `${count(v.challengesAnswered, 'challenge was', 'challenges were')} answered with a proof.` : '';
    if (v.closedEarly) return `${claimed}Accepted by its consumer before the window to object was over.${answered && ` ${answered}`}${own}`;
    if (answered) return `${claimed}No objection was left unanswered in the window: ${answered} Without a reader who held the proofs the rest shows nothing.${own}`;
    return `${claimed}Nobody who held the proofs objected in the window. Without such a reader this shows nothing.${own}`;
  }
  switch (v.outcome) {
    case 'FailedAccuracy': return 'The provider conceded.';
    case 'Fault': return 'The provider did not prove a claimed example in time.';
    case 'Abort': return `The provider ${mp} left before it proved anything, at ${at}.`;
    case 'BadData': return `The consumer ${mc} had handed over data that it had not committed to; shown at ${at}.`;
    case 'McSilent': return `The consumer ${mc} did not make its move in time; closed at ${at}.`;
    case 'MpSilent': return `The provider ${mp} did not make its move in time; closed at ${at}.`;
    case 'Cancelled': return `The offer of the consumer ${mc} ended without being accepted, at ${at}.`;
    case 'Settled':
    case 'NoAck': return NO_INFORMATION;
    default: return `Not closed: ${v.state}, until ${utc(v.deadline)}. ${v.provenOnChain} of ${v.n2} examples are proven so far; nothing is shown yet.`;
  }
}

function ofRound(page: RoundPage): string {
  const r = page.document;
  switch (r.outcome) {
    case 'Clean': {
      const got = r.privacy === 'PRIVATE' && !r.published
        ? `The consumer confirmed receipt of ${count(r.predictions, 'prediction')} and contested none`
        : `${count(r.predictions, 'prediction was', 'predictions were')} delivered and none was contested`;
      return `${got}. This says nothing about their correctness.${oneAccount(r.selfDealt)}`;
    }
    case 'Upheld': return (
      `${r.contested} contested predictions of ${r.predictions} were proven.` +
      (page.hidden === undefined ? '' : ` If the consumer drew them at random, at most ${page.hidden} of ${r.predictions} are wrong (95 %).`) +
      oneAccount(r.selfDealt)
    );
    case 'Fault': return 'A contested prediction was not proven in time. The contract cannot tell a false answer from an absent provider.';
    case 'Cancelled': return `The offer of the consumer ${address(r.mc)} ended without being served, at ${utc(r.closedAt)}.`;
    case 'Void': return NO_INFORMATION;
    default: return `Not closed: ${r.state}, until ${utc(Math.max(r.deadline, r.answerBy))}. ${r.proven} of ${r.contested} contested predictions are proven so far; nothing is shown yet.`;
  }
}

function ofAudit(page: AuditPage): string {
  const a = page.document;
  const v = a.verdict;
  const rs = address(a.responder);
  const at = utc(a.closedAt);
  const handed =
    `${a.withheld} were withheld (${a.overruled} overruled), ${a.demanded} demanded; ` +
    `receipt of the matching ones: ${a.confirmed ? 'confirmed' : 'not confirmed'} by the requester.`;
  if (v?.assurance === 'SAMPLED') {
    const bound = v.hidden === null ? '' :
      `At most ${v.hidden} of them match (95 %), *if* requester and responder do not act together; of all matching ones at least ` +
      `${bounds.percent(bounds.recallParts(v.positives, v.hidden))} were answered 'match', *if* every document answered 'match' matches. `;
    return (
      `${v.drawn} of the ${v.zeros} documents answered 'no match', drawn by a salt committed to before the answers, were proven not to match. ` +
      `${bound}${handed}`
    );
  }
  if (v?.assurance === 'EXHAUSTIVE') return `All ${v.zeros} documents answered 'no match' were proven not to match. ${handed}`;
  switch (a.outcome) {
    case 'Complete': return a.selfDealt
      ? `${NO_INFORMATION} Requester and responder are one account, which knew the sample.`
      : `${NO_INFORMATION} No document was answered 'no match', so there was nothing to prove.`;
    case 'Violation': return `A proof that was due from the responder ${rs}, or a delivery, failed; closed at ${at}.`;
    case 'Timeout': return `The responder ${rs} took the request and did not answer in time; closed at ${at}.`;
    case 'Declined': return a.approved && a.authority
      ? `The responder ${rs} declined a request that the authority ${address(a.authority)} had approved, at ${at}.`
      : `${NO_INFORMATION} The responder ${rs} declined a request that no authority had approved.`;
    case 'Cancelled': return `The request of ${address(a.requester)} ended without being accepted, at ${at}.`;
    case 'Unchecked': return NO_INFORMATION;
    default: return `Not closed: ${a.state}, until ${utc(a.deadline)}. ${a.proven} of ${a.due} documents that are due are proven so far; nothing is shown yet.`;
  }
}

function ofModel({ document: m }: ModelPage): string {
  const c = m.counters;
  return (
    `A model of ${address(m.mp)}, registered at ${utc(m.registeredAt)}: ${count(c.mpFault + c.roundFault, 'fault')} of the provider. ` +
    'The counts below are of three kinds and are never added up; no score follows from them.'
  );
}

function ofCorpus({ document: c }: CorpusPage): string {
  return (
    `${address(c.responder)} committed to ${count(c.size, 'document')} at ${utc(c.committedAt)}; ${count(c.attestations.length, 'address', 'addresses')} ` +
    'attested something about them. Nothing here says what is not among them.'
  );
}

function ofAddress({ document: d }: AddressPage): string {
  return `What ${address(d.address)} did in this marketplace, as provider and as consumer: ${count(d.engagements.length, 'engagement')}, ${count(d.rounds.length, 'round')}.`;
}

function ofParty({ document: d }: PartyPage): string {
  return (
    `What ${address(d.address)} did in audits: ${count(d.corpora.length, 'corpus', 'corpora')} committed, ${count(d.asResponder.length, 'audit')} of them accepted, ` +
    `${count(d.asRequester.length, 'request')} made, ${count(d.attested.length, 'corpus', 'corpora')} attested.`
  );
}

function ofContracts({ document: d }: ContractsPage): Told {
  switch (d.deployment.grade) {
    case 'REPRODUCED': return { tone: 'fact', text: `These contracts have the code of this release, assay ${release.version}, with parameters that agree, and began from its creation code.` };
    case 'TRUSTED': return { tone: 'fact', text: 'These contracts are not those of this release. You named them as known by their digest.' };
    case 'UNKNOWN': return { tone: 'claim', text: 'The code of these contracts is unknown: nothing below is stated as a fact.' };
  }
}
