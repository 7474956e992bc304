import { Problem } from '../../api/problem';

/** The fields of the form that the server may refuse. */
export type Field =
  | 'object'
  | 'method'
  | 'storage'
  | 'storageName'
  | 'days'
  | 'time'
  | 'zone'
  | 'cron'
  | 'window'
  | 'jitter'
  | 'cleanUp'
  | 'retentionDays'
  | 'cleanUpTime'
  | 'thresholds';

/** The field that each refusal is about, by the refusal’s name. */
export const FIELDS: Record<string, Field> = {
  'strategy-of-cluster-exists': 'object',
  'strategy-of-tenant-exists': 'object',
  'strategy-of-tenant-unsupported': 'object',
  'physical-not-of-sys': 'object',
  'logical-not-of-sys': 'object',
  'strategy-stays-physical': 'method',
  'strategy-logical-without-logs': 'method',
  'physical-not-offered': 'method',
  'logical-not-offered': 'method',
  'name-malformed': 'storageName',
  'name-taken': 'storageName',
  'logical-is-full-only': 'days',
  'schedule-without-full': 'days',
  'schedule-too-many-days': 'days',
  'schedule-full-days-of-full': 'days',
  'schedule-day-unknown': 'days',
  'schedule-day-twice': 'days',
  'schedule-time-malformed': 'time',
  'schedule-zone-unknown': 'zone',
  'schedule-zone-twice': 'zone',
  'schedule-zone-fields': 'zone',
  'schedule-cron-malformed': 'cron',
  'schedule-never-due': 'cron',
  'schedule-too-often': 'cron',
  'schedule-time-in-window': 'window',
  'schedule-window-empty': 'window',
  'schedule-window-too-short': 'window',
  'schedule-window-leaves-no-time': 'window',
  'schedule-jitter-too-long': 'jitter',
  'strategy-clean-up-not-offered': 'cleanUp',
  'strategy-clean-up-off': 'cleanUp',
  'strategy-retention-days-out-of-range': 'retentionDays',
  'strategy-threshold-out-of-range': 'thresholds',
  'percentage-out-of-range': 'thresholds',
};

/** The field of the form for each field of the request that a refusal may name. */
const NAMED: Record<string, Field> = {
  dayAndDataBackupModelMap: 'days',
  fullOnDays: 'days',
  fullOnCycle: 'days',
  backupScheduleTime: 'time',
  scheduleZone: 'zone',
  cronExpression: 'cron',
  quietWindow: 'window',
  jitterSeconds: 'jitter',
  cleanEnabled: 'cleanUp',
  backupDataRetentionDays: 'retentionDays',
  cleanScheduleTime: 'cleanUpTime',
};

/** Returns the field that a refusal is about; nothing where it is about none of them. */
export function fieldOf(error: unknown): Field | undefined {
  const words = error instanceof Problem ? error.words : undefined;
  if (!words) return undefined;
  return FIELDS[words.id] ?? (words.field ? NAMED[words.field] : undefined) ?? (words.id.startsWith('storage-') ? 'storage' : undefined);
}
