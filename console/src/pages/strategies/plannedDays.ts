import type { PlannedRun, PlannedRuns } from '../../api/types';
import { weekdayOf } from './days';

/** One day of the calendar of next runs. */
export interface PlannedDay {
  /** `2026-11-28`, by the clock of the schedule's zone. */
  date: string;
  runs: PlannedRun[];
  /** Whether the day is after the last known run: others may be due on it. */
  isBeyond: boolean;
  /** Whether it is the day of the last known run, and others are due on it. */
  continues: boolean;
}

const WEEK = 7;

/** Returns the month of a run, `2026-11`, by the clock of the schedule's zone. */
export function monthOf({ dueTime }: PlannedRun): string {
  return dueTime.slice(0, 7);
}

/** Returns the month that is this many months later, or earlier if negative. */
export function monthAfter(month: string, count: number): string {
  const first = new Date(`${month}-01T00:00:00Z`);
  first.setUTCMonth(first.getUTCMonth() + count);
  return first.toISOString().slice(0, 7);
}

/** Returns the weeks of a month, Monday first; nothing before its first day and after its last one. */
export function weeksOfMonth({ contents: runs, lastDayContinues }: PlannedRuns, month: string): Array<Array<PlannedDay | undefined>> {
  const last = runs.at(-1)?.dueTime.slice(0, 10) ?? '';
  const count = new Date(Date.parse(`${monthAfter(month, 1)}-01T00:00:00Z`) - 1).getUTCDate();
  const before = weekdayOf(`${month}-01`);
  const dayOf = (number: number): PlannedDay | undefined => {
    if (number < 1 || number > count) return undefined;
    const date = `${month}-${String(number).padStart(2, '0')}`;
    return { date, runs: runs.filter(({ dueTime }) => dueTime.startsWith(date)), isBeyond: date > last, continues: date === last && lastDayContinues };
  };
  return Array.from({ length: Math.ceil((before + count) / WEEK) }, (_, week) =>
    Array.from({ length: WEEK }, (_, weekday) => dayOf(week * WEEK + weekday - before + 1)),
  );
}
