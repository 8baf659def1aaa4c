/**
 * What a sample shows, in exact integers: no bound is flattered by rounding. The formulas and their numbers are those of
 * economics 1; `assay policy size` and `bound` compute the same. Probabilities are parts of a million.
 */
import words from './words.js';

/** All of a probability. */
export const MILLION = 1_000_000n;
/** δ: how often a bound may fail, 5 %. */
export const DELTA = BigInt(words.delta);

/** Above so many samples sums are rounded, always against whoever states the bound. */
const EXACT_UP_TO = 4096;
/** Bits that rounding keeps at least. */
const KEPT = 256n;

/** Whether P[Binomial(n, p) ≤ k] ≤ δ, with p and δ in parts of a million. */
export function atMostIsRare(n: number, k: number, p: bigint, delta: bigint, exactUpTo = EXACT_UP_TO): boolean {
  const q = MILLION - p;
  if (q === 0n) return k < n;
  // All in units of 10^(−6n): term i is C(n, i) p^i q^(n−i), and the next one follows by one product and one quotient.
  const limit = (delta * MILLION ** BigInt(n)) / MILLION;
  const exact = n <= exactUpTo;
  let term = q ** BigInt(n);
  let sum = 0n;
  // What was cut off at the end of term and sum, in bits.
  let cut = 0n;
  if (!exact) {
    const spare = BigInt(4 * term.toString(16).length) - KEPT;
    if (spare > 0n) [term, cut] = [(term >> spare) + 1n, spare];
  }
  const top = 1n << (KEPT + 128n);
  for (let i = 0; i <= k; i++) {
    sum += term;
    if (exact ? sum > limit : sum > top && sum << cut > limit) return false;
    term = (term * BigInt(n - i) * p) / (BigInt(i + 1) * q) + (exact ? 0n : 1n);
    if (!exact && sum > top) [term, sum, cut] = [(term >> 128n) + 1n, (sum >> 128n) + 1n, cut + 128n];
  }
  return sum << cut <= limit;
}

/** Least p, in parts of a million, for which `rare` holds; it holds from some p on, at the latest at all of them. */
function least(rare: (p: bigint) => boolean): bigint {
  let [low, high] = [0n, MILLION];
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (rare(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function requirePart(part: number, n: number): void {
  if (!Number.isSafeInteger(part) || !Number.isSafeInteger(n) || part < 0 || n < 1 || part > n) {
    throw new RangeError(`${part} of ${n} is no part`);
  }
}

/** Clopper–Pearson: the least failure rate that `failures` of `n` exclude; one-sided unless δ is halved. Parts of a million, rounded up. */
export function upper(failures: number, n: number, delta = DELTA): bigint {
  requirePart(failures, n);
  return failures === n ? MILLION : least((p) => atMostIsRare(n, failures, p, delta));
}

/** The greatest success rate that `successes` of `n` exclude, rounded down: at least so much is right. */
export function lower(successes: number, n: number, delta = DELTA): bigint {
  requirePart(successes, n);
  return MILLION - upper(n - successes, n, delta);
}

/** Least n of which none fails and a rate of `p` is excluded: (1 − p)^n ≤ δ. */
export function failureFree(p: bigint, delta = DELTA, allowed = 0): number {
  let [low, high] = [0, 1];
  while (!atMostIsRare(high, Math.min(allowed, high - 1), p, delta) || high <= allowed) [low, high] = [high, 2 * high];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (middle > allowed && atMostIsRare(middle, allowed, p, delta)) high = middle;
    else low = middle;
  }
  return high;
}

/** Whether P0 = C(M−m, n)/C(M, n), that none of `m` among `M` is drawn in `n`, is at most δ. */
function missIsRare(M: number, m: number, n: number, delta: bigint): boolean {
  const [numerator, denominator] = miss(M, m, n);
  return numerator * MILLION <= delta * denominator;
}

/** P0 as a fraction. */
export function miss(M: number, m: number, n: number): [bigint, bigint] {
  requirePart(m, M);
  requirePart(n, M);
  if (m + n > M) return [0n, 1n];
  const [few, many] = m < n ? [m, n] : [n, m];
  let [numerator, denominator] = [1n, 1n];
  for (let i = 0; i < few; i++) {
    numerator *= BigInt(M - many - i);
    denominator *= BigInt(M - i);
  }
  return [numerator, denominator];
}

/** h: of M documents of which n were drawn and none matched, at most so many match. */
export function hidden(M: number, n: number, delta = DELTA): number {
  if (M === 0) return 0;
  requirePart(n, M);
  // The largest m that is not excluded; m = 0 never is.
  let [low, high] = [0, 1];
  while (high <= M && !missIsRare(M, high, n, delta)) [low, high] = [high, 2 * high];
  high = Math.min(high, M + 1);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (missIsRare(M, middle, n, delta)) high = middle;
    else low = middle;
  }
  return low;
}

/** Least sample of M that excludes ⌈p·M⌉ among them. */
export function sampleOf(M: number, p: bigint, delta = DELTA): number {
  const m = Number((p * BigInt(M) + MILLION - 1n) / MILLION);
  let [low, high] = [0, 1];
  while (high < M && !missIsRare(M, m, high, delta)) [low, high] = [high, Math.min(M, 2 * high)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (missIsRare(M, m, middle, delta)) high = middle;
    else low = middle;
  }
  return high;
}

/** At least this share of what matches was answered so, if all that was answered so matches. */
export const recall = (positives: number, h: number): number => (positives + h === 0 ? 1 : positives / (positives + h));

/** The same in parts of a million, rounded down. */
export const recallParts = (positives: number, h: number): bigint => (positives + h === 0 ? MILLION : (MILLION * BigInt(positives)) / BigInt(positives + h));

/** Least n that bounds a mean within ε, in parts of a million, with probability 1 − δ (Hoeffding); sides 1 or 2. */
export function hoeffding(epsilon: bigint, sides: 1 | 2, delta = DELTA): number {
  const e = Number(epsilon) / Number(MILLION);
  return Math.ceil(Math.log((sides * Number(MILLION)) / Number(delta)) / (2 * e * e));
}

/** Parts of a million in percent, cut off after `digits` places. */
export function percent(parts: bigint, digits = 2): string {
  const unit = 10n ** BigInt(4 - digits);
  const cut = (parts / unit).toString().padStart(digits + 1, '0');
  return digits === 0 ? `${cut} %` : `${cut.slice(0, -digits)}.${cut.slice(-digits)} %`;
}
