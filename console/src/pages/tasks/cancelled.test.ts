import { expect, test } from 'vitest';

import { isCancelled } from './cancelled';

const words = (id: string) => ({ id, message: id });
const cancelled = words('engine.cancelled');
const lanes = words('engine.lanes-failed');

test.each([
  ['a cancelled task', { status: 'FAILED', operation: 'CANCEL', error: cancelled }, true],
  ['a cancelled step', { status: 'FAILED', note: cancelled }, true],
  ['a cancelled recovery in its list', { status: 'RESTORE_FAIL', error: cancelled }, true],
  ['lanes that were all cancelled', { status: 'FAILED', operation: 'CANCEL', error: lanes, subtasks: [{ status: 'FAILED', note: cancelled }] }, true],
  ['a lane that failed by itself', { status: 'FAILED', operation: 'CANCEL', error: lanes, subtasks: [{ status: 'FAILED', note: words('x') }] }, false],
  ['lanes that failed', { status: 'FAILED', operation: 'EXECUTE', error: lanes }, false],
  ['a task that runs again', { status: 'RUNNING', operation: 'RETRY', error: cancelled }, false],
] as const)('%s: %o is cancelled: %s', (_, ended, is) => expect(isCancelled(ended as unknown as Parameters<typeof isCancelled>[0])).toBe(is));
