import type { Alarm, Cluster } from '../../api/types';

/** The age from which on a status counts as old: a running server refreshes every cluster once a minute. */
const OLD_MS = 10 * 60_000;

/** Returns whether a cluster answers; a current alarm overrides its last status. */
export function lookOf(
  cluster: Pick<Cluster, 'id' | 'status' | 'updateTime'>,
  alarms: Alarm[] | undefined,
  now = Date.now(),
): { status: Cluster['status']; isOld: boolean } {
  const isAway = alarms?.some(({ alarmType, clusterId }) => alarmType === 'cluster_unavailable' && clusterId === cluster.id);
  const isOld = now - new Date(cluster.updateTime).getTime() > OLD_MS;
  return { status: isAway ? 'UNAVAILABLE' : cluster.status, isOld };
}
