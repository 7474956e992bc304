import { expect, test } from 'vitest';

import { ability, strategy } from '../../testing/nouns';
import { firstDraft, fromStrategy, pressed, toBody, toSchedule, withMethod, type ScheduleDraft, type StrategyDraft } from './draft';

const base = firstDraft(ability({ storageId: 3 }));
const scheduleOf = (part: Partial<ScheduleDraft>) => toSchedule({ ...base.schedule, zone: 'Asia/Shanghai', ...part });

test('a new strategy is complete as it opens, with a full backup each Sunday', () => {
  expect(toBody(base)).toMatchObject({
    backupMode: 'PHYSICAL_BACKUP',
    obBackupScheduleConfig: {
      backupScheduleMode: 'WEEK',
      backupScheduleTime: '02:00',
      dayAndDataBackupModelMap: { 6: 'INCREMENTAL_BACKUP', 7: 'FULL_BACKUP' },
      startLogBackup: true,
    },
    obBackupThresholdConfig: { noSuccessfulDataBackupAlarmDays: 7, logBackupDelaySeconds: 3600 },
    obBackupServiceStorageConfig: { storageId: 3, alarmStoragePercentageThreshold: 80 },
  });
});

test('a logical strategy is full on every day and says nothing of log backup', () => {
  const logical = firstDraft(ability({ backupMode: 'LOGICAL_BACKUP', backupAbility: 'LOGICAL_BACKUP', storageId: 3 }));
  const config = toBody(logical)?.obBackupScheduleConfig;
  expect(new Set(Object.values(config?.dayAndDataBackupModelMap ?? {}))).toEqual(new Set(['FULL_BACKUP']));
  expect(config).not.toHaveProperty('startLogBackup');
  expect(config).not.toHaveProperty('restartInterruptedLogBackup');
  expect(withMethod(logical, 'PHYSICAL_BACKUP').startLogBackup).toBe(true);
});

test('a day that is pressed goes round: none, full, incremental where there is such a backup', () => {
  const full = pressed({}, '2', true);
  expect(full).toEqual({ 2: 'FULL_BACKUP' });
  const incremental = pressed(full, '2', true);
  expect(incremental).toEqual({ 2: 'INCREMENTAL_BACKUP' });
  expect(pressed(incremental, '2', true)).toEqual({});
  expect(pressed(full, '2', false)).toEqual({});
});

test('of each cycle only its own fields are sent', () => {
  expect(scheduleOf({ cycle: 'MONTH', month: { 1: 'FULL_BACKUP', L: 'FULL_BACKUP' }, time: '03:30' })).toEqual({
    backupScheduleMode: 'MONTH',
    backupScheduleTime: '03:30',
    scheduleZone: 'Asia/Shanghai',
    dayAndDataBackupModelMap: { 1: 'FULL_BACKUP', L: 'FULL_BACKUP' },
  });
  expect(scheduleOf({ cycle: 'CRON', cron: ' 0 */6 * * * ', fullOnDays: ['7'] })).toEqual({
    backupScheduleMode: 'CRON',
    cronExpression: '0 */6 * * *',
    scheduleZone: 'Asia/Shanghai',
    dataBackupMode: 'FULL_BACKUP',
  });
  expect(scheduleOf({ cycle: 'CRON', cronMode: 'INCREMENTAL_BACKUP', hasWindow: true, jitterMinutes: 10 })).toMatchObject({
    fullOnCycle: 'WEEK',
    fullOnDays: ['7'],
    quietWindow: { from: '08:00', until: '20:00' },
    jitterSeconds: 600,
  });
});

test('a schedule with something left empty is not sent', () => {
  for (const part of [{ week: {} }, { time: '' }, { zone: '' }, { cycle: 'CRON', cron: ' ' }, { hasWindow: true, until: '' }] as const) {
    expect(scheduleOf(part)).toBeUndefined();
  }
  const typed = { ...base, storage: { ...base.storage, kind: 'typed' as const } };
  expect(toBody(typed)).toBeUndefined();
});

