import type {
  Ability,
  BackupMode,
  DataBackupMode,
  NewStrategy,
  Schedule,
  ScheduleCycle,
  ScheduleMode,
  Strategy,
} from '../../api/types';
import { toChoice, type StorageWish } from '../backup/draft';
import { EMPTY_STORAGE } from '../storages/draft';

/** How much is backed up on which day: 1 (Monday) to 7 of a week, 1 to 31 and L of a month. */
export type Days = Record<string, DataBackupMode>;

/** A strategy as it is put together in the form. */
export interface StrategyDraft {
  /** The tenant that it backs up; nothing for the whole cluster. */
  tenant: number | undefined;
  method: BackupMode;
  storage: StorageWish;
  /** The name that a typed-in storage gets; empty for the server's choice. */
  storageName: string;
  storagePercent: number | null;
  schedule: ScheduleDraft;
  startLogBackup: boolean;
  /** Whether interrupted log backup is restarted. */
  restartLogBackup: boolean;
  /** The clean-up settings. Those of physical backup have no time: the database decides when it deletes. */
  cleanUp: CleanUpDraft;
  timeoutMinutes: number | null;
  noSuccessDays: number | null;
  logDelaySeconds: number | null;
}

/** The clean-up settings in the form. */
export interface CleanUpDraft {
  isOn: boolean;
  days: number | null;
  /** `03:00`, or with seconds if the strategy has them. */
  time: string;
  /** The offset of the time; undefined means the time zone of the schedule. */
  offset: string | undefined;
  /** Whether delete policies of the database that Lifeboat did not set are replaced. It is for these days and this method. */
  takesOver: boolean;
  /** Identifies what the form has shown of these policies, and of what the database deletes for these days. */
  seen?: string | undefined;
}

/** The longest retention period, in days. */
export const RETENTION_DAYS_MAX = 3_660;

/** The default clean-up settings. */
const CLEAN_UP: CleanUpDraft = { isOn: false, days: 30, time: '03:00', offset: undefined, takesOver: false };

/** The schedule in the form; what belongs to the cycles that are not chosen is kept for the case that they are. */
export interface ScheduleDraft {
  cycle: ScheduleMode;
  week: Days;
  month: Days;
  /** `02:00`, or with seconds where a schedule has them. */
  time: string;
  zone: string;
  cron: string;
  cronMode: DataBackupMode;
  fullOnCycle: ScheduleCycle;
  fullOnDays: string[];
  hasWindow: boolean;
  from: string;
  until: string;
  jitterMinutes: number | null;
}

/** The days of a week, Monday first. */
export const WEEK_DAYS = ['1', '2', '3', '4', '5', '6', '7'];

/** The days of a month, and its last one. */
export const MONTH_DAYS = [...Array.from({ length: 31 }, (_, at) => String(at + 1)), 'L'];

/** How many days of a month a schedule may have. */
export const MONTH_DAYS_MAX = 10;

const NIGHTLY: ScheduleDraft = {
  cycle: 'WEEK',
  week: Object.fromEntries(WEEK_DAYS.map((day) => [day, day === '7' ? 'FULL_BACKUP' : 'INCREMENTAL_BACKUP'])),
  month: { 1: 'FULL_BACKUP', 15: 'FULL_BACKUP' },
  time: '02:00',
  zone: 'UTC',
  cron: '0 2 * * *',
  cronMode: 'FULL_BACKUP',
  fullOnCycle: 'WEEK',
  fullOnDays: ['7'],
  hasWindow: false,
  from: '08:00',
  until: '20:00',
  jitterMinutes: null,
};

/** Returns the zone of the reader's clock. */
export function readersZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

/** Returns what is filled in for a new strategy: every night, a full backup each Sunday. */
export function firstDraft(ability: Ability): StrategyDraft {
  const savedId = ability.storageId ?? undefined;
  const draft: StrategyDraft = {
    tenant: undefined,
    method: ability.backupMode,
    storage: { kind: savedId === undefined ? 'typed' : 'saved', savedId, typed: EMPTY_STORAGE },
    storageName: '',
    storagePercent: 80,
    schedule: { ...NIGHTLY, zone: readersZone() },
    startLogBackup: ability.backupMode === 'PHYSICAL_BACKUP',
    restartLogBackup: false,
    cleanUp: CLEAN_UP,
    timeoutMinutes: null,
    noSuccessDays: 7,
    logDelaySeconds: 3600,
  };
  return withMethod(draft, ability.backupMode);
}

