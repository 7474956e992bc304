import type { Alarm } from '../../api/types';

/** Returns the address of an alarm's object, with more details and actions; undefined if there is no such page. */
export function placeOf({ alarmType, clusterId, taskId }: Pick<Alarm, 'alarmType' | 'clusterId' | 'taskId'>): string | undefined {
  if (typeof taskId === 'number') return `/tasks/${taskId}`;
  if (alarmType === 'lifeboat_disk_unavailable') return '/system';
  if (alarmType === 'channel_failing') return '/system/channels';
  if (typeof clusterId !== 'number') return undefined;
  switch (alarmType) {
    case 'cluster_unavailable':
      return `/clusters/${clusterId}`;
    case 'backup_run_missed':
    case 'backup_strategy_owner_invalid':
    case 'backup_strategy_unreadable':
    case 'backup_clean_up_failing':
      return `/clusters/${clusterId}/backup?list=strategy`;
    case 'backup_storage_capacity_over_threshold':
      return `/clusters/${clusterId}/backup?list=storage`;
    case 'backup_partial':
    case 'base_backup_too_long_time_no_one_success_task':
      return `/clusters/${clusterId}/backup`;
    default:
      return `/clusters/${clusterId}/backup?list=logs`;
  }
}
