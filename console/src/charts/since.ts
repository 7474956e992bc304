import type { Days } from './words';

/** How often a chart is read anew: its samples are minutes apart. */
export const EVERY_MS = 60_000;

/** What was sampled since some days ago. */
export interface Since<T> {
  samples: T[];
  /** The first and the last moment, in seconds. */
  span: [number, number];
}

/** Asks for what was sampled since some days ago. The end is the server's now: its clock may be ahead of this one. */
export async function since<T extends { time: string }>(days: Days, ask: (startTime: string) => Promise<{ contents: T[] }>): Promise<Since<T>> {
  const now = Date.now();
  const from = now - days * 86_400_000;
  const { contents } = await ask(new Date(from).toISOString());
  const newest = contents.reduce((latest, { time }) => Math.max(latest, new Date(time).getTime()), now);
  return { samples: contents, span: [from / 1000, newest / 1000] };
}
