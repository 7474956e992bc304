import { me, network, type Answers } from '../../testing/network';

import { expect, test } from 'vitest';
import { page } from 'vitest/browser';

import { cluster, strategy } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import TenantPage from './TenantPage';

const list = (...contents: unknown[]) => ({
  data: { contents, page: { number: 1, size: 2000, totalElements: contents.length, totalPages: 1 } },
});
const TENANT = { id: 1001, name: 'shop', mode: 'MYSQL', role: 'PRIMARY', status: 'NORMAL', primaryZone: 'zone1', credentialUser: 'dba' };
const WINDOW = {
  tenantId: 1001,
  intervals: [{ startTime: '2026-11-20T00:00:00.000Z', endTime: '2026-11-25T00:00:00.000Z', proven: true }],
  gaps: [],
};

function open(at: string, answers: Answers = {}) {
  network({
    ...me('BACKUP'),
    'GET /ob/clusters/7': { data: cluster({ generation: 'GEN4' }) },
    'GET /ob/clusters/7/tenants': list(TENANT),
    'GET /backup/objects': list({ clusterId: 7, clusterName: 'prod', tenantId: 1001, tenantName: 'shop', log: { running: true, ageSeconds: 4 } }),
    'GET /backup/strategies': list(strategy()),
    'GET /ob/clusters/7/tenants/1001/backup/info': { data: { tenants: [WINDOW] } },
    'GET /ob/clusters/7/tenants/1001/backup/task/dataBackupTasks': list(),
    'GET /ob/clusters/7/tenants/1001/backup/sets': list(),
    ...answers,
  });
  stage(<TenantPage />, { path: '/clusters/:clusterId/tenants/:tenantId', at });
}

test('a tenant shows what it is, how it is protected, and to when it can be recovered', async () => {
  open('/clusters/7/tenants/1001');
  await expect.element(page.getByRole('heading', { name: 'shop' })).toBeVisible();
  for (const text of ['MySQL', 'dba', 'Not backed up']) await expect.element(page.getByText(text, { exact: true })).toBeVisible();
  await expect.element(page.getByText(/2026-11-2\d.* – 2026-11-2\d/)).toBeVisible();
  expect(document.title).toBe('shop · prod · Lifeboat');
});

test('its lists hold its own rows, and its buttons begin with it', async () => {
  open('/clusters/7/tenants/1001');
  await page.getByRole('tab', { name: 'Backup Sets' }).click();
  await expect.element(page.getByText('No backup set yet')).toBeVisible();
  expect(page.getByRole('combobox', { name: 'Tenant' }).elements()).toEqual([]);
  await page.getByRole('button', { name: 'Back up Now' }).click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/clusters/7/backup?backUpNow=&tenant=1001');
});

test('a tenant that the cluster does not have is no page', async () => {
  open('/clusters/7/tenants/1009');
  await expect.element(page.getByText('There is no such page')).toBeVisible();
});
