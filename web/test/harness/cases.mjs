// The cases of the page's sentences, and the words that each has to have: those of the specification.
const at = '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC';
const who = '0x[0-9a-fA-F]{40}';
const is = (text) => new RegExp(`^${text.replaceAll('WHO', who).replaceAll('AT', at)}$`);
const verdict = (name, says) => ({ kind: 'verdict', name, says: is(says) });
const round = (name, says) => ({ kind: 'round', name, says: is(says) });
const audit = (name, says) => ({ kind: 'audit', name, says: is(says) });

const proven = (p, n, b) =>
  `At least ${p} of ${n} examples chosen by WHO were answered correctly: ${p} proofs were checked by the contract\\. Target 75 % was met\\. ` +
  `Accuracy on what they were drawn from ≥ ${b} % at 95 %, if they were drawn at random\\.`;
const claimed = (c, p) => `The provider claimed ${c} of 4; ${p} were proven\\. `;
const handed = (withheld, overruled, demanded) => `${withheld} were withheld \\(${overruled} overruled\\), ${demanded} demanded; receipt of the matching ones:`;
const sampled = (drawn, end) =>
  `${drawn} of the 37 documents answered 'no match', drawn by a salt committed to before the answers, were proven not to match\\. ` +
  'At most \\d+ of them match \\(95 %\\), if requester and responder do not act together; of all matching ones at least ' +
  `[\\d.]+ % were answered 'match', if every document answered 'match' matches\\. ${end} by the requester\\.`;
const NONE = 'No information\\.';

export const CASES = [
  verdict('proven', proven(3, 4, '24\\.86')),
  verdict('provenFull', proven(3, 3, '36\\.84')),
  verdict('selfDealt', `${proven(3, 4, '24\\.86')} Consumer and provider are one account: to others this says nothing\\.`),
  verdict('demanded', proven(3, 4, '24\\.86')),
  verdict('elsewhere', proven(4, 4, '47\\.28')),
  verdict('optimistic', `${claimed(3, 1)}No objection was left unanswered in the window: 1 challenge was answered with a proof\\. Without a reader who held the proofs the rest shows nothing\\.`),
  verdict('early', `${claimed(4, 0)}Accepted by its consumer before the window to object was over\\.`),
  verdict('failed', 'The provider conceded\\.'),
  verdict('fault', 'The provider did not prove a claimed example in time\\.'),
  verdict('abort', 'The provider WHO left before it proved anything, at AT\\.'),
  verdict('badData', 'The consumer WHO had handed over data that it had not committed to; shown at AT\\.'),
  verdict('mcSilent', 'The consumer WHO did not make its move in time; closed at AT\\.'),
  verdict('mpSilent', 'The provider WHO did not make its move in time; closed at AT\\.'),
  verdict('cancelled', 'The offer of the consumer WHO ended without being accepted, at AT\\.'),
  verdict('settled', NONE),
  verdict('noAck', NONE),
  verdict('offered', 'Not closed: Offered, until AT\\. .*nothing is shown yet\\.'),
  verdict('claimed', 'Not closed: Claimed, until AT\\. .*nothing is shown yet\\.'),
  round('clean', 'The consumer confirmed receipt of 6 predictions and contested none\\. This says nothing about their correctness\\.'),
  round('published', '6 predictions were delivered and none was contested\\. This says nothing about their correctness\\.'),
  round('upheld', '3 contested predictions of 40 were proven\\. If the consumer drew them at random, at most 24 of 40 are wrong \\(95 %\\)\\.'),
  round('roundFault', 'A contested prediction was not proven in time\\. The contract cannot tell a false answer from an absent provider\\.'),
  round('void', NONE),
  round('roundCancelled', 'The offer of the consumer WHO ended without being served, at AT\\.'),
  round('served', 'Not closed: Served, until AT\\. 1 of 2 contested .*'),
  audit('sampled', sampled(8, `${handed(0, 0, 1)} confirmed`)),
  audit('unconfirmed', sampled(12, `${handed(2, 1, 0)} not confirmed`)),
  audit('exhaustive', `All 38 documents answered 'no match' were proven not to match\\. ${handed(0, 0, 0)} confirmed by the requester\\.`),
  audit('auditSelfDealt', `${NONE} Requester and responder are one account, which knew the sample\\.`),
  audit('auditCancelled', 'The request of WHO ended without being accepted, at AT\\.'),
  audit('declined', 'The responder WHO declined a request that the authority WHO had approved, at AT\\.'),
  audit('violation', 'A proof that was due from the responder WHO, or a delivery, failed; closed at AT\\.'),
  audit('notDelivered', 'A proof that was due from the responder WHO, or a delivery, failed; closed at AT\\.'),
  audit('timeout', 'The responder WHO took the request and did not answer in time; closed at AT\\.'),
  audit('unchecked', NONE),
  audit('auditOpen', 'Not closed: Sampled, until AT\\. .*'),
  { kind: 'corpus', name: 'archive', says: is('WHO committed to 40 documents at AT; 2 addresses attested something about them\\. Nothing here says what is not among them\\.') },
  { kind: 'corpus', name: 'empty', says: is('WHO committed to 5 documents at AT; 0 addresses attested .*') },
  { kind: 'model', name: 'digits', says: is('A model of WHO, registered at AT: 3 faults of the provider\\. .*no score follows from them\\.') },
  { kind: 'model', name: 'hostile', says: is('A model of WHO, registered at AT: 0 faults of the provider\\. .*') },
];
