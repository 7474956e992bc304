import { CONSOLE_HEADER, languageTag } from './client';
import { reportLoggedOff } from './session';

interface Posted<T> {
  data?: { data: T } | undefined;
  error?: unknown;
  response: Response;
}

/** Makes a call whose path and body come from an answer of the server. */
export async function post<T>(path: string, body: unknown): Promise<Posted<T>> {
  if (!path.startsWith('/api/')) throw new Error(`not a call of this server: ${path}`);
  const headers = { [CONSOLE_HEADER]: '1', 'Accept-Language': languageTag(), 'Content-Type': 'application/json' };
  const response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body ?? {}) });
  if (response.status === 401) reportLoggedOff();
  const read: unknown = await response.json().catch(() => undefined);
  return response.ok ? { data: read as { data: T }, response } : { error: read, response };
}
