import type { ClusterStanding, Strategy } from '../../api/types';
import { scopeOf } from '../strategies/scope';
import { standingOf, statusOf, type Standing } from '../strategies/status';

/** A row of the table of objects: a cluster, or a tenant that has a strategy of its own. */
export interface ObjectRow {
  key: string;
  cluster: ClusterStanding;
  /** The tenant's strategy; nothing in the row of a cluster. */
  tenant?: Strategy;
  standing: Standing;
  /** How many tenants' strategies are abnormal, where the state of the cluster's row does not say so. */
  abnormalTenants: number;
  children?: ObjectRow[];
}

/** Returns a row for each cluster, with the rows of its tenants that have a strategy. */
export function rowsOf(clusters: ClusterStanding[], strategies: Strategy[]): ObjectRow[] {
  return clusters.map((cluster) => {
    const all = strategies.filter(({ clusterId }) => clusterId === cluster.clusterId);
    const tenants = all.filter((strategy) => scopeOf(strategy).tenant !== undefined);
    const standing = standingOf(all);
    const children = tenants.map(
      (tenant): ObjectRow => ({
        key: `${cluster.clusterId} ${tenant.strategyId}`,
        cluster,
        tenant,
        standing: { status: statusOf(tenant), next: tenant.nextRun, last: tenant.lastRun },
        abnormalTenants: 0,
      }),
    );
    const abnormal = children.filter(({ standing: { status } }) => status === 'ABNORMAL').length;
    return {
      key: String(cluster.clusterId),
      cluster,
      standing,
      abnormalTenants: standing.status === 'ABNORMAL' && tenants.length === all.length ? 0 : abnormal,
      ...(children.length ? { children } : {}),
    };
  });
}
