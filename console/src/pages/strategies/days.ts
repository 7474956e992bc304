import type { StrategyRun } from '../../api/types';

/** How the runs of one day ended. */
export type DayState = 'good' | 'partly' | 'failed' | 'missed' | 'running' | 'none';

/** One day of the calendar. */
export interface Day {
  /** `2026-11-27`, in the reader's zone. */
  date: string;
  state: DayState;
  good: number;
  /** Runs that made a backup which lacks something. */
  partial: number;
  failed: number;
  missed: number;
  running: number;
}

/** How many days the calendar shows. */
export const CALENDAR_DAYS = 90;

/** Returns the days up to today, the oldest first, each with what became of the runs that were due on it. */
export function daysOf(runs: StrategyRun[], now: Date, count = CALENDAR_DAYS): Day[] {
  const days = new Map<string, Day>();
  for (let back = count - 1; back >= 0; back -= 1) {
    // By the calendar and not by hours: a day may have 23 or 25 of them.
    const date = dateOf(new Date(now.getFullYear(), now.getMonth(), now.getDate() - back));
    days.set(date, { date, state: 'none', good: 0, partial: 0, failed: 0, missed: 0, running: 0 });
  }
  for (const { dueTime, status } of runs) {
    const day = days.get(dateOf(new Date(dueTime)));
    if (!day) continue;
    if (status === 'SUCCESSFUL') day.good += 1;
    if (status === 'PARTIAL') day.partial += 1;
    if (status === 'FAILED') day.failed += 1;
    if (status === 'MISSED') day.missed += 1;
    if (status === 'RUNNING') day.running += 1;
    day.state = stateOf(day);
  }
  return [...days.values()];
}

function stateOf({ good, partial, failed, missed, running }: Day): DayState {
  if (partial + failed + missed === 0) return running ? 'running' : good ? 'good' : 'none';
  if (good + partial) return 'partly';
  return failed ? 'failed' : 'missed';
}

/** Returns the day of a moment in the reader's zone. */
export function dateOf(moment: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}

/** Returns the row of a day in a week that begins on Monday, from 0. */
export function weekdayOf(date: string): number {
  return (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
}
