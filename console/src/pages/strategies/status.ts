import type { ScheduleStatus, Strategy } from '../../api/types';

/** Returns how the schedule of a strategy stands. */
export function statusOf({ obBackupScheduleConfig: { backupScheduleEnabled }, lastRun }: Strategy): ScheduleStatus {
  if (!backupScheduleEnabled) return 'PAUSED';
  return lastRun?.status === 'FAILED' || lastRun?.status === 'MISSED' ? 'ABNORMAL' : 'NORMAL';
}
