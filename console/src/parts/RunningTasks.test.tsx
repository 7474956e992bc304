import { network } from '../testing/network';

import { expect, test } from 'vitest';
import { page } from 'vitest/browser';

import { stage } from '../testing/stage';
import { RunningTasks } from './RunningTasks';

const running = (totalElements: number) => ({ data: { contents: [], page: { number: 1, size: 1, totalElements, totalPages: totalElements } } });

test('the header counts the tasks that run and leads to them', async () => {
  network({ 'GET /tasks/instances': running(3) });
  stage(<RunningTasks />);
  await expect.element(page.getByRole('link', { name: '3 running tasks' })).toHaveAttribute('href', '/tasks?status=RUNNING');
});

test('while none runs the header says nothing', async () => {
  const calls = network({ 'GET /tasks/instances': running(0) });
  stage(<RunningTasks />);
  await expect.poll(() => calls).toHaveLength(1);
  expect(page.getByRole('link').elements()).toEqual([]);
});
