// The numbers of section 1 of the economics, as the program has them: row numbers are those of its table.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { load } from './harness/modules.mjs';

const b = await load('read/bounds.ts');
const { pinned } = JSON.parse(readFileSync(new URL('../src/read/words.json', import.meta.url), 'utf8'));
// One-sided, or half of what may fail on either side.
const delta = (sides) => b.DELTA / BigInt(sides);
// What the program computes in floating point is the same to six places, and the page's is never the better bound.
const near = (given, pinned, side) => {
  assert.ok(Math.abs(Number(given) - pinned) <= 1, `${given} is not ${pinned}`);
  assert.ok(side === 'upper' ? Number(given) >= pinned - 1 : Number(given) <= pinned + 1);
};

test('what_the_page_computes_is_what_the_program_does', () => {
  for (const [failures, n, sides, p] of pinned.upper) near(b.upper(failures, n, delta(sides)), p, 'upper');
  for (const [successes, n, p] of pinned.lower) near(b.lower(successes, n), p, 'lower');
  for (const [share, failures, sides, n] of pinned.samples) assert.equal(b.failureFree(BigInt(share), delta(sides), failures), n, `${share} ${failures}`);
  for (const [of, share, n] of pinned.drawn) assert.equal(b.sampleOf(of, BigInt(share)), n, `${of} ${share}`);
  for (const [of, drawn, h] of pinned.hidden) assert.equal(b.hidden(of, drawn), h, `${of} ${drawn}`);
  for (const [positives, h, p] of pinned.recall) assert.ok(Math.abs(b.recall(positives, h) * 1e6 - p) <= 1, `${positives} ${h}`);
  for (const [margin, sides, n] of pinned.hoeffding) assert.equal(b.hoeffding(BigInt(margin), sides), n, `${margin}`);
  for (const [of, bad, drawn, p] of pinned.detection) {
    const [numerator, denominator] = b.miss(of, bad, drawn);
    near(1_000_000n - (numerator * 1_000_000n) / denominator, p, 'upper');
  }
});

test('the_program_has_the_numbers_of_the_economics', () => {
  // Rows 4, 8, 12, 15, 17, 22, 28 and 30 of the table.
  const has = (name, row) => assert.ok(pinned[name].some((one) => String(one) === String(row)), `${name} ${row}`);
  has('hoeffding', [50_000, 2, 738]);
  has('samples', [50_000, 0, 1, 59]);
  has('samples', [50_000, 0, 2, 72]);
  has('lower', [600, 600, 995_020]);
  has('samples', [10_000, 2, 1, 628]);
  has('drawn', [500, 10_000, 225]);
  has('hidden', [950, 59, 45]);
  has('recall', [50, 45, 526_316]);
  has('detection', [4096, 205, 59, 952_715]);
});

test('ties_and_cuts_are_exact', () => {
  const [numerator, denominator] = b.miss(100, 1, 95);
  assert.equal(20n * numerator, denominator);
  // Cut off from the fraction itself: as a float, 0.69 is less.
  assert.equal(b.percent(b.recallParts(69, 31)), '69.00 %');
  assert.equal(b.percent(b.recallParts(2, 1)), '66.66 %');
  assert.equal(b.recallParts(0, 0), b.MILLION);
  assert.deepEqual([50_000n, 25_000n, 10_000n].map((p) => b.failureFree(p, 10_000n)), [90, 182, 459]);
});

test('rounded_sums_of_large_samples_are_those_of_exact_ones', () => {
  for (const [n, k, p] of [[600, 120, 228_770n], [600, 120, 228_769n], [300, 100, 380_000n], [300, 3, 10_000n], [4000, 1000, 261_500n]]) {
    assert.equal(b.atMostIsRare(n, k, p, b.DELTA, 0), b.atMostIsRare(n, k, p, b.DELTA), `${n} ${k} ${p}`);
  }
  // 65,536 is the largest set of a market.
  near(b.lower(65_536, 65_536), 999_954, 'lower');
});

test('percent_is_cut_off', () => {
  assert.equal(b.percent(248_604n), '24.86 %');
  assert.equal(b.percent(999_999n), '99.99 %');
  assert.equal(b.percent(0n), '0.00 %');
});