test('a saved strategy comes back as it was saved', () => {
  const saved = strategy();
  const config = toBody(fromStrategy(saved))?.obBackupScheduleConfig;
  expect(config).toMatchObject({
    backupScheduleTime: '02:00',
    scheduleZone: 'Asia/Shanghai',
    dayAndDataBackupModelMap: saved.obBackupScheduleConfig.dayAndDataBackupModelMap,
    startLogBackup: true,
  });
});

test('the offset of a time that OCP wrote becomes the zone, and seconds stay', () => {
  const { scheduleZone, ...config } = strategy().obBackupScheduleConfig;
  expect(scheduleZone).toBe('Asia/Shanghai');
  const written = fromStrategy(strategy({ obBackupScheduleConfig: { ...config, backupScheduleTime: '02:00:30.000-05:00' } }));
  expect(written.schedule).toMatchObject({ time: '02:00:30', zone: '-05:00' });
});

test('clean-up comes back as it was saved; days are sent only if it is on, and the time and the consent only for one method each', () => {
  const wire = { cleanEnabled: true, backupDataRetentionDays: 14, cleanScheduleTime: '04:30:00+08:00' };
  const config = { ...strategy().obBackupScheduleConfig, dayAndDataBackupModelMap: { 7: 'FULL_BACKUP' as const }, ...wire };
  const written = fromStrategy(strategy({ backupMode: 'LOGICAL_BACKUP', obBackupScheduleConfig: config }));
  expect(toBody(written)?.obBackupScheduleConfig).toMatchObject({ ...wire, cleanScheduleTime: '04:30+08:00' });
  const off = { ...written, cleanUp: { ...written.cleanUp, isOn: false } };
  const sent = (draft: StrategyDraft) => Object.entries(toBody(draft)?.obBackupScheduleConfig ?? {}).filter(([field]) => field in wire);
  for (const draft of [off, withMethod(off, 'PHYSICAL_BACKUP')]) expect(sent(draft)).toEqual([['cleanEnabled', false]]);
  const physical = withMethod({ ...written, cleanUp: { ...written.cleanUp, takesOver: true } }, 'PHYSICAL_BACKUP');
  expect(sent(physical)).toEqual([
    ['cleanEnabled', true],
    ['backupDataRetentionDays', 14],
  ]);
  expect(toBody(physical)).not.toHaveProperty('takeOverDeletePolicies');
  const agreed = { ...physical, cleanUp: { ...physical.cleanUp, takesOver: true } };
  expect(toBody(agreed)).toMatchObject({ takeOverDeletePolicies: true });
  expect(toBody(withMethod(agreed, 'LOGICAL_BACKUP'))).not.toHaveProperty('takeOverDeletePolicies');
  const seen = { ...physical, cleanUp: { ...physical.cleanUp, seen: 'abc' } };
  expect(toBody(seen)).toMatchObject({ deletePolicyPlanHash: 'abc' });
  expect(toBody(withMethod(seen, 'LOGICAL_BACKUP'))).not.toHaveProperty('deletePolicyPlanHash');
  expect(withMethod(withMethod(written, 'PHYSICAL_BACKUP'), 'LOGICAL_BACKUP').cleanUp).toEqual(written.cleanUp);
  expect(toBody({ ...written, cleanUp: { ...written.cleanUp, days: null } })).toBeUndefined();
});

test('only a typed-in storage gets a name', () => {
  expect(toBody({ ...base, storageName: 'nightly' })?.obBackupServiceStorageConfig).not.toHaveProperty('configName');
  const storage = { ...base.storage, kind: 'typed' as const, typed: { ...base.storage.typed, url: '/obbackup/' } };
  expect(toBody({ ...base, storage, storageName: ' nightly ' })?.obBackupServiceStorageConfig).toMatchObject({ configName: 'nightly' });
});
