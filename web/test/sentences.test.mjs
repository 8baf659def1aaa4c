// Sentences of cases that the recorded history does not have, from documents that are changed in one place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documents } from './harness/anvil.mjs';
import { load } from './harness/modules.mjs';

const { sentence } = await load('page/sentences.ts');
const all = documents();
const KNOWN = { grade: 'SAME CODE' };
const OWN = / Consumer and provider are one account: to others this says nothing\.$/;

// A page of a recorded document, its verifier known, with these fields of the document and of the page.
function told(kind, name, fields = {}, more = {}) {
  const found = all.find((one) => one.kind === kind && one.name === name).document;
  const document = { ...found, verifier: { ...found.verifier, ...KNOWN }, ...fields };
  return sentence({ subject: kind, document, reader: { chainId: 1 }, developmentString: false, ...more });
}
const optimistic = (fields) => told('verdict', 'optimistic', fields, { claimed: 'OPTIMISTIC' });

test('one_account_on_both_sides_is_said_of_whatever_ended_well', () => {
  const cases = [
    (own) => told('verdict', 'proven', own, { claimed: 'PROVEN', bound: 248_604n }),
    (own) => optimistic(own),
    (own) => optimistic({ ...own, challengesAnswered: 0 }),
    (own) => optimistic({ ...own, closedEarly: true }),
    (own) => told('round', 'clean', own),
    (own) => told('round', 'published', own),
    (own) => told('round', 'upheld', own, { hidden: 24 }),
  ];
  for (const of of cases) {
    assert.doesNotMatch(of({ selfDealt: false }).text, OWN);
    assert.match(of({ selfDealt: true }).text, OWN);
  }
});

test('challenges_that_were_answered_are_said_and_not_called_silence', () => {
  assert.match(optimistic({ challengesAnswered: 0 }).text, /Nobody who held the proofs objected in the window\. Without such a reader this shows nothing\.$/);
  const answered = optimistic({ challengesAnswered: 2 }).text;
  assert.match(answered, /No objection was left unanswered in the window: 2 challenges were answered with a proof\./);
  assert.doesNotMatch(answered, /Nobody/);
  const early = optimistic({ challengesAnswered: 1, closedEarly: true }).text;
  assert.match(early, /Accepted by its consumer before the window to object was over\. 1 challenge was answered with a proof\.$/);
});

test('whether_predictions_were_delivered_is_what_the_contract_saw', () => {
  assert.match(told('round', 'clean').text, /^The consumer confirmed receipt of 6 predictions and contested none\./);
  assert.match(told('round', 'clean', { published: true }).text, /^6 predictions were delivered and none was contested\./);
  assert.match(told('round', 'clean', { privacy: 'PUBLIC' }).text, /^6 predictions were delivered/);
});

test('counts_of_proofs_are_claims_where_nobody_knows_the_verifier', () => {
  const doubted = { verifier: { grade: 'NOT CHECKED' } };
  const { counters } = all.find((one) => one.kind === 'model').document;
  const model = (passedProven, roundUpheld, verifier = doubted) => told('model', 'digits', { counters: { ...counters, passedProven, roundUpheld }, ...verifier }).tone;
  assert.deepEqual([model(1, 0), model(0, 1), model(0, 0), model(1, 1, {})], ['claim', 'claim', 'fact', 'fact']);
  const round = (proven) => told('round', 'served', { proven, ...doubted }).tone;
  assert.deepEqual([round(1), round(0)], ['claim', 'fact']);
  // Anybody can forge what a verifier of the development string accepts.
  assert.match(told('model', 'digits', {}, { developmentString: true }).lead, /development string/);
});

test('what_an_audit_shows_is_said_with_what_it_depends_on', () => {
  const { text } = told('audit', 'sampled', { withheld: 5, overruled: 2, demanded: 3 });
  assert.match(text, /drawn by a salt committed to before the answers/);
  assert.match(text, /\*if\* requester and responder do not act together; .* \*if\* every document answered 'match' matches\./);
  for (const name of ['sampled', 'exhaustive']) {
    assert.match(told('audit', name, { withheld: 5, overruled: 2, demanded: 3 }).text, /5 were withheld \(2 overruled\), 3 demanded; receipt/);
  }
});
