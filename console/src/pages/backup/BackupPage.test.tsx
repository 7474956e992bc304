import { me, network, type Answers } from '../../testing/network';

import { expect, test } from 'vitest';
import { page } from 'vitest/browser';

import { ability, backupSet, cluster, strategy, subtask, task } from '../../testing/nouns';
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
  await expect.element(page.getByText('last refreshed 3 h ago').first()).toBeVisible();
  expect(document.title).toBe('Backup & Recovery · prod · Lifeboat');
  expect(page.getByText('Log backup is not running').elements()).toEqual([]);
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
    'POST /backup/strategies/nextRuns': { data: { contents: [], lastDayContinues: false } },
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

const OVERVIEW = { clusterId: 7, clusterName: 'prod', obBackupAbility: 'PHYSICAL_BACKUP', backupScheduleStatus: 'NONE', backupSetCount: 0, backupSize: 0 };
const UPGRADING = { id: 'cluster-upgrading', message: 'The cluster prod is being upgraded', action: 'Wait for the end of the upgrade.', code: 20108, kind: 'refused' };

function open(at: string, answers: Answers = {}) {
  const calls = network({
    ...me('BACKUP'),
    'GET /ob/clusters/7': { data: cluster({ generation: 'GEN4' }) },
    'GET /ob/clusters/7/backup/ability': { data: ability({ storageId: 3 }) },
    'GET /ob/clusters/7/backup/overview': { data: OVERVIEW },
    'GET /ob/clusters/7/backup/task/dataBackupTasks': list(),
    'GET /ob/clusters/7/tenants': list({ id: 1001, name: 'shop' }, { id: 1002, name: 'crm' }),
    'GET /ob/clusters': list(cluster()),
    'GET /backup/strategies': list(),
    'GET /backup/storages': list(),
    ...answers,
  });
  stage(<BackupPage />, { path: '/clusters/:clusterId/backup', at: `/clusters/7/backup${at}` });
  return calls;
}

test('the address of Back up Now opens no form while the cluster is upgraded', async () => {
  open('?backUpNow=', { 'GET /ob/clusters/7/backup/ability': { data: ability({ disabled: UPGRADING as never }) } });
  await expect.element(page.getByText(UPGRADING.message, { exact: false })).toBeVisible();
  await expect.element(page.getByRole('button', { name: 'Back up Now' })).toBeDisabled();
  expect(page.getByText('Backup Objects').elements()).toEqual([]);
});

test('Back up Now of a tenant begins with that tenant', async () => {
  open('?backUpNow=&tenant=1002');
  await expect.element(page.getByTestId('chosen')).toHaveTextContent('To be backed up: 1 of 2 tenants: crm');
});

test('Initiate Recovery of a tenant begins with its newest backup set', async () => {
  const sets = list(backupSet({ backupSetId: 9, tenantId: 1001 }), backupSet({ backupSetId: 8, tenantId: 1002, tenantName: 'crm' }), backupSet({ backupSetId: 7, tenantId: 1002 }));
  open('?recover=&tenant=1002', { 'GET /ob/clusters/7/backup/sets': sets });
  await expect.element(page.getByText(/^8 · crm · Logical/)).toBeVisible();
});

test('the filter of a list stands in the address and survives a drawer', async () => {
  const asked: string[] = [];
  open('?list=tasks&status=FAILED&days=7', {
    'GET /ob/clusters/7/backup/task/dataBackupTasks': (query) => {
      asked.push(query.toString());
      return list();
    },
  });
  await expect.element(page.getByText('No matches')).toBeVisible();
  expect(asked[0]).toMatch(/^page=1&size=10&startTime=.*&status=FAILED$/);
  await page.getByRole('button', { name: 'Back up Now' }).click();
  await page.getByRole('button', { name: 'Cancel', exact: true }).click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('?list=tasks&status=FAILED&days=7');
});

test('a failed backup leads to its cause, and one that runs says how far it is', async () => {
  const row = { tenantId: 1001, tenantName: 'shop', backupMode: 'PHYSICAL_BACKUP', dataBackupTaskType: 'FULL_BACKUP', source: 'MANUAL', partial: false };
  const lanes = [subtask({ lane: 'shop', parallelIdx: 0 }), subtask({ id: 2, seriesId: 1, lane: 'shop', parallelIdx: 0, status: 'PENDING' }), subtask({ id: 3, seriesId: 1, lane: 'crm', parallelIdx: 1 })];
  open('', {
    'GET /ob/clusters/7/backup/task/dataBackupTasks': list(
      { ...row, taskId: 13, status: 'RUNNING' },
      { ...row, taskId: 12, status: 'FAILED', error: { id: 'disk-full', message: 'The disk is full' } },
    ),
    'GET /tasks/instances/13': { data: task({ id: 13, status: 'RUNNING', subtasks: lanes }) },
  });
  await expect.element(page.getByRole('link', { name: 'View Cause' })).toHaveAttribute('href', '/tasks/12');
  await expect.element(page.getByRole('row').filter({ hasText: 'Running' })).toHaveTextContent('50%');
});

test('Clean Up opens the plan of what is kept', async () => {
  network({
    ...me(),
    'GET /ob/clusters/7': { data: cluster() },
    'GET /ob/clusters/7/backup/ability': { data: ability() },
    'GET /ob/clusters/7/backup/task/dataBackupTasks': list(),
    'GET /backup/strategies': list(),
    'POST /ob/clusters/7/backup/retention/plan': { data: { contents: [] } },
  });
  stage(<BackupPage />, { path: '/clusters/:clusterId/backup', at: '/clusters/7/backup' });
  await page.getByRole('button', { name: 'Clean Up' }).click();
  await expect.element(page.getByText('This cluster has no logical backup sets')).toBeVisible();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/clusters/7/backup?cleanUp=');
});
