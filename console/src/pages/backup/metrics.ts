import type { Alarm, ClusterStanding, TaskHead } from '../../api/types';
import { isCancelled } from '../tasks/cancelled';

/** The duration of a week in milliseconds. */
const WEEK_MS = 7 * 86_400_000;

/** The number of ended tasks, and of the successful ones among them. */
export interface Ended {
  good: number;
  all: number;
}

/** The tasks that ended within a week. */
export interface Week {
  backups: Ended;
  recoveries: Ended;
}

/** The metric of each kind of task. */
const KINDS: Record<string, keyof Week> = {
  'backup-logical': 'backups',
  'backup-physical': 'backups',
  'restore-logical': 'recoveries',
  'restore-tenant': 'recoveries',
  'recover-tables': 'recoveries',
};

/** Returns whether a list of tasks, newest first, covers a whole week. */
export function reachesWeek(tasks: TaskHead[], now: number): boolean {
  const oldest = tasks.at(-1);
  return oldest !== undefined && new Date(oldest.createTime).getTime() < now - WEEK_MS;
}

/** Counts the tasks that ended within a week. A partial backup is not a success; cancelled tasks are not counted. */
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

/** Returns how many clusters have a strategy, either of the cluster or of one of its tenants. */
export function scheduledCount(clusters: Array<Pick<ClusterStanding, 'backupScheduleStatus'>>): number {
  return clusters.filter(({ backupScheduleStatus }) => backupScheduleStatus !== 'NONE').length;
}
