import { expect, test } from 'vitest';

import { subtask } from '../../testing/nouns';
import { overallOf } from './percent';

const at = (percent: number, remainingS?: number) => ({ done: percent, unit: 'bytes' as const, percent, ...(remainingS === undefined ? {} : { remainingS }) });

test('each step counts the same, and each lane a part of its step', () => {
  const steps = [
    subtask(),
    subtask({ id: 2, seriesId: 1, lane: 'shop', status: 'RUNNING', progress: at(50, 40) }),
    subtask({ id: 3, seriesId: 1, lane: 'crm', parallelIdx: 1, status: 'RUNNING', progress: at(30, 90) }),
    subtask({ id: 4, seriesId: 2, status: 'PENDING' }),
    subtask({ id: 5, seriesId: 3, status: 'PENDING' }),
  ];
  expect(overallOf(steps)).toEqual({ percent: 35, remainingS: 90 });
});

test('a task without steps is at its beginning, and 100 % is said only of one that is done', () => {
  expect(overallOf([])).toEqual({ percent: 0, remainingS: undefined });
  expect(overallOf([subtask({ status: 'RUNNING', progress: at(99.9) })]).percent).toBe(99);
  expect(overallOf([subtask()]).percent).toBe(100);
});
