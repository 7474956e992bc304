import { network, type Answers } from '../../testing/network';

import { expect, test } from 'vitest';
import { page } from 'vitest/browser';

import type { Alarm } from '../../api/types';
import { backupSet, run, strategy, task } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import AllBackupsPage from './AllBackupsPage';

const list = (...contents: unknown[]) => ({
  data: { contents, page: { number: 1, size: 2000, totalElements: contents.length, totalPages: 1 } },
});

const standing = (clusterId: number, clusterName: string, part: object = {}) => ({
  clusterId,
  clusterName,
  obVersion: 'OceanBase 4.3.5',
  obBackupAbility: 'PHYSICAL_BACKUP',
  obClusterStatus: 'RUNNING',
  backupSetCount: 0,
  backupSize: 0,
  objectCount: 2,
  protectedObjectCount: 0,
  backupScheduleStatus: 'NONE',
  nextBackupRun: null,
  lastBackupRun: null,
  ...part,
});

const LATE: Alarm = {
  id: 'inc_backup_delay-7-1001',
  alarmType: 'inc_backup_delay',
  name: 'Log backup delay',
  state: 'NEW',
  level: 2,
  scope: 'Tenant',
  target: 'ob_cluster=prod-12',
  summary: 'late',
  details: { id: 'late', message: 'late' },
  clusterId: 7,
  clusterName: 'prod',
  tenantId: 1001,
  tenantName: 'shop',
};

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

function open(answers: Answers) {
  const calls = network({
    'GET /backup/overview': { data: { clusters: [standing(7, 'prod'), standing(8, 'bare'), standing(9, 'idle')] } },
    'GET /backup/strategies': list(),
    'GET /tasks/instances': list(),
    'GET /alarm/alarms': list(),
    ...answers,
  });
  stage(<AllBackupsPage />);
  return calls;
}

const row = (name: string) => page.getByRole('row').filter({ hasText: name });
/** Returns the text of a metric: its number and its hint. */
const metric = (term: string) =>
  [...document.querySelectorAll('.tile')].find((tile) => tile.querySelector('dt')?.textContent === term)?.querySelector('dd')?.textContent;

test('the four core metrics are counted over all clusters', async () => {
  const ended = { status: 'SUCCESSFUL', finishTime: minutesAgo(60), createTime: minutesAgo(70) } as const;
  open({
    'GET /backup/overview': { data: { clusters: [standing(7, 'prod', { backupScheduleStatus: 'NORMAL' }), standing(8, 'bare'), standing(9, 'idle')] } },
    'GET /alarm/alarms': list(LATE),
    'GET /tasks/instances': list(
      task({ id: 4, ...ended }),
      task({ id: 3, ...ended, status: 'FAILED' }),
      task({ id: 2, ...ended }),
      task({ id: 1, ...ended, taskDefinitionId: 'restore-tenant' }),
    ),
  });
  await expect.poll(() => metric('Clusters with Backup Strategies')).toBe('12 without one');
  await expect.poll(() => metric('Data Backup Success in 7 Days')).toBe('66%2 of 3 backups');
  await expect.poll(() => metric('Objects with Log Backup Delay')).toBe('1prod: shop');
  await expect.poll(() => metric('Successful Recoveries in 7 Days')).toBe('1of 1 that finished');
  await expect.element(page.getByRole('link', { name: 'prod: shop' })).toHaveAttribute('href', '/clusters/7/backup?list=logs');
});

test('nothing to count is no success rate, and what could not be read is unknown', async () => {
  open({ 'GET /alarm/alarms': { status: 500, error: { id: 'metadata-unreadable', message: 'unreadable' } } });
  await expect.poll(() => metric('Data Backup Success in 7 Days')).toBe('–No backup has finished');
  await expect.poll(() => metric('Objects with Log Backup Delay')).toBe('–Unknown');
});

test('as many pages of tasks are read as the week has', async () => {
  const pages = (query: URLSearchParams) => {
    const number = Number(query.get('page'));
    const contents =
      number === 1
        ? [task({ id: 9, status: 'SUCCESSFUL', createTime: minutesAgo(70), finishTime: minutesAgo(60) })]
        : [task({ id: 8, status: 'FAILED', createTime: minutesAgo(90), finishTime: minutesAgo(80) }), task({ id: 7, createTime: minutesAgo(8 * 1440) })];
    return { data: { contents, page: { number, size: 500, totalElements: 1500, totalPages: 3 } } };
  };
  const calls = open({ 'GET /tasks/instances': pages });
  await expect.poll(() => metric('Data Backup Success in 7 Days')).toBe('50%1 of 2 backups');
  expect(calls.filter(({ call }) => call === 'GET /tasks/instances')).toHaveLength(2);
});

test('a tenant with a strategy of its own has a row below its cluster, with its state and its newest good backup', async () => {
  const broken = strategy({ strategyId: 6, tenantId: 1001, tenantName: 'shop', lastRun: run({ status: 'FAILED' }), backupScheduleStatus: 'ABNORMAL' });
  const partial = backupSet({ status: 'PARTIAL', finishTime: minutesAgo(10) });
  open({
    'GET /backup/strategies': list(strategy(), broken),
    'GET /ob/clusters/7/tenants/1001/backup/sets': list(partial, backupSet({ finishTime: minutesAgo(125) })),
  });
  await expect.element(row('prod')).toHaveTextContent('1 tenant strategy is abnormal');
  expect(page.getByRole('link', { name: 'Tenant shop' }).elements()).toEqual([]);
  await row('prod').getByRole('button', { name: 'Expand row' }).click();
  for (const words of ['Abnormal', '2026-11-29 Sun 02:00', 'Failed', '2 h ago']) await expect.element(row('Tenant shop')).toHaveTextContent(words);
});

test('each cluster shows how its schedule stands, the next run and the last one', async () => {
  const { nextRun } = strategy();
  const missed = run({ status: 'MISSED', taskId: null });
  open({
    'GET /backup/overview': {
      data: {
        clusters: [
          standing(7, 'prod', { backupScheduleStatus: 'ABNORMAL', nextBackupRun: nextRun, lastBackupRun: missed, lastDataBackupTime: minutesAgo(185) }),
          standing(8, 'bare'),
          standing(9, 'idle', { backupScheduleStatus: 'PAUSED' }),
          standing(10, 'queue', { backupScheduleStatus: 'WAITING', nextBackupRun: nextRun }),
        ],
      },
    },
  });
  for (const words of ['Abnormal', '2026-11-29 Sun 02:00', 'Missed', '3 h ago']) await expect.element(row('prod')).toHaveTextContent(words);
  for (const words of ['No Backup Strategy', 'Never']) await expect.element(row('bare')).toHaveTextContent(words);
  for (const words of ['Paused', 'None while paused', 'None yet']) await expect.element(row('idle')).toHaveTextContent(words);
  await expect.element(row('queue')).toHaveTextContent('Waiting');
});
