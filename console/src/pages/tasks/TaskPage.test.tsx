import { me, network } from '../../testing/network';

import { expect, test } from 'vitest';
import { page } from 'vitest/browser';

import type { Task, Words } from '../../api/types';
import { subtask, task } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import { partOf } from './TaskLog';
import TaskPage from './TaskPage';

const NEEDED: Words = {
  id: 'compaction-needed',
  message: 'Cluster compaction needed before full data backup',
  cause: 'No major compaction has ended since log backup began.',
  action: 'Perform a major compaction, then retry.',
};

const COMPACT = {
  id: 'compact',
  text: 'Perform a major compaction',
  method: 'POST',
  path: '/api/v2/ob/clusters/7/compaction/start',
  needsPassword: false,
};
const RETRY = { id: 'retry', text: 'Retry', method: 'POST', path: '/api/v2/tasks/instances/12/retry', needsPassword: false };

const STOPPED = task({
  error: NEEDED,
  subtasks: [
    subtask(),
    subtask({
      id: 6,
      seriesId: 1,
      step: 'start-compaction',
      name: 'Start cluster compact if necessary',
      parallelIdx: 0,
      lane: 'cluster',
      status: 'FAILED',
      note: NEEDED,
      nextActions: [COMPACT, RETRY],
    }),
  ],
});

const LINE = { seq: 1, at: '2026-11-25T10:00:01.000+08:00', text: 'no freeze is newer than the round' };

function show(shown: Task, ...permissions: string[]) {
  const calls = network({
    ...me(...permissions),
    'GET /tasks/instances/12': { data: shown },
    'GET /tasks/instances/12/subtasks/6/log': (query) => ({ data: { lines: query.get('after') === '0' ? [LINE] : [], log: '', next: 1 } }),
    'POST /tasks/instances/12/subtasks/6/retry': { data: {} },
  });
  stage(<TaskPage />, { path: '/tasks/:taskId', at: '/tasks/12' });
  return calls;
}

const actions = () => page.getByTestId('next-actions').getByRole('button');

test('a failed task says once why it failed, where it did, with what repairs it first', async () => {
  show(STOPPED, 'BACKUP');
  await expect.element(page.getByText(NEEDED.message)).toBeVisible();
  for (const words of [NEEDED.message, NEEDED.cause, NEEDED.action]) {
    expect(page.getByText(String(words)).elements(), String(words)).toHaveLength(1);
  }
  await expect.element(page.getByTestId('log')).toHaveTextContent('no freeze is newer than the round');
  expect(actions().elements().map(({ textContent }) => textContent)).toEqual([COMPACT.text, RETRY.text]);
  await actions().nth(0).click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/clusters/7/compaction?task=12');
});

test('how many tenants failed is said above the steps, where there are several', async () => {
  const lanes: Words = { id: 'engine.lanes-failed', message: '1 of 2 tenants succeeded, 1 failed' };
  const other = subtask({ id: 7, seriesId: 1, step: 'start-compaction', lane: 'crm', parallelIdx: 1 });
  show({ ...STOPPED, error: lanes, subtasks: [...STOPPED.subtasks, other] }, 'BACKUP');
  await expect.element(page.getByText(lanes.message)).toBeVisible();
  await expect.element(page.getByText(NEEDED.message)).toBeVisible();
});

test('that one of one has failed is no news', async () => {
  show({ ...STOPPED, error: { id: 'engine.lanes-failed', message: '0 of 1 tenants succeeded, 1 failed' } }, 'BACKUP');
  await expect.element(page.getByText(NEEDED.message)).toBeVisible();
  expect(page.getByText('0 of 1 tenant').elements()).toEqual([]);
});

test('Retry on a step goes on with that step', async () => {
  const calls = show(STOPPED, 'BACKUP');
  await actions().nth(1).click();
  await expect.poll(() => calls.map(({ call }) => call)).toContain('POST /tasks/instances/12/subtasks/6/retry');
});

test('whoever may only read sees why, and nothing to press', async () => {
  show(STOPPED);
  await expect.element(page.getByText(NEEDED.message)).toBeVisible();
  await expect.element(page.getByTestId('log')).toHaveTextContent('no freeze');
  expect(actions().elements()).toEqual([]);
});

test('a task that somebody cancelled is cancelled, not failed', async () => {
  const note: Words = { id: 'engine.cancelled', message: 'Somebody cancelled it' };
  const step = { ...STOPPED.subtasks[1], status: 'FAILED', note, nextActions: [RETRY] } as Task['subtasks'][number];
  show({ ...STOPPED, operation: 'CANCEL', error: note, subtasks: [subtask(), step] }, 'BACKUP');
  await expect.element(page.getByTestId('task-status')).toHaveTextContent('Cancelled');
  await expect.element(page.getByText('Cancelled at')).toBeVisible();
  expect(page.getByText('Failed', { exact: true }).elements()).toEqual([]);
  await expect.element(page.getByRole('button', { name: 'Retry' }).first()).toBeVisible();
});

