import type { ClusterStanding, PlannedRun, ScheduleStatus, Strategy, StrategyRun } from '../../api/types';

/** A row of the table of objects: a cluster, or a tenant that has its own strategy. */
export interface ObjectRow {
  key: string;
  cluster: ClusterStanding;
  /** The tenant's strategy; undefined in the row of a cluster. */
  tenant?: Strategy;
  status: ScheduleStatus;
  next: PlannedRun | null | undefined;
  last: StrategyRun | null | undefined;
  /** How many strategies of the cluster's tenants are abnormal. */
  abnormalTenants: number;
  children?: ObjectRow[];
}

/** Returns a row for each cluster, with the rows of its tenants that have a strategy. */
export function rowsOf(clusters: ClusterStanding[], strategies: Strategy[]): ObjectRow[] {
  return clusters.map((cluster) => {
    const tenants = strategies.filter(({ clusterId, tenantId }) => clusterId === cluster.clusterId && typeof tenantId === 'number');
    const children = tenants.map(
      (tenant): ObjectRow => ({
        key: `${cluster.clusterId} ${tenant.strategyId}`,
        cluster,
        tenant,
        status: tenant.backupScheduleStatus,
        next: tenant.nextRun,
        last: tenant.lastRun,
        abnormalTenants: 0,
      }),
    );
    return {
      key: String(cluster.clusterId),
      cluster,
      status: cluster.backupScheduleStatus,
      next: cluster.nextBackupRun,
      last: cluster.lastBackupRun,
      abnormalTenants: children.filter(({ status }) => status === 'ABNORMAL').length,
      ...(children.length ? { children } : {}),
    };
  });
}