/** Returns a saved strategy as a draft. */
export function fromStrategy(strategy: Strategy): StrategyDraft {
  const { obBackupScheduleConfig: config, obBackupThresholdConfig: thresholds, obBackupServiceStorageConfig: storage } = strategy;
  const [time, offset] = splitTime(config.backupScheduleTime ?? NIGHTLY.time);
  const window = config.quietWindow;
  const cycle = config.backupScheduleMode;
  const days = config.dayAndDataBackupModelMap;
  return {
    tenant: strategy.tenantId ?? undefined,
    method: strategy.backupMode,
    storage: { kind: 'saved', savedId: storage.storageId, typed: EMPTY_STORAGE },
    storageName: '',
    storagePercent: storage.alarmStoragePercentageThreshold,
    schedule: {
      cycle,
      week: cycle === 'WEEK' ? days : NIGHTLY.week,
      month: cycle === 'MONTH' ? days : NIGHTLY.month,
      time,
      zone: config.scheduleZone ?? offset ?? 'UTC',
      cron: config.cronExpression ?? NIGHTLY.cron,
      cronMode: config.dataBackupMode ?? 'FULL_BACKUP',
      fullOnCycle: config.fullOnCycle ?? 'WEEK',
      fullOnDays: config.fullOnDays ?? (cycle === 'CRON' ? [] : NIGHTLY.fullOnDays),
      hasWindow: Boolean(window),
      from: window ? splitTime(window.from)[0] : NIGHTLY.from,
      until: window ? splitTime(window.until)[0] : NIGHTLY.until,
      jitterMinutes: config.jitterSeconds ? config.jitterSeconds / 60 : null,
    },
    startLogBackup: config.startLogBackup,
    restartLogBackup: config.restartInterruptedLogBackup,
    cleanUp: cleanUpOf(config),
    timeoutMinutes: thresholds.dataBackupTimeoutMinutes ?? null,
    noSuccessDays: thresholds.noSuccessfulDataBackupAlarmDays ?? null,
    logDelaySeconds: thresholds.logBackupDelaySeconds ?? null,
  };
}

/** Returns the clean-up settings of a saved strategy. */
function cleanUpOf({ cleanEnabled, backupDataRetentionDays, cleanScheduleTime }: Strategy['obBackupScheduleConfig']): CleanUpDraft {
  if (!cleanEnabled) return CLEAN_UP;
  const [time, offset] = splitTime(cleanScheduleTime ?? CLEAN_UP.time);
  return { isOn: true, days: backupDataRetentionDays ?? null, time, offset, takesOver: false };
}

/** Splits `02:00:00.000+08:00` into the time, without seconds that are none, and the offset. */
export function splitTime(text: string): [string, string | undefined] {
  const [, time = text, offset] = /^(.*?)([+-].*)?$/.exec(text) ?? [];
  return [time.replace(/\.0+$/, '').replace(/^(\d\d:\d\d):00$/, '$1'), offset];
}

/** Returns the draft with another method. Logical backups are full and start no log backup: days with a backup stay so. */
export function withMethod(was: StrategyDraft, method: BackupMode): StrategyDraft {
  const draft = { ...was, cleanUp: { ...was.cleanUp, takesOver: false, seen: undefined } };
  if (method === 'PHYSICAL_BACKUP') return { ...draft, method, startLogBackup: draft.startLogBackup || draft.method !== method };
  const full = (days: Days): Days => Object.fromEntries(Object.keys(days).map((day) => [day, 'FULL_BACKUP']));
  const { schedule } = draft;
  return {
    ...draft,
    method,
    startLogBackup: false,
    schedule: { ...schedule, week: full(schedule.week), month: full(schedule.month), cronMode: 'FULL_BACKUP' },
  };
}

