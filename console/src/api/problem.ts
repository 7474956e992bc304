import type { ErrorView, Words } from './types';

/** The server's texts about a failure, and the wrong field of the request, if there is one. */
type Refusal = Words & Partial<Pick<ErrorView, 'field'>>;

/** Why a call failed: the server's texts, or that there was no answer. */
export class Problem extends Error {
  /** The HTTP status; 0 if the server did not answer. */
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

  /** Returns whether the session has ended. */
  get isLoggedOff(): boolean {
    return this.status === 401;
  }
}
