import { me, network, type Answers } from '../../testing/network';

import { expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';

import { strategy } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import ProtectionPage from './ProtectionPage';

const list = (...contents: unknown[]) => ({
  data: { contents, page: { number: 1, size: 2000, totalElements: contents.length, totalPages: 1 } },
});
const minutesAgo = (minutes: number) => ({ finishTime: new Date(Date.now() - minutes * 60_000).toISOString(), ageSeconds: minutes * 60 });

const SHOP = {
  clusterId: 7,
  clusterName: 'prod',
  tenantId: 1001,
  tenantName: 'shop',
  full: minutesAgo(3000),
  incremental: minutesAgo(200),
  log: { running: true, ageSeconds: 12 },
};
const CRM = { clusterId: 7, clusterName: 'prod', tenantId: 1002, tenantName: 'crm', log: { running: false } };
const OLD = { clusterId: 8, clusterName: 'spare', tenantId: 1001, tenantName: 'archive', full: minutesAgo(60 * 24 * 20) };

function open(at: string, answers: Answers = {}) {
  network({
    ...me('BACKUP'),
    'GET /backup/objects': list(SHOP, CRM, OLD),
    'GET /backup/strategies': list(strategy()),
    'GET /ob/clusters': list(),
    ...answers,
  });
  stage(<ProtectionPage />, { path: '/backup/tenants', at });
}

const row = (name: string) => page.getByRole('row').filter({ hasText: name });

test('each tenant shows its last backups, what could be lost, and the next run', async () => {
  open('/backup/tenants');
  for (const words of ['Protected', '12 s', '2 d ago', '3 h ago', '2026-11-29 Sun 02:00']) await expect.element(row('shop')).toHaveTextContent(words);
  for (const words of ['Not backed up', 'Never', 'Not running']) await expect.element(row('crm')).toHaveTextContent(words);
  for (const words of ['Late', '20 d', 'spare']) await expect.element(row('archive')).toHaveTextContent(words);
});

test('tenants without a backup are found by the address that a tile leads to', async () => {
  open('/backup/tenants?state=NONE');
  await expect.element(row('crm')).toBeVisible();
  expect(row('shop').elements()).toEqual([]);
  expect(row('archive').elements()).toEqual([]);
});

test('a name that is sought stands in the address', async () => {
  open('/backup/tenants');
  await page.getByRole('searchbox', { name: 'Find a tenant' }).fill('arch');
  await userEvent.keyboard('{Enter}');
  await expect.element(page.getByTestId('place')).toHaveTextContent('/backup/tenants?name=arch');
  await expect.poll(() => row('shop').elements()).toEqual([]);
  await expect.element(row('archive')).toBeVisible();
});

test('a row leads to a backup of its tenant, and to a recovery where there is something to recover', async () => {
  open('/backup/tenants');
  await expect.element(row('shop').getByRole('link', { name: 'Initiate Recovery' })).toHaveAttribute('href', '/clusters/7/backup?recover=&tenant=1001');
  await expect.element(row('crm').getByRole('link', { name: 'Back up Now' })).toHaveAttribute('href', '/clusters/7/backup?backUpNow=&tenant=1002');
  expect(row('crm').getByRole('link', { name: 'Initiate Recovery' }).elements()).toEqual([]);
});

test('of a viewer the rows have nothing to press', async () => {
  open('/backup/tenants', me());
  await expect.element(row('shop')).toBeVisible();
  expect(page.getByRole('link', { name: 'Back up Now' }).elements()).toEqual([]);
});
