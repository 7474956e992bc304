import { me, network, type Answers } from '../../testing/network';

import { expect, test } from 'vitest';
import { page } from 'vitest/browser';

import { backupSet, cluster } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import AllSetsPage from './AllSetsPage';

const list = (...contents: unknown[]) => ({
  data: { contents, page: { number: 1, size: 2000, totalElements: contents.length, totalPages: 1 } },
});

const OF_PROD = backupSet();
const OF_OLD = backupSet({ backupSetId: 4, clusterId: 5, clusterName: 'old' });
const PHYSICAL = backupSet({ backupSetId: 5, clusterId: 5, clusterName: 'old', backupMode: 'PHYSICAL_BACKUP' });

const origin = { data: { signature: 'OWN', message: 'signed by this installation' } };
const ANSWERS: Answers = {
  ...me('BACKUP'),
  'GET /ob/clusters': list(cluster()),
  'GET /ob/clusters/7/tenants': list({ id: 1001, name: 'shop', mode: 'MYSQL', status: 'NORMAL' }),
  'GET /backup/sets': (query) => (query.get('backupSetId') ? list(OF_OLD) : list(OF_PROD, OF_OLD, PHYSICAL)),
  'GET /backup/sets/3/origin': origin,
  'GET /backup/sets/4/origin': origin,
  'GET /backup/sets/4/databases': list({ name: 'orders', tables: 3, bytes: 300 }),
  'POST /ob/clusters/7/backup/restore': {
    data: { obBackupTaskType: 'RESTORE', backupObjectOpsResultList: [{ beSuccessful: true, taskIdList: [21], obBackupObjectList: [] }] },
  },
};

const row = (set: number) => page.getByRole('row').filter({ has: page.getByRole('cell', { name: String(set), exact: true }) });
const place = () => page.getByTestId('place');

test('the backup sets of all clusters show, also of one that was removed', async () => {
  network(ANSWERS);
  stage(<AllSetsPage />);
  await expect.element(row(4)).toHaveTextContent('old removed');
  await expect.element(row(3).getByRole('link', { name: 'prod' })).toHaveAttribute('href', '/clusters/7');
  await expect.element(row(5).getByRole('link', { name: 'Recover from its storage' })).toHaveAttribute('href', '/storages');
  expect(row(5).getByRole('button', { name: 'Recover' }).elements()).toEqual([]);
});

test('a logical set of a removed cluster is recovered to a cluster and tenant that are chosen', async () => {
  const calls = network(ANSWERS);
  stage(<AllSetsPage />);
  await expect.element(row(4)).toHaveTextContent('removed');
  await row(4).getByRole('button', { name: 'Recover' }).click();
  await expect.element(place()).toHaveTextContent('recover=4');
  const submit = page.getByRole('dialog').getByRole('button', { name: 'Initiate Recovery', exact: true });
  await expect.element(page.getByRole('treeitem').filter({ hasText: 'orders' })).toBeVisible();
  await expect.element(submit).toBeDisabled();
  await page.getByRole('combobox', { name: 'Destination Cluster' }).click();
  await page.getByTitle('prod', { exact: true }).click();
  await page.getByRole('combobox', { name: 'Destination Tenant' }).click();
  await page.getByTitle('shop', { exact: true }).click();
  await submit.click();
  await expect.element(place()).toHaveTextContent('/tasks/21');
  expect(calls.findLast(({ call }) => call.endsWith('/backup/restore'))).toMatchObject({
    call: 'POST /ob/clusters/7/backup/restore',
    body: { backupSetId: 4, restoreTenantId: 1001 },
  });
});

test('a set of a cluster that is there is recovered from the page of that cluster', async () => {
  network(ANSWERS);
  stage(<AllSetsPage />);
  await row(3).getByRole('button', { name: 'Recover' }).click();
  await expect.element(place()).toHaveTextContent('/clusters/7/backup?recover=3');
});

test('a viewer sees the sets and cannot recover', async () => {
  network({ ...ANSWERS, ...me() });
  stage(<AllSetsPage />);
  await expect.element(row(4)).toHaveTextContent('removed');
  expect(page.getByRole('button', { name: 'Recover' }).elements()).toEqual([]);
});