/** Returns the next state of a day that is pressed: no backup, full, and incremental where there is such a backup. */
export function pressed(days: Days, day: string, hasIncremental: boolean): Days {
  const { [day]: was, ...others } = days;
  if (was === undefined) return { ...others, [day]: 'FULL_BACKUP' };
  return was === 'FULL_BACKUP' && hasIncremental ? { ...others, [day]: 'INCREMENTAL_BACKUP' } : others;
}

/** Returns the schedule as the wire takes it; nothing while something of it is left empty. */
export function toSchedule(draft: ScheduleDraft): Schedule | undefined {
  const { cycle, time, zone, cron, cronMode, hasWindow, from, until, jitterMinutes } = draft;
  if (!zone || (hasWindow && !(from && until))) return undefined;
  const common = {
    backupScheduleMode: cycle,
    scheduleZone: zone,
    ...(hasWindow ? { quietWindow: { from, until } } : {}),
    ...(jitterMinutes ? { jitterSeconds: Math.round(jitterMinutes * 60) } : {}),
  };
  if (cycle === 'CRON') {
    if (!cron.trim()) return undefined;
    const isMixed = cronMode === 'INCREMENTAL_BACKUP' && draft.fullOnDays.length > 0;
    return {
      ...common,
      cronExpression: cron.trim(),
      dataBackupMode: cronMode,
      ...(isMixed ? { fullOnCycle: draft.fullOnCycle, fullOnDays: draft.fullOnDays } : {}),
    };
  }
  const days = cycle === 'WEEK' ? draft.week : draft.month;
  if (!time || Object.keys(days).length === 0) return undefined;
  return { ...common, backupScheduleTime: time, dayAndDataBackupModelMap: days };
}

/** Returns the clean-up fields of the request: days, and the time of logical backup, only if clean-up is on. Undefined while they are empty. */
function toCleanUp({ method, cleanUp: { isOn, days, time, offset } }: StrategyDraft) {
  if (!isOn) return { cleanEnabled: false };
  if (method === 'PHYSICAL_BACKUP') return days ? { cleanEnabled: true, backupDataRetentionDays: days } : undefined;
  return days && time ? { cleanEnabled: true, backupDataRetentionDays: days, cleanScheduleTime: `${time}${offset ?? ''}` } : undefined;
}

/** Returns the request that saves the strategy; nothing while something of it is left empty. */
export function toBody(draft: StrategyDraft): NewStrategy | undefined {
  const schedule = toSchedule(draft.schedule);
  const choice = toChoice(draft.storage);
  const cleanUp = toCleanUp(draft);
  if (!schedule || !choice || !cleanUp) return undefined;
  const name = draft.storageName.trim();
  return {
    backupMode: draft.method,
    obBackupScheduleConfig: {
      ...schedule,
      ...(draft.method === 'PHYSICAL_BACKUP'
        ? { startLogBackup: draft.startLogBackup, restartInterruptedLogBackup: draft.restartLogBackup }
        : {}),
      ...cleanUp,
    },
    ...(draft.method === 'PHYSICAL_BACKUP' && cleanUp.cleanEnabled && draft.cleanUp.takesOver ? { takeOverDeletePolicies: true } : {}),
    ...(draft.method === 'PHYSICAL_BACKUP' && cleanUp.cleanEnabled && draft.cleanUp.seen ? { deletePolicyPlanHash: draft.cleanUp.seen } : {}),
    obBackupThresholdConfig: {
      // 0 stands for never: what is left out of a change would stay.
      dataBackupTimeoutMinutes: draft.timeoutMinutes ?? 0,
      ...(draft.noSuccessDays ? { noSuccessfulDataBackupAlarmDays: draft.noSuccessDays } : {}),
      ...(draft.logDelaySeconds ? { logBackupDelaySeconds: draft.logDelaySeconds } : {}),
    },
    obBackupServiceStorageConfig: {
      ...choice,
      ...(draft.storage.kind === 'typed' && name ? { configName: name } : {}),
      ...(draft.storagePercent ? { alarmStoragePercentageThreshold: draft.storagePercent } : {}),
    },
  };
}
