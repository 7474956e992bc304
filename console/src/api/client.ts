import createClient from 'openapi-fetch';

import { currentLanguage } from '../locales/language';
import { Problem } from './problem';
import type { paths } from './schema';
import { reportLoggedOff } from './session';
import type { Words } from './types';

const LANGUAGE_TAGS = { en: 'en-US', zh: 'zh-CN' } as const;

/**
 * The header that marks a call of the console's own script; pages of other sites cannot send it. The server requires it
 * for every write that the session cookie authorizes.
 */
export const CONSOLE_HEADER = 'X-Lifeboat-Console';

/** Returns the language in which the server must answer. */
export function languageTag(): string {
  return LANGUAGE_TAGS[currentLanguage()];
}

/** The calls whose 401 does not mean that the session has ended: a wrong password, and no log-on yet. */
const ASKS_WHO = ['/api/v2/session', '/api/v2/users/me'];

/** The typed client of the REST API. Calls are made through {@link answer}. */
export const client = createClient<paths>({ baseUrl: window.location.origin });

client.use({
  onRequest({ request }) {
    request.headers.set(CONSOLE_HEADER, '1');
    request.headers.set('Accept-Language', languageTag());
    return request;
  },
  onResponse({ request, response }) {
    if (response.status === 401 && !ASKS_WHO.includes(new URL(request.url).pathname)) reportLoggedOff();
  },
});

interface Envelope<T> {
  data: T;
}

interface Failure {
  error: Words;
  traceId: string;
}

interface Answered<T> {
  data?: Envelope<T> | undefined;
  error?: unknown;
  response: Response;
}

/** Returns the data in the envelope of an answer; throws a {@link Problem} if the call failed. */
export async function answer<T>(call: Promise<Answered<T>>): Promise<T> {
  let answered: Answered<T>;
  try {
    answered = await call;
  } catch {
    throw new Problem(0);
  }
  const { data, error, response } = answered;
  if (response.ok && data) {
    return data.data;
  }
  if (isFailure(error)) {
    throw new Problem(response.status, error.error, error.traceId);
  }
  throw new Problem(response.status);
}

function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && 'error' in value;
}
