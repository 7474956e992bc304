import type { Alarm, ClusterStanding, TaskHead } from '../../api/types';
import { isCancelled } from '../tasks/cancelled';

/** How many days a metric of a week looks back. */
const WEEK_MS = 7 * 86_400_000;

/** How many ended, and how many of them well. */
export interface Ended {
  good: number;
  all: number;
}

/** What ended within a week. */
export interface Week {
  backups: Ended;
  recoveries: Ended;
}

/** The kinds of tasks, by what they do. */
const KINDS: Record<string, keyof Week> = {
  'backup-logical': 'backups',
  'backup-physical': 'backups',
  'restore-logical': 'recoveries',
  'restore-tenant': 'recoveries',
};

/** Tells whether a list of tasks, the newest first, reaches far enough back to count a week. */
export function reachesWeek(tasks: TaskHead[], now: number): boolean {
  const oldest = tasks.at(-1);
  return oldest !== undefined && new Date(oldest.createTime).getTime() < now - WEEK_MS;
}

/** Counts what ended within a week. A partial backup is no success; what somebody cancelled counts neither way. */
export function weekOf(tasks: TaskHead[], now: number): Week {
  const week: Week = { backups: { good: 0, all: 0 }, recoveries: { good: 0, all: 0 } };
  for (const task of tasks) {
    const kind = KINDS[task.taskDefinitionId];
    if (!kind || !task.finishTime || task.status === 'RUNNING' || isCancelled(task)) continue;
    if (new Date(task.finishTime).getTime() < now - WEEK_MS) continue;
    week[kind].all += 1;
    if (task.status === 'SUCCESSFUL' && !task.partial) week[kind].good += 1;
  }
  return week;
}

/** Returns the objects whose log backup is late or interrupted, one alarm each. */
export function delayedOf(alarms: Alarm[]): Alarm[] {
  const objects = new Map<string, Alarm>();
  for (const alarm of alarms) {
    if (alarm.alarmType === 'inc_backup_delay' || alarm.alarmType === 'log_backup_interrupted') {
      objects.set(`${alarm.clusterId} ${alarm.tenantId ?? ''}`, alarm);
    }
  }
  return [...objects.values()];
}

/** Returns how many clusters have a strategy, of their own or of one of their tenants. */
export function scheduledCount(clusters: Array<Pick<ClusterStanding, 'backupScheduleStatus'>>): number {
  return clusters.filter(({ backupScheduleStatus }) => backupScheduleStatus !== 'NONE').length;
}
