import { me, network, type Answers } from '../../testing/network';

import { expect, test } from 'vitest';
import { page } from 'vitest/browser';

import type { Alarm } from '../../api/types';
import { cluster } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import OverviewPage from './OverviewPage';

const list = (...contents: unknown[]) => ({
  data: { contents, page: { number: 1, size: 2000, totalElements: contents.length, totalPages: 1 } },
});

const UNAVAILABLE: Alarm = {
  id: 'cluster_unavailable-7',
  alarmType: 'cluster_unavailable',
  name: 'Cluster unavailable',
  state: 'NEW',
  level: 1,
  scope: 'Cluster',
  target: 'ob_cluster=prod-12',
  summary: 'prod: cluster unavailable',
  details: { id: 'refused', message: 'The cluster refuses the user root@sys', action: 'Enter the new password.' },
  clusterId: 7,
  clusterName: 'prod',
};

function open(part: Answers = {}) {
  const calls = network({
    ...me('MANAGE_CLUSTERS'),
    'GET /ob/clusters/7': { data: cluster({ updateTime: new Date().toISOString() }) },
    'GET /ob/clusters/7/tenants': list(),
    'GET /alarm/alarms': list(),
    'PATCH /ob/clusters/7': { data: cluster() },
    ...part,
  });
  stage(<OverviewPage />, { path: '/clusters/:clusterId', at: '/clusters/7' });
  return calls;
}

test('the menu of a cluster takes the new password of its user', async () => {
  const calls = open();
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByText('Change Cluster Password').click();
  await page.getByLabelText('New password', { exact: true }).fill('four-words');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect.poll(() => calls.find(({ call }) => call === 'PATCH /ob/clusters/7')?.body).toEqual({ password: 'four-words' });
  await expect.poll(() => page.getByLabelText('New password', { exact: true }).elements()).toEqual([]);
});

test('the header of a cluster that does not answer any more does not say that it runs', async () => {
  open({ 'GET /alarm/alarms': list(UNAVAILABLE) });
  await expect.element(page.getByText('Unavailable', { exact: true })).toBeVisible();
  expect(page.getByText('Running', { exact: true }).elements()).toEqual([]);
});

test('an answer of long ago is no state of now: its age is shown', async () => {
  const updateTime = new Date(Date.now() - 3 * 3_600_000 - 1000).toISOString();
  open({ 'GET /ob/clusters/7': { data: cluster({ updateTime }) } });
  await expect.element(page.getByText('Unknown', { exact: true })).toBeVisible();
  await expect.element(page.getByText('last refreshed 3 h ago')).toBeVisible();
});

test('the page of a cluster says how it is backed up, and leads to its tenants without a backup', async () => {
  const tenant = { clusterId: 7, clusterName: 'prod' };
  open({
    'GET /ob/clusters/7/backup/overview': {
      data: { clusterId: 7, obBackupAbility: 'PHYSICAL_BACKUP', backupScheduleStatus: 'NONE', backupSetCount: 2, backupSize: 2048, logBackupDelaySeconds: 65 },
    },
    'GET /backup/objects': list({ ...tenant, tenantId: 1001, tenantName: 'shop' }, { ...tenant, tenantId: 1002, tenantName: 'crm' }),
  });
  await expect.element(page.getByText('1 min 5 s')).toBeVisible();
  await expect.element(page.getByText('2.00 KiB in 2 backup sets')).toBeVisible();
  await expect.element(page.getByRole('link', { name: '2', exact: true })).toHaveAttribute('href', '/clusters/7/backup?list=tenants&state=NONE');
});

test('a cluster that does not answer has no log checkpoint that is known', async () => {
  open({
    'GET /ob/clusters/7/backup/overview': {
      data: { clusterId: 7, obBackupAbility: 'PHYSICAL_BACKUP', backupScheduleStatus: 'NONE', backupSetCount: 0, backupSize: 0, clusterError: { id: 'x', message: 'x' } },
    },
  });
  await expect.element(page.getByText('Unknown · last refreshed').first()).toBeVisible();
  expect(page.getByText('Log backup is not running').elements()).toEqual([]);
});

test('a cluster with delete policies of Lifeboat is removed only after a second question that names them', async () => {
  const queries: string[] = [];
  open({
    'GET /ob/clusters': list(),
    'DELETE /ob/clusters/7': (query) => {
      queries.push(query.toString());
      if (query.get('leaveDeletePolicies')) return { data: {} };
      const message = 'OceanBase continues to delete backups of prod by these delete policies: shop: default (7d)';
      return { status: 409, error: { id: 'cluster-remove-leaves-policies', message } };
    },
  });
  await page.getByRole('button', { name: 'More' }).click();
  await page.getByText('Remove from Lifeboat').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove from Lifeboat' }).click();
  await expect.element(page.getByText('shop: default (7d)')).toBeVisible();
  await page.getByRole('button', { name: 'Remove, and Leave Policies' }).click();
  await expect.poll(() => queries).toEqual(['', 'leaveDeletePolicies=true']);
});
