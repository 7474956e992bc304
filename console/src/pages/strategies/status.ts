import type { PlannedRun, ScheduleStatus, Strategy, StrategyRun } from '../../api/types';

/** Returns how the schedule of a strategy stands, by what is shown of it; whether a run waits is known of a cluster's alone. */
export function statusOf({ obBackupScheduleConfig: { backupScheduleEnabled }, lastRun }: Strategy, isWaiting = false): ScheduleStatus {
  if (!backupScheduleEnabled) return 'PAUSED';
  if (isWaiting) return 'WAITING';
  return lastRun?.status === 'FAILED' || lastRun?.status === 'MISSED' ? 'ABNORMAL' : 'NORMAL';
}

/** How the schedule of a cluster stands. */
export interface Standing {
  status: ScheduleStatus;
  next?: PlannedRun | null | undefined;
  last?: StrategyRun | null | undefined;
}

/** Returns how the strategies of a cluster stand: its own, and without one the worst of its tenants'. */
export function standingOf(strategies: Strategy[]): Standing {
  const own = strategies.find(({ tenantId }) => typeof tenantId !== 'number');
  const shown = own ?? strategies.find((each) => statusOf(each) === 'ABNORMAL') ?? strategies[0];
  return shown ? { status: statusOf(shown), next: shown.nextRun, last: shown.lastRun } : { status: 'NONE' };
}
