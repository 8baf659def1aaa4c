// Conditions of the parameters, with the numbers of section 2 of the economics.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './harness/modules.mjs';

const { conditions, feeAgainstTheft } = await load('read/conditions.ts');
const MICRO = 10n ** 6n;
// E = 1, Z = .1, P = .001, in millionths.
const terms = (fee, more = {}) => ({ priceInput: MICRO, prices: { proof: MICRO / 10n, inference: MICRO / 1000n, fee }, n1: 100, n2: 600, ...more });
const broken = (t) => conditions(t, String).filter(({ holds }) => !holds).map(({ name, sentence }) => `${name} ${sentence.split(':')[0]}`);

test('the_fee_against_theft_is_row_36', () => {
  assert.equal(feeAgainstTheft(terms(0n), 100), 503_016n, 'rounded up');
  assert.equal(feeAgainstTheft(terms(0n), 700), 3_521_106n);
});

test('what_is_violated_is_named', () => {
  assert.deepEqual(broken(terms(4n * MICRO)), []);
  assert.deepEqual(broken(terms(MICRO)), ['I3 SIMPLE and CLEAR']);
  assert.deepEqual(broken(terms(MICRO / 2n)), ['I3 FULL', 'I3 SIMPLE and CLEAR']);
  // Work is 60.1 in FULL and 70 in the others.
  assert.deepEqual(broken(terms(65n * MICRO)), ['I1 FULL']);
  assert.deepEqual(broken(terms(4n * MICRO, { prices: { proof: MICRO * 2n, inference: MICRO / 1000n, fee: 4n * MICRO } })).map((one) => one.split(' ')[0]), ['I0', 'I6']);
});
