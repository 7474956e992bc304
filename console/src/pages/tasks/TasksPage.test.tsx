import { me, network, type Answers } from '../../testing/network';

import { expect, test } from 'vitest';
import { page } from 'vitest/browser';

import { cluster, subtask, task } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import TasksPage from './TasksPage';

const list = (...contents: unknown[]) => ({
  data: { contents, page: { number: 1, size: 20, totalElements: contents.length, totalPages: 1 } },
});
const RUNNING = task({ id: 13, status: 'RUNNING', name: 'Runs', type: 'SCHEDULED' });

function open(at = '/tasks', answers: Answers = {}, ...permissions: string[]) {
  const calls = network({
    ...me(...permissions),
    'GET /tasks/instances': list(RUNNING, task({ id: 12, name: 'Failed one' }), task({ id: 11, name: 'Undone', operation: 'ROLLBACK' })),
    'GET /tasks/instances/13': { data: { ...RUNNING, subtasks: [subtask(), subtask({ id: 2, seriesId: 1, status: 'PENDING' })] } },
    'GET /ob/clusters': list(cluster()),
    'POST /tasks/instances/12/retry': { data: {} },
    ...answers,
  });
  stage(<TasksPage />, { path: '/tasks', at });
  return calls;
}

const row = (name: string) => page.getByRole('row').filter({ hasText: name });

test('the filters of the address are asked for, and cleared at a press', async () => {
  const asked: string[] = [];
  open('/tasks?status=FAILED&type=backup-logical&cluster=7&tenant=shop&page=2', {
    'GET /tasks/instances': (query) => {
      asked.push(query.toString());
      return list();
    },
  });
  await expect.poll(() => asked[0]).toBe('page=2&size=20&status=FAILED&name=backup-logical&clusterId=7&tenantName=shop');
  await expect.element(page.getByText('No matches')).toBeVisible();
  await page.getByRole('button', { name: 'Reset' }).click();
  await expect.element(page.getByTestId('place')).toHaveTextContent(/^\/tasks$/);
  await expect.poll(() => asked.at(-1)).toBe('page=1&size=20');
});

test('what is chosen in a filter goes into the address', async () => {
  open();
  await page.getByTitle('Any type').click();
  await page.getByTitle('Major compaction').click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks?type=major-compaction');
});

test('a task that runs shows how far it is', async () => {
  open();
  await expect.element(row('Runs')).toHaveTextContent('50%');
  await expect.element(row('Runs')).toHaveTextContent('Scheduled');
});

test('a task that waits in the queue shows for what', async () => {
  const note = { id: 'waits', message: 'Waits for another data backup of this cluster (task 26)' };
  open('/tasks', { 'GET /tasks/instances': list({ ...RUNNING, error: note }, task({ id: 12, name: 'Failed one', error: { id: 'x', message: 'The cluster is away' } })) });
  await expect.element(row('Runs')).toHaveTextContent(note.message);
  expect(row('Failed one').element().textContent).not.toContain('The cluster is away');
});

test('failed tasks are retried together, after asking; what can’t be retried can’t be selected', async () => {
  const calls = open('/tasks', {}, 'BACKUP');
  await expect.element(page.getByRole('checkbox', { name: 'Runs' })).toBeDisabled();
  await expect.element(page.getByRole('checkbox', { name: 'Undone' })).toBeDisabled();
  await page.getByRole('checkbox', { name: 'Failed one' }).click();
  await page.getByRole('button', { name: 'Retry 1 Task' }).click();
  expect(calls.some(({ call }) => call.startsWith('POST'))).toBe(false);
  await page.getByRole('dialog').getByRole('button', { name: 'Retry' }).click();
  await expect.poll(() => calls.map(({ call }) => call)).toContain('POST /tasks/instances/12/retry');
  await expect.element(page.getByText('1 task continues')).toBeVisible();
});

test('a viewer selects nothing', async () => {
  open();
  await expect.element(row('Failed one')).toBeVisible();
  expect(page.getByRole('checkbox').elements()).toEqual([]);
});
