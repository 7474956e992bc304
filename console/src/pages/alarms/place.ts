import type { Alarm } from '../../api/types';

/** Returns the address of what an alarm is about: where one sees more, and can do something. */
export function placeOf({ alarmType, clusterId, taskId }: Pick<Alarm, 'alarmType' | 'clusterId' | 'taskId'>): string {
  if (typeof taskId === 'number') return `/tasks/${taskId}`;
  return alarmType === 'cluster_unavailable' ? `/clusters/${clusterId}` : `/clusters/${clusterId}/backup?list=logs`;
}
