import { network, type Answers } from '../../testing/network';

import { expect, test } from 'vitest';
import { page } from 'vitest/browser';

import { cluster } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import { AuditLog } from './AuditLog';

const list = (...contents: unknown[]) => ({
  data: { contents, page: { number: 1, size: 20, totalElements: contents.length, totalPages: 1 } },
});
const line = (id: number, action: string, object: string) => ({
  id,
  action,
  object,
  outcome: 'done',
  time: '2026-11-25T10:00:00.000+08:00',
  user: 'eva',
  address: '192.0.2.1',
});

function open(at: string, answers: Answers = {}) {
  const calls = network({
    'GET /audit': list(line(2, 'backup-now', 'cluster/7'), line(1, 'task-retry', 'task/12'), line(3, 'tenant-credential-set', 'cluster/7/tenant/1002')),
    'GET /ob/clusters': list(cluster()),
    ...answers,
  });
  stage(<AuditLog />, { path: '/system/audit', at });
  return calls;
}

test('actions are words, and objects have names and lead to their pages', async () => {
  open('/system/audit');
  await expect.element(page.getByText('Back up now')).toBeVisible();
  await expect.element(page.getByText('Set logical backup account')).toBeVisible();
  await expect.element(page.getByRole('link', { name: 'Cluster prod', exact: true })).toHaveAttribute('href', '/clusters/7');
  await expect.element(page.getByRole('link', { name: 'Task 12' })).toHaveAttribute('href', '/tasks/12');
  await expect.element(page.getByRole('link', { name: 'Tenant 1002 of cluster prod' })).toHaveAttribute('href', '/clusters/7/tenants/1002');
});

test('what is looked for stands in the address', async () => {
  let asked = '';
  open('/system/audit?user=eva&action=backup-now', {
    'GET /audit': (query) => {
      asked = query.toString();
      return list();
    },
  });
  await expect.poll(() => asked).toBe('page=1&size=20&user=eva&action=backup-now');
  await expect.element(page.getByText('No matches')).toBeVisible();
  await page.getByRole('button', { name: 'Reset' }).click();
  await expect.element(page.getByTestId('place')).toHaveTextContent(/^\/system\/audit$/);
});
