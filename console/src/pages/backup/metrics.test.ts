import { expect, test } from 'vitest';

import type { Alarm, TaskHead } from '../../api/types';
import { task } from '../../testing/nouns';
import { delayedOf, reachesWeek, scheduledCount, weekOf } from './metrics';

const NOW = new Date('2026-11-27T12:00:00Z').getTime();
const daysAgo = (days: number) => new Date(NOW - days * 86_400_000).toISOString();
const ended = (part: Partial<TaskHead>) => task({ status: 'SUCCESSFUL', finishTime: daysAgo(1), ...part });

test('a week counts what ended in it: well, partly, badly', () => {
  const week = weekOf(
    [
      ended({}),
      ended({ taskDefinitionId: 'backup-logical' }),
      ended({ partial: true }),
      ended({ status: 'FAILED' }),
      ended({ taskDefinitionId: 'restore-tenant' }),
      ended({ taskDefinitionId: 'restore-logical', status: 'FAILED' }),
    ],
    NOW,
  );
  expect(week).toEqual({ backups: { good: 2, all: 4 }, recoveries: { good: 1, all: 2 } });
});

test('what still runs, was cancelled, is older or does something else is not counted', () => {
  const cancelled = { id: 'engine.cancelled', message: 'Cancelled by eva' };
  const week = weekOf(
    [
      ended({ status: 'RUNNING', finishTime: null }),
      ended({ status: 'FAILED', error: cancelled }),
      ended({ finishTime: daysAgo(7.1) }),
      ended({ taskDefinitionId: 'compact' }),
    ],
    NOW,
  );
  expect(week).toEqual({ backups: { good: 0, all: 0 }, recoveries: { good: 0, all: 0 } });
});

test('the list of tasks is read until its last one is older than a week', () => {
  expect(reachesWeek([], NOW)).toBe(false);
  expect(reachesWeek([task({ createTime: daysAgo(1) })], NOW)).toBe(false);
  expect(reachesWeek([task({ createTime: daysAgo(1) }), task({ createTime: daysAgo(8) })], NOW)).toBe(true);
});

test('an object whose log backup is late and interrupted counts once', () => {
  const alarm = (alarmType: Alarm['alarmType'], tenantId: number | null = 1001): Alarm => ({
    id: `${alarmType}-${tenantId}`,
    alarmType,
    name: 'Log backup delay',
    state: 'NEW',
    level: 2,
    scope: 'Tenant',
    target: 'ob_cluster=prod-12',
    summary: 'late',
    details: { id: 'late', message: 'late' },
    clusterId: 7,
    clusterName: 'prod',
    tenantId,
  });
  const found = delayedOf([alarm('inc_backup_delay'), alarm('log_backup_interrupted'), alarm('inc_backup_delay', 1002), alarm('base_backup_fail')]);
  expect(found.map(({ tenantId }) => tenantId)).toEqual([1001, 1002]);
});

test('a cluster has a strategy as long as its schedule stands somehow', () => {
  const clusters = (['NONE', 'NORMAL', 'PAUSED', 'WAITING', 'ABNORMAL'] as const).map((backupScheduleStatus) => ({ backupScheduleStatus }));
  expect(scheduledCount(clusters)).toBe(4);
  expect(scheduledCount([])).toBe(0);
});
