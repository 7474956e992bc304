import type { StrategyRun } from '../../api/types';

/** How the runs of one day ended. */
export type DayState = 'good' | 'partly' | 'failed' | 'missed' | 'running' | 'waiting' | 'none';

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
  /** Runs whose task waits in the queue. */
  waiting: number;
}

const WEEK = 7;

/** How many days the calendar shows. */
export const CALENDAR_DAYS = 90;

/** Returns the days up to today, the oldest first, each with what became of the runs that were due on it. */
export function daysOf(runs: StrategyRun[], now: Date, count = CALENDAR_DAYS): Day[] {
  const days = new Map<string, Day>();
  for (let back = count - 1; back >= 0; back -= 1) {
    // By the calendar and not by hours: a day may have 23 or 25 of them.
    const date = dateOf(new Date(now.getFullYear(), now.getMonth(), now.getDate() - back));
    days.set(date, { date, state: 'none', good: 0, partial: 0, failed: 0, missed: 0, running: 0, waiting: 0 });
  }
  for (const { dueTime, status } of runs) {
    const day = days.get(dateOf(new Date(dueTime)));
    if (!day) continue;
    if (status === 'SUCCESSFUL') day.good += 1;
    if (status === 'PARTIAL') day.partial += 1;
    if (status === 'FAILED') day.failed += 1;
    if (status === 'MISSED') day.missed += 1;
    if (status === 'RUNNING') day.running += 1;
    if (status === 'WAITING') day.waiting += 1;
    day.state = stateOf(day);
  }
  return [...days.values()];
}

function stateOf({ good, partial, failed, missed, running, waiting }: Day): DayState {
  if (partial + failed + missed === 0) return running ? 'running' : waiting ? 'waiting' : good ? 'good' : 'none';
  if (good + partial) return 'partly';
  return failed ? 'failed' : 'missed';
}

/** Returns the day of a moment in the reader's zone. */
export function dateOf(moment: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}

/** Returns the runs that were due on a day of the reader's zone. */
export function runsOf(runs: StrategyRun[], date: string): StrategyRun[] {
  return runs.filter(({ dueTime }) => dateOf(new Date(dueTime)) === date);
}

/** Returns the days as a table: a row for each day of the week, a column for each week, nothing before the first day and after the last. */
export function weeksOf(days: Day[]): Array<Array<Day | undefined>> {
  const before = days[0] ? weekdayOf(days[0].date) : 0;
  const weeks = Math.ceil((before + days.length) / WEEK);
  return Array.from({ length: WEEK }, (_, weekday) => Array.from({ length: weeks }, (_, week) => days[week * WEEK + weekday - before]));
}

/** How far each key goes in the table: down it is the next day, to the right the same day of the next week. */
const STEPS: Record<string, number> = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -WEEK, ArrowRight: WEEK };

/** Returns the position that a key goes to; nothing where the key goes nowhere. */
export function positionAfter(key: string, at: number, count: number): number | undefined {
  if (key === 'Home') return 0;
  if (key === 'End') return count - 1;
  const next = at + (STEPS[key] ?? NaN);
  return next >= 0 && next < count ? next : undefined;
}

/** Returns the row of a day in a week that begins on Monday, from 0. */
export function weekdayOf(date: string): number {
  return (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
}
