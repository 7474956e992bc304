import type { Subtask } from '../../api/types';
import type { Sample } from '../../charts/timeline';

/** The maximum number of samples that are kept; older ones are removed. */
const MOST = 600;

/** The rates of steps since the page was opened, by step ID. */
export type Rates = ReadonlyMap<number, Sample[]>;

/** Returns the rates with the current ones of a task added; `at` is in seconds. Only running steps have a rate. */
export function withRates(rates: Rates, subtasks: Subtask[], at: number): Rates {
  const next = new Map(rates);
  for (const { id, status, progress } of subtasks) {
    if (status !== 'RUNNING' || typeof progress?.ratePerS !== 'number') continue;
    const samples = next.get(id) ?? [];
    if ((samples.at(-1)?.at ?? -Infinity) >= at) continue;
    next.set(id, [...samples, { at, value: progress.ratePerS }].slice(-MOST));
  }
  return next;
}
