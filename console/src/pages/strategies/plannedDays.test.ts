import { expect, test } from 'vitest';

import type { PlannedRun, PlannedRuns } from '../../api/types';
import { monthAfter, weeksOfMonth } from './plannedDays';

const due = (dueTime: string): PlannedRun => ({ dueTime, startTime: dueTime, zone: 'Asia/Shanghai', dataBackupMode: 'FULL_BACKUP', replacedRuns: 0 });
const planned = (contents: PlannedRun[], lastDayContinues = false): PlannedRuns => ({ contents, lastDayContinues });

test('a month begins on its day of the week and ends with its last day', () => {
  const lengths = (month: string) => weeksOfMonth(planned([]), month).map((week) => week.filter(Boolean).length);
  expect(lengths('2026-11')).toEqual([1, 7, 7, 7, 7, 1]); // begins on a Sunday, ends on a Monday
  expect(lengths('2027-02')).toEqual([7, 7, 7, 7]); // four whole weeks
  expect(weeksOfMonth(planned([]), '2028-02').flat().filter(Boolean).at(-1)?.date).toBe('2028-02-29');
});

test('a run belongs to its day in the zone of the schedule, whatever zone the reader is in', () => {
  // In UTC, these are 30 November, 18:00 and 1 December, 22:00.
  const runs = [due('2026-12-01T02:00:00+08:00'), due('2026-12-02T06:00:00+08:00'), due('2026-12-02T18:00:00+08:00')];
  const days = weeksOfMonth(planned(runs), '2026-12').flat().filter((day) => day !== undefined);
  expect(days.slice(0, 4).map(({ runs: found }) => found.length)).toEqual([1, 2, 0, 0]);
  expect(days.slice(0, 4).map(({ isBeyond }) => isBeyond)).toEqual([false, false, true, true]);
});

test('only the day of the last run continues, and only if more runs are due on it', () => {
  const runs = [due('2026-12-01T02:00:00+08:00'), due('2026-12-02T06:00:00+08:00')];
  const continuing = (known: PlannedRuns) => weeksOfMonth(known, '2026-12').flat().filter((day) => day?.continues).map((day) => day?.date);
  expect(continuing(planned(runs, true))).toEqual(['2026-12-02']);
  expect(continuing(planned(runs))).toEqual([]);
});

test('months follow each other over the end of a year', () => {
  expect([monthAfter('2026-12', 1), monthAfter('2027-01', -1), monthAfter('2026-11', 14)]).toEqual(['2027-01', '2026-12', '2028-01']);
});
