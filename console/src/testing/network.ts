/**
 * The network of a component's test: requests are answered from a table, and recorded. Import it before any code that
 * sends requests: the client takes the browser's `fetch` when it is created.
 */
import { onTestFinished } from 'vitest';

import type { Words } from '../api/types';

/** A server's answer: its data, or a status with the texts of an error. */
export type Answer = { data: unknown } | { status: number; error: Words };

/** The answers by method and path; a function gets the query string and the body of the request. */
export type Answers = Record<string, Answer | ((query: URLSearchParams, body: unknown) => Answer)>;

/** A call that was made. */
export interface Call {
  call: string;
  body: unknown;
}

const original = window.fetch.bind(window);
let answers: Answers = {};
let calls: Call[] = [];

window.fetch = async (input, init) => {
  const request = new Request(input, init);
  const { pathname, searchParams } = new URL(request.url);
  if (!pathname.startsWith('/api/')) return original(input, init);
  const call = `${request.method} ${pathname.replace('/api/v2', '')}`;
  const sent = await request.text();
  const body: unknown = sent ? JSON.parse(sent) : undefined;
  calls.push({ call, body });
  const known = answers[call];
  const answer = typeof known === 'function' ? known(searchParams, body) : known;
  if (!answer) return new Response(JSON.stringify({ error: { id: 'untold', message: `nobody answers ${call}` } }), { status: 404 });
  const status = 'status' in answer ? answer.status : 200;
  return new Response(JSON.stringify(answer), { status, headers: { 'content-type': 'application/json' } });
};

/** Answers from this table until the test has ended; returns the list of calls, which grows with each call. */
export function network(table: Answers): Call[] {
  answers = table;
  calls = [];
  onTestFinished(() => {
    answers = {};
  });
  return calls;
}

/** The answer about a logged-on user with these permissions. */
export function me(...permissions: string[]): Answers {
  return {
    'GET /users/me': { data: { id: 1, name: 'eva', role: 'ADMIN', mustChangePassword: false, permissions: ['READ', ...permissions] } },
  };
}
