import { expect, test } from 'vitest';

import type { Subtask } from '../../api/types';
import { listedLanes, mostInteresting, stepsOf } from './steps';

let id = 0;
function subtask(seriesId: number, status: Subtask['status'], lane?: string): Subtask {
  id += 1;
  return {
    id,
    seriesId,
    status,
    step: `step-${seriesId}`,
    name: `Step ${seriesId}`,
    parallelIdx: lane ? 0 : -1,
    runTime: 1,
    skippable: false,
    skipped: false,
    undone: false,
    timeout: 60,
    nextActions: [],
    ...(lane ? { lane } : {}),
  };
}

test('lanes stand below their step, and steps in the order of the flow', () => {
  const steps = stepsOf([subtask(2, 'PENDING'), subtask(1, 'RUNNING', 'shop'), subtask(1, 'RUNNING', 'crm')]);
  expect(steps.map(({ step, subtasks }) => [step, subtasks.length])).toEqual([
    ['step-1', 2],
    ['step-2', 1],
  ]);
});

test('one looks at what failed first, then at what runs, then at what ended last', () => {
  const done = subtask(0, 'SUCCESSFUL');
  const runs = subtask(1, 'RUNNING');
  const failed = subtask(1, 'FAILED', 'shop');
  const waits = subtask(2, 'PENDING');
  expect(mostInteresting([done, runs, failed, waits])).toBe(failed);
  expect(mostInteresting([done, runs, waits])).toBe(runs);
  expect(mostInteresting([done, waits])).toBe(done);
  expect(mostInteresting([waits])).toBe(waits);
  expect(mostInteresting([])).toBeUndefined();
});

test('of many lanes those are listed that want to be looked at', () => {
  const few = Array.from({ length: 20 }, (_, n) => subtask(1, 'SUCCESSFUL', `tenant_${n}`));
  expect(listedLanes(few, undefined)).toEqual(few);
  const many = Array.from({ length: 500 }, (_, n) => subtask(1, n % 100 === 7 ? 'FAILED' : 'SUCCESSFUL', `tenant_${n}`));
  const shown = many[400];
  expect(listedLanes(many, shown?.id).map(({ lane }) => lane)).toEqual(
    ['tenant_7', 'tenant_107', 'tenant_207', 'tenant_307', 'tenant_400', 'tenant_407'],
  );
  const running = many.map((lane) => ({ ...lane, status: 'RUNNING' as const }));
  expect(listedLanes(running, shown?.id)).toHaveLength(20);
  expect(listedLanes(running, shown?.id).map(({ id }) => id)).toContain(shown?.id);
});
