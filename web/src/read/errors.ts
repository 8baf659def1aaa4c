/** What can go wrong while reading, each with a kind that a program can act on and a sentence that names the cure. */
export type Kind =
  | 'unreachable'
  | 'late'
  | 'status'
  | 'html'
  | 'half'
  | 'refused'
  | 'wrong chain'
  | 'no state'
  | 'no block'
  | 'reorganised'
  | 'disagree'
  | 'unknown id'
  | 'reverted'
  | 'not this contract';

export class ReadError extends Error {
  constructor(
    readonly kind: Kind,
    message: string,
    /** Which node, where one is to blame. */
    readonly endpoint?: string,
    /** What a contract reverted with. */
    readonly data?: string,
  ) {
    super(message);
    this.name = 'ReadError';
  }
}

/** Whether an error is one of these kinds. */
export const isKind = (error: unknown, ...kinds: Kind[]): error is ReadError =>
  error instanceof ReadError && kinds.includes(error.kind);
