import type { Subtask } from '../../api/types';
import type { Sample } from '../../charts/timeline';

/** Most samples that are kept; older ones are left out. */
const MOST = 600;

/** The rates of steps as they were seen, by the step's number. */
export type Rates = ReadonlyMap<number, Sample[]>;

/** Returns the rates with what a task says now, at a moment in seconds. Only steps that run have a rate. */
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
