import { expect, test } from 'vitest';

import type { StrategyRun } from '../../api/types';
import { run } from '../../testing/nouns';
import { daysOf, positionAfter, runsOf, weekdayOf, weeksOf } from './days';

const NOW = new Date(2026, 10, 27, 12);
const due = (day: number, status: StrategyRun['status']) => run({ dueTime: new Date(2026, 10, day, 2).toISOString(), status });

test('the calendar has a cell for each of 90 days, the last of them today', () => {
  const days = daysOf([], NOW);
  expect(days).toHaveLength(90);
  expect([days[0]?.date, days.at(-1)?.date]).toEqual(['2026-08-30', '2026-11-27']);
  expect(new Set(days.map(({ state }) => state))).toEqual(new Set(['none']));
});

test('a day is as its runs are', () => {
  const cases: Array<[StrategyRun['status'][], string]> = [
    [['SUCCESSFUL', 'SUCCESSFUL'], 'good'],
    [['SUCCESSFUL', 'RUNNING'], 'running'],
    [['SUCCESSFUL', 'WAITING'], 'waiting'],
    [['RUNNING', 'WAITING'], 'running'],
    [['SUCCESSFUL', 'MISSED'], 'partly'],
    [['SUCCESSFUL', 'FAILED'], 'partly'],
    [['PARTIAL'], 'partly'],
    [['FAILED', 'MISSED'], 'failed'],
    [['MISSED', 'RUNNING'], 'missed'],
  ];
  for (const [statuses, state] of cases) {
    const days = daysOf(statuses.map((status) => due(26, status)), NOW);
    expect(days.at(-2)?.state, statuses.join()).toBe(state);
    expect(days.at(-1)?.state).toBe('none');
  }
});

test('runs of before the calendar are left out', () => {
  expect(daysOf([due(-200, 'FAILED')], NOW).every(({ state }) => state === 'none')).toBe(true);
});

test('a week begins on Monday', () => {
  expect(['2026-11-23', '2026-11-29'].map(weekdayOf)).toEqual([0, 6]);
});

test('the table has a row for each day of the week and nothing around the 90 days', () => {
  const weeks = weeksOf(daysOf([], NOW));
  expect(weeks.map((row) => row.length)).toEqual([14, 14, 14, 14, 14, 14, 14]);
  // The first day is a Sunday, the last one a Friday.
  expect(weeks.map((row) => row[0]?.date)).toEqual([undefined, undefined, undefined, undefined, undefined, undefined, '2026-08-30']);
  expect(weeks.map((row) => row.at(-1)?.date)).toEqual(['2026-11-23', '2026-11-24', '2026-11-25', '2026-11-26', '2026-11-27', undefined, undefined]);
  expect(weeks.flat().filter((day) => day).length).toBe(90);
  weeks.forEach((row, weekday) => row.forEach((day) => day && expect(weekdayOf(day.date)).toBe(weekday)));
});

test('the runs of a day are those that were due on it', () => {
  const runs = [due(27, 'RUNNING'), due(26, 'FAILED'), due(26, 'MISSED'), due(25, 'SUCCESSFUL')];
  expect(runsOf(runs, '2026-11-26').map(({ status }) => status)).toEqual(['FAILED', 'MISSED']);
  expect(runsOf(runs, '2026-11-01')).toEqual([]);
});

test('keys move by a day and by a week, and never out of the calendar', () => {
  const cases: Array<[string, number, number | undefined]> = [
    ['ArrowDown', 10, 11],
    ['ArrowUp', 10, 9],
    ['ArrowRight', 10, 17],
    ['ArrowLeft', 10, 3],
    ['ArrowLeft', 3, undefined],
    ['ArrowDown', 89, undefined],
    ['Home', 40, 0],
    ['End', 40, 89],
    ['Enter', 40, undefined],
  ];
  for (const [key, at, next] of cases) expect(positionAfter(key, at, 90), `${key} at ${at}`).toBe(next);
});
