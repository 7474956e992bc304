import type { Days } from './words';

/** The interval between two reads of a chart: its samples are minutes apart. */
export const EVERY_MS = 60_000;

/** The samples of the last days. */
export interface Since<T> {
  samples: T[];
  /** The first and the last time, in seconds. */
  span: [number, number];
}

/**
 * Requests the samples of the last days. The span ends now, or at the newest sample if the server's clock is ahead of
 * the browser's.
 */
export async function since<T extends { time: string }>(days: Days, ask: (startTime: string) => Promise<{ contents: T[] }>): Promise<Since<T>> {
  const now = Date.now();
  const from = now - days * 86_400_000;
  const { contents } = await ask(new Date(from).toISOString());
  const newest = contents.reduce((latest, { time }) => Math.max(latest, new Date(time).getTime()), now);
  return { samples: contents, span: [from / 1000, newest / 1000] };
}
