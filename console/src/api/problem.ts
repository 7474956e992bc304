import type { ErrorView, Words } from './types';

/** The server's words about a failure, and the field of the request that is wrong, where one is. */
type Refusal = Words & Partial<Pick<ErrorView, 'field'>>;

/** Why a call was not answered with what it asked for: the server's words, or that there was no answer. */
export class Problem extends Error {
  /** The HTTP status; 0 when the server did not answer. */
  readonly status: number;
  readonly words: Refusal | undefined;
  readonly traceId: string | undefined;

  constructor(status: number, words?: Refusal, traceId?: string) {
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
