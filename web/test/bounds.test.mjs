// The numbers of section 1 of the economics: row numbers are those of its table.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from './harness/modules.mjs';

const b = await load('read/bounds.ts');
const HALF = 25_000n;
// A bound in parts of a million is a pinned one if it is the same to six places, and never better.
const near = (given, pinned, side) => {
  const exact = Math.round(pinned * 1e6);
  assert.ok(Math.abs(Number(given) - exact) <= 1, `${given} is not ${pinned}`);
  assert.ok(side === 'upper' ? Number(given) >= Math.floor(pinned * 1e6) : Number(given) <= Math.ceil(pinned * 1e6));
};

test('hoeffding_sizes_are_rows_1_to_6', () => {
  assert.deepEqual([50_000n, 25_000n, 10_000n].map((e) => b.hoeffding(e, 1)), [600, 2397, 14979]);
  assert.deepEqual([50_000n, 25_000n, 10_000n].map((e) => b.hoeffding(e, 2)), [738, 2952, 18445]);
});

test('sizes_without_a_failure_are_rows_7_to_9', () => {
  const shares = [100_000n, 50_000n, 25_000n, 20_000n, 10_000n, 5_000n, 1_000n];
  assert.deepEqual(shares.map((p) => b.failureFree(p)), [29, 59, 119, 149, 299, 598, 2995]);
  assert.deepEqual(shares.map((p) => b.failureFree(p, HALF)), [36, 72, 146, 183, 368, 736, 3688]);
  assert.deepEqual([50_000n, 25_000n, 10_000n].map((p) => b.failureFree(p, 10_000n)), [90, 182, 459]);
});

test('upper_bounds_are_rows_10_and_11', () => {
  for (const [n, p] of [[366, 0.010028], [368, 0.009974], [183, 0.019956], [72, 0.049944]]) near(b.upper(0, n, HALF), p, 'upper');
  for (const [k, n, p] of [[0, 59, 0.049508], [1, 93, 0.049994], [2, 124, 0.0499], [0, 299, 0.009969]]) near(b.upper(k, n), p, 'upper');
});

test('lower_bounds_are_rows_12_and_13', () => {
  const rows = [[600, 600, 0.99502], [594, 600, 0.980359], [480, 600, 0.77123], [360, 600, 0.565955], [3, 3, 0.368403], [6, 8, 0.400311], [8, 8, 0.687656], [8, 10, 0.493099]];
  for (const [k, n, p] of rows) near(b.lower(k, n), p, 'lower');
  assert.equal(b.lower(0, 4), 0n);
});

test('sizes_with_failures_are_row_15', () => {
  assert.deepEqual([0, 1, 2].map((k) => b.failureFree(50_000n, b.DELTA, k)), [59, 93, 124]);
  assert.deepEqual([0, 1, 2].map((k) => b.failureFree(10_000n, b.DELTA, k)), [299, 473, 628]);
});

test('samples_of_a_finite_corpus_are_rows_16_to_21', () => {
  const sizes = [100, 500, 1_000, 10_000, 100_000, 1_000_000];
  const given = sizes.map((M) => [50_000n, 25_000n, 10_000n].map((p) => b.sampleOf(M, p)));
  assert.deepEqual(given, [[45, 63, 95], [56, 102, 225], [57, 112, 258], [59, 118, 294], [59, 119, 298], [59, 119, 299]]);
});

test('hidden_documents_are_rows_22_to_27_and_ties_are_exact', () => {
  const rows = [[1000, 57, 49], [950, 59, 45], [950, 300, 7], [9900, 299, 97], [100, 95, 0], [4096, 59, 201], [4096, 299, 39]];
  for (const [M, n, h] of rows) assert.equal(b.hidden(M, n), h, `${M} ${n}`);
  const [numerator, denominator] = b.miss(100, 1, 95);
  assert.equal(20n * numerator, denominator);
});

test('recall_is_rows_28_and_29', () => {
  const near6 = (a, c) => assert.ok(Math.abs(a - c) < 5e-5, `${a} ${c}`);
  near6(b.recall(50, b.hidden(950, 59)), 0.5263);
  near6(b.recall(1000, b.hidden(9000, 299)), 0.9191);
  assert.equal(b.hidden(999_900, 299), 9966);
  near6(b.recall(100, 9966), 0.0099);
  // Cut off from the fraction itself: as a float, 0.69 is less.
  assert.equal(b.percent(b.recallParts(69, 31)), '69.00 %');
  assert.equal(b.percent(b.recallParts(2, 1)), '66.66 %');
  assert.equal(b.recallParts(0, 0), b.MILLION);
});

test('detection_is_row_30', () => {
  for (const [K, m, n, p] of [[4096, 41, 59, 0.449989], [4096, 205, 59, 0.952715], [4096, 41, 299, 0.956004], [1000, 10, 59, 0.457171]]) {
    const [numerator, denominator] = b.miss(K, m, n);
    assert.ok(Math.abs(1 - Number((numerator * 10n ** 9n) / denominator) / 1e9 - p) < 1e-6);
  }
});

test('rounded_sums_of_large_samples_are_those_of_exact_ones', () => {
  for (const [n, k, p] of [[600, 120, 228_770n], [600, 120, 228_769n], [300, 100, 380_000n], [300, 3, 10_000n], [4000, 1000, 261_500n]]) {
    assert.equal(b.atMostIsRare(n, k, p, b.DELTA, 0), b.atMostIsRare(n, k, p, b.DELTA), `${n} ${k} ${p}`);
  }
  // 65,536 is the largest set of a market.
  near(b.lower(65_536, 65_536), 0.999954, 'lower');
});

test('percent_is_cut_off', () => {
  assert.equal(b.percent(248_604n), '24.86 %');
  assert.equal(b.percent(999_999n), '99.99 %');
  assert.equal(b.percent(0n), '0.00 %');
});
