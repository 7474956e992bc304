import type { Alarm, Cluster } from '../../api/types';

/** An answer that is older tells nothing about now: a server that runs asks each cluster every minute. */
const OLD_MS = 10 * 60_000;

/** Returns whether a cluster answers: what it said last is corrected by an alarm that holds now. */
export function lookOf(
  cluster: Pick<Cluster, 'id' | 'status' | 'updateTime'>,
  alarms: Alarm[] | undefined,
  now = Date.now(),
): { status: Cluster['status']; isOld: boolean } {
  const isAway = alarms?.some(({ alarmType, clusterId }) => alarmType === 'cluster_unavailable' && clusterId === cluster.id);
  const isOld = now - new Date(cluster.updateTime).getTime() > OLD_MS;
  return { status: isAway ? 'UNAVAILABLE' : cluster.status, isOld };
}
