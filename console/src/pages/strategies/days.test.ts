import { expect, test } from 'vitest';

import type { StrategyRun } from '../../api/types';
import { run } from '../../testing/nouns';
import { daysOf, weekdayOf } from './days';

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
