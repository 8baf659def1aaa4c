/**
 * Conditions of an accuracy market that its parameters alone decide, in exact integers; amounts in wei. `assay policy check` has all
 * of them, also those that depend on what a verdict is worth and on the price of gas.
 */

/** E, Z, P and ε, and the sizes of probe set and proven set. */
export interface Terms {
  priceInput: bigint;
  prices: { proof: bigint; inference: bigint; fee: bigint };
  n1: number;
  n2: number;
}

export interface Condition {
  name: string;
  holds: boolean;
  /** What follows, or what it would take. */
  sentence: string;
}

/** Least fee at which a provider that only wants the examples it opens does not enter, each of them worth E. */
export function feeAgainstTheft({ priceInput, prices: { inference } }: Terms, opened: number): bigint {
  return (BigInt(opened) * (inference + priceInput) + 198n) / 199n;
}

export function conditions(t: Terms, ether: (wei: bigint) => string): Condition[] {
  const { priceInput: E, prices: { proof: Z, inference: P, fee }, n1, n2 } = t;
  const [N1, N2, N] = [BigInt(n1), BigInt(n2), BigInt(n1 + n2)];
  const modes = [
    { of: 'FULL', opened: n1, work: N1 * P + N2 * Z },
    { of: 'SIMPLE and CLEAR', opened: n1 + n2, work: N * Z },
  ];
  const deposit = 2n * N * E;
  const most = modes.map(({ work }) => 2n * work).reduce((a, b) => (a > b ? a : b));
  return [
    { name: 'I0', holds: E > Z && Z > P && P > 0n, sentence: 'an example costs more than a proof, a proof more than an inference' },
    ...modes.map(({ of, work }) => ({ name: 'I1', holds: fee < work, sentence: `${of}: an honest provider earns if nobody aborts: the fee ${ether(fee)} is to be below ${ether(work)}` })),
    ...modes.map(({ of, opened }) => {
      const least = feeAgainstTheft(t, opened);
      return { name: 'I3', holds: fee >= least, sentence: `${of}: a provider that only wants the ${opened} examples that it opens, each worth its price, does not enter: the fee ${ether(fee)} is to be at least ${ether(least)}` };
    }),
    { name: 'I6', holds: deposit >= most, sentence: `silence costs a deposit, ${ether(deposit)}, which is to be at least what it could avoid, ${ether(most)}` },
  ];
}
