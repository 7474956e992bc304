import type { Words } from './types';

/** Why a call was not answered with what it asked for: the server's words, or that there was no answer. */
export class Problem extends Error {
  /** The HTTP status; 0 when the server did not answer. */
  readonly status: number;
  readonly words: Words | undefined;
  readonly traceId: string | undefined;

  constructor(status: number, words?: Words, traceId?: string) {
    super(words?.message ?? (status ? `HTTP ${status}` : 'no answer'));
    this.name = 'Problem';
    this.status = status;
    this.words = words;
    this.traceId = traceId;
  }

  /** Tells whether nobody is logged on any more. */
  get isLoggedOff(): boolean {
    return this.status === 401;
  }
}
