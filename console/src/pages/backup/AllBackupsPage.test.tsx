import { network } from '../../testing/network';

import { expect, test } from 'vitest';
import { page } from 'vitest/browser';

import { run, strategy } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import AllBackupsPage from './AllBackupsPage';

const standing = (clusterId: number, clusterName: string) => ({
  clusterId,
  clusterName,
  obVersion: 'OceanBase 4.3.5',
  obBackupAbility: 'PHYSICAL_BACKUP',
  obClusterStatus: 'RUNNING',
  backupSetCount: 0,
  backupSize: 0,
  objectCount: 2,
  protectedObjectCount: 0,
});

test('each cluster shows how its schedule stands, the next run and the last one', async () => {
  const last = run({ status: 'MISSED', taskId: null });
  const paused = strategy({ strategyId: 6, clusterId: 9, nextRun: null });
  paused.obBackupScheduleConfig = { ...paused.obBackupScheduleConfig, backupScheduleEnabled: false };
  network({
    'GET /backup/overview': { data: { clusters: [standing(7, 'prod'), standing(8, 'bare'), standing(9, 'idle')] } },
    'GET /backup/strategies': { data: { contents: [strategy({ lastRun: last }), paused], page: { number: 1, size: 2000, totalElements: 2, totalPages: 1 } } },
  });
  stage(<AllBackupsPage />);
  const row = (name: string) => page.getByRole('row').filter({ hasText: name });
  for (const words of ['Abnormal', '2026-11-29 Sun 02:00', 'Missed']) await expect.element(row('prod')).toHaveTextContent(words);
  await expect.element(row('bare')).toHaveTextContent('No Backup Strategy');
  for (const words of ['Paused', 'None while paused', 'None yet']) await expect.element(row('idle')).toHaveTextContent(words);
});
