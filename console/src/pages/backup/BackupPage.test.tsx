import { me, network } from '../../testing/network';

import { expect, test } from 'vitest';
import { page } from 'vitest/browser';

import { ability, cluster, strategy } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import BackupPage from './BackupPage';

const NONE = { contents: [], page: { number: 1, size: 10, totalElements: 0, totalPages: 0 } };
const SILENT = { id: 'cluster-unreachable', message: 'No address answers', code: 20100, kind: 'outside' };

test('what a cluster that does not answer could tell is unknown, with the age of the last answer', async () => {
  const updateTime = new Date(Date.now() - 3 * 3_600_000 - 1000).toISOString();
  network({
    ...me('BACKUP'),
    'GET /ob/clusters/7': { data: cluster({ updateTime }) },
    'GET /ob/clusters/7/backup/ability': { data: ability() },
    'GET /ob/clusters/7/backup/overview': {
      data: {
        clusterId: 7,
        clusterName: 'prod',
        obBackupAbility: 'PHYSICAL_BACKUP',
        backupSetCount: 0,
        backupSize: 0,
        clusterError: SILENT,
      },
    },
    'GET /ob/clusters/7/backup/task/dataBackupTasks': { data: NONE },
  });
  stage(<BackupPage />, { path: '/clusters/:clusterId/backup', at: '/clusters/7/backup' });
  await expect.element(page.getByText('Unknown').first()).toBeVisible();
  await expect.element(page.getByText('last asked 3 h ago').first()).toBeVisible();
  expect(document.title).toBe('Backup & Recovery · prod · Lifeboat');
  expect(page.getByText('No log backup runs').elements()).toEqual([]);
});

const list = (...contents: unknown[]) => ({
  data: { contents, page: { number: 1, size: 2000, totalElements: contents.length, totalPages: 1 } },
});

test('a strategy that is saved closes the form and shows in the tab', async () => {
  let saved = false;
  const path = '/ob/clusters/7/backup/config/backupStrategy';
  network({
    ...me('BACKUP'),
    'GET /ob/clusters/7': { data: cluster() },
    'GET /ob/clusters/7/backup/ability': { data: ability({ storageId: 3 }) },
    'GET /ob/clusters/7/backup/overview': {
      data: { clusterId: 7, clusterName: 'prod', obBackupAbility: 'PHYSICAL_BACKUP', backupScheduleStatus: 'NONE', backupSetCount: 0, backupSize: 0 },
    },
    'GET /ob/clusters/7/backup/task/dataBackupTasks': list(),
    'GET /backup/strategies': () => (saved ? list(strategy()) : list()),
    'GET /backup/storages': list({ storageId: 3, configName: 'nightly', uri: 'file:///obbackup/' }),
    'POST /backup/strategies/nextRuns': { data: { contents: [] } },
    [`GET ${path}/runs`]: list(),
    [`POST ${path}`]: () => {
      saved = true;
      return { data: {} };
    },
  });
  stage(<BackupPage />, { path: '/clusters/:clusterId/backup', at: '/clusters/7/backup' });
  await page.getByRole('button', { name: 'New Backup Strategy' }).click();
  await page.getByRole('button', { name: 'Submit' }).click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/clusters/7/backup?list=strategy');
  await expect.element(page.getByTestId('strategy-status')).toHaveTextContent('Normal');
  expect(page.getByRole('button', { name: 'Submit' }).elements()).toEqual([]);
  expect(page.getByRole('button', { name: 'New Backup Strategy' }).elements()).toEqual([]);
});

test('nothing is asked for the storage trend until its tab is opened', async () => {
  const calls = network({
    ...me('BACKUP'),
    'GET /ob/clusters/7': { data: cluster() },
    'GET /ob/clusters/7/backup/ability': { data: ability({ storageId: 3 }) },
    'GET /ob/clusters/7/backup/overview': {
      data: { clusterId: 7, clusterName: 'prod', obBackupAbility: 'PHYSICAL_BACKUP', backupScheduleStatus: 'NONE', backupSetCount: 0, backupSize: 0 },
    },
    'GET /ob/clusters/7/backup/task/dataBackupTasks': list(),
    'GET /backup/strategies': list(),
    'GET /ob/clusters/7/backup/storageUsages': { data: { contents: [] } },
  });
  stage(<BackupPage />, { path: '/clusters/:clusterId/backup', at: '/clusters/7/backup' });
  const tab = page.getByRole('tab', { name: 'Backup Storage Trend' });
  await expect.element(tab).toBeVisible();
  const asked = () => calls.filter(({ call }) => call.endsWith('/storageUsages')).length;
  expect(asked()).toBe(0);
  await tab.click();
  await expect.element(page.getByText('Nothing was sampled in this period.', { exact: false })).toBeVisible();
  expect(asked()).toBe(1);
});
