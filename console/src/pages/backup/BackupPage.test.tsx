import { me, network } from '../../testing/network';

import { expect, test } from 'vitest';
import { page } from 'vitest/browser';

import { ability, cluster } from '../../testing/nouns';
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