test('a task whose backup lacks something is partial, never successful, and lists what is left out', async () => {
  const lost = { tenantName: 'shop', kind: 'tables', name: '`crm`.`old`', reason: 'The table crm.old is kept by MyISAM', agreed: false } as const;
  const left = { tenantName: 'shop', kind: 'events', name: '*', reason: 'Events are left out as requested', agreed: true } as const;
  show(task({ status: 'SUCCESSFUL', partial: true, leftOut: [lost, left], subtasks: [subtask()] }), 'BACKUP');
  await expect.element(page.getByTestId('task-status')).toHaveTextContent('Partial');
  const list = page.getByTestId('left-out');
  for (const text of ['does not count as a backup', lost.reason, 'Not agreed', left.reason]) {
    await expect.element(list).toHaveTextContent(text);
  }
});

test('a task whose recovery did not make everything is partial, and lists what and why', async () => {
  const part = { kind: 'routines', name: '`shop`.`total`', reason: 'The function `shop`.`total` is not created: code was not requested' } as const;
  show(task({ status: 'SUCCESSFUL', partial: true, notMade: [part], subtasks: [subtask()] }), 'BACKUP');
  await expect.element(page.getByTestId('task-status')).toHaveTextContent('Partial');
  await expect.element(page.getByTestId('not-made')).toHaveTextContent('code was not requested');
  await expect.element(page.getByTestId('not-made')).toHaveTextContent('The recovery is partial');
});

test('what was agreed to is listed, and the task is successful', async () => {
  const left = { tenantName: 'shop', kind: 'events', name: '*', reason: 'Events are left out as requested', agreed: true } as const;
  show(task({ status: 'SUCCESSFUL', leftOut: [left], subtasks: [subtask()] }), 'BACKUP');
  await expect.element(page.getByTestId('task-status')).toHaveTextContent('Successful');
  await expect.element(page.getByTestId('left-out')).toHaveTextContent('was agreed to by name');
});

test('the head of a task that runs says how far it is, of which tenants, in which mode and to where', async () => {
  const progress = { done: 50, total: 100, percent: 50, unit: 'bytes', remainingS: 125 } as const;
  const lane = (id: number, name: string) => subtask({ id, seriesId: 1, lane: name, parallelIdx: id, status: 'RUNNING', progress });
  const running = task({ status: 'RUNNING', startTime: '2026-11-25T10:00:00.000+08:00', subtasks: [subtask(), lane(2, 'app'), lane(3, 'crm')] });
  const row = { taskId: 12, dataBackupTaskType: 'INCREMENTAL_BACKUP', backupUri: 'file:///obbackup/' };
  network({
    ...me(),
    'GET /tasks/instances/12': { data: running },
    'GET /tasks/instances/12/subtasks/2/log': { data: { lines: [], log: '', next: 1 } },
    'GET /ob/clusters/7/backup/task/dataBackupTasks': {
      data: { contents: [{ ...row, taskId: 11, backupUri: 'file:///other/' }, row], page: { number: 1, size: 2000, totalElements: 2, totalPages: 1 } },
    },
  });
  stage(<TaskPage />, { path: '/tasks/:taskId', at: '/tasks/12' });
  await expect.element(page.getByTestId('overall')).toHaveTextContent('75%about 2 min 5 s left');
  for (const text of ['app, crm', 'Physical backup', 'Incremental', 'file:///obbackup/']) {
    await expect.element(page.getByText(text, { exact: true })).toBeVisible();
  }
});

test('the log of a task holds the lines of every step below its name', () => {
  const line = { seq: 1, at: '2026-11-25T10:00:01.000+08:00', text: 'set' };
  expect(partOf({ name: 'Dump data', lane: 'shop', status: 'FAILED' }, [line])).toBe('=== Dump data · shop (FAILED)\n2026-11-25T10:00:01.000+08:00 set\n');
});

test('a step that runs shows how fast it has been since the page was opened', async () => {
  let rate = 1024;
  const step = () => subtask({ id: 6, status: 'RUNNING', progress: { done: rate, unit: 'bytes', ratePerS: rate } });
  network({
    ...me(),
    'GET /tasks/instances/12': () => ({ data: task({ status: 'RUNNING', taskDefinitionId: 'log-backup', subtasks: [step()] }) }),
    'GET /tasks/instances/12/subtasks/6/log': { data: { lines: [], log: '', next: 1 } },
  });
  const queries = stage(<TaskPage />, { path: '/tasks/:taskId', at: '/tasks/12' });
  await expect.element(page.getByTestId('log')).toBeVisible();
  expect(page.getByRole('figure', { name: 'Throughput' }).elements()).toEqual([]);
  rate = 2048;
  await queries.invalidateQueries({ queryKey: ['task', 12] });
  await expect.element(page.getByRole('figure', { name: 'Throughput' })).toHaveTextContent('2.00 KiB/s now, 2.00 KiB/s at most');
});

test('a task that waits in the queue shows for what, and not as an error', async () => {
  const note: Words = { id: 'waits', message: 'Waits for another data backup of this cluster (task 26)' };
  show(task({ status: 'RUNNING', error: note, subtasks: [subtask({ id: 6, status: 'PENDING' })] }));
  const alert = page.getByRole('alert').filter({ hasText: note.message });
  await expect.element(alert).toBeVisible();
  expect(alert.element().className).toContain('ant-alert-info');
});
