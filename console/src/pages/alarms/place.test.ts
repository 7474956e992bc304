import { expect, test } from 'vitest';

import { placeOf } from './place';

test('an alarm leads to what it is about', () => {
  expect(placeOf({ alarmType: 'base_backup_fail', clusterId: 7, taskId: 12 })).toBe('/tasks/12');
  expect(placeOf({ alarmType: 'inc_backup_delay', clusterId: 7, taskId: null })).toBe('/clusters/7/backup?list=logs');
  expect(placeOf({ alarmType: 'log_backup_interrupted', clusterId: 7 })).toBe('/clusters/7/backup?list=logs');
  expect(placeOf({ alarmType: 'backup_run_missed', clusterId: 7 })).toBe('/clusters/7/backup?list=strategy');
  expect(placeOf({ alarmType: 'backup_storage_capacity_over_threshold', clusterId: 7 })).toBe('/clusters/7/backup?list=storage');
  expect(placeOf({ alarmType: 'cluster_unavailable', clusterId: 7 })).toBe('/clusters/7');
  expect(placeOf({ alarmType: 'lifeboat_disk_unavailable', clusterId: null })).toBe('/system');
  expect(placeOf({ alarmType: 'channel_failing', clusterId: null })).toBe('/system/channels');
  expect(placeOf({ alarmType: 'backup_run_missed', clusterId: null })).toBeUndefined();
});
