import { answer, client } from '../../api/client';
import type { NewStrategy, PauseToo, Strategy, StrategyChange } from '../../api/types';
import type { Labels } from '../../locales/en';

/** What a strategy backs up: a cluster, or one tenant of it. */
export interface Scope {
  cluster: number;
  tenant?: number;
}

/** What names a strategy, also one whose settings cannot be read. */
export type NamedStrategy = Pick<Strategy, 'strategyId' | 'clusterId' | 'clusterName' | 'tenantId' | 'tenantName'>;

/** Which runs are wanted. */
interface RunsQuery {
  page: number;
  size: number;
  /** Those that were due then or later. */
  startTime?: string;
}

/** Returns what a strategy backs up. */
export function scopeOf({ clusterId, tenantId }: NamedStrategy): Scope {
  return typeof tenantId === 'number' ? { cluster: clusterId, tenant: tenantId } : { cluster: clusterId };
}

/** Returns the name of what a strategy backs up. */
export function objectOf({ clusterName, tenantId, tenantName }: NamedStrategy, { strategy }: Labels): string {
  if (typeof tenantId !== 'number') return strategy.ofCluster(clusterName);
  return tenantName ? strategy.ofTenant(tenantName) : strategy.goneTenant(tenantId);
}

/** Returns the name of what a strategy backs up, for the middle of a sentence. */
export function namedObject(named: NamedStrategy, labels: Labels): string {
  const { clusterName, tenantId, tenantName } = named;
  if (typeof tenantId !== 'number') return labels.strategy.theCluster(clusterName);
  return tenantName ? labels.strategy.theTenant(tenantName) : objectOf(named, labels);
}

/** Returns the calls about the strategy of a scope; each returns a promise of its answer. */
export function strategyCalls({ cluster: id, tenant: tenantId }: Scope) {
  if (tenantId === undefined) {
    const path = { path: { id } };
    return {
      create: (body: NewStrategy) => answer(client.POST('/api/v2/ob/clusters/{id}/backup/config/backupStrategy', { params: path, body })),
      change: (body: StrategyChange) => answer(client.PATCH('/api/v2/ob/clusters/{id}/backup/config/backupStrategy', { params: path, body })),
      remove: () => answer(client.DELETE('/api/v2/ob/clusters/{id}/backup/config/backupStrategy', { params: path })),
      pause: (body: PauseToo) =>
        answer(client.POST('/api/v2/ob/clusters/{id}/backup/config/backupStrategy/stopSchedule', { params: path, body })),
      resume: () => answer(client.POST('/api/v2/ob/clusters/{id}/backup/config/backupStrategy/startSchedule', { params: path })),
      nextRuns: () => answer(client.GET('/api/v2/ob/clusters/{id}/backup/config/backupStrategy/nextRuns', { params: path })),
      runs: (query: RunsQuery) =>
        answer(client.GET('/api/v2/ob/clusters/{id}/backup/config/backupStrategy/runs', { params: { ...path, query } })),
    };
  }
  const path = { path: { id, tenantId } };
  return {
    create: (body: NewStrategy) =>
      answer(client.POST('/api/v2/ob/clusters/{id}/tenants/{tenantId}/backup/config/backupStrategy', { params: path, body })),
    change: (body: StrategyChange) =>
      answer(client.PATCH('/api/v2/ob/clusters/{id}/tenants/{tenantId}/backup/config/backupStrategy', { params: path, body })),
    /** Deletes it. Backups of the tenant are deleted by a shorter window of the cluster's strategy only if that is accepted. */
    remove: (acceptClusterRetention: boolean) =>
      answer(
        client.DELETE('/api/v2/ob/clusters/{id}/tenants/{tenantId}/backup/config/backupStrategy', {
          params: { ...path, ...(acceptClusterRetention ? { query: { acceptClusterRetention } } : {}) },
        }),
      ),
    pause: (body: PauseToo) =>
      answer(client.POST('/api/v2/ob/clusters/{id}/tenants/{tenantId}/backup/config/backupStrategy/stopSchedule', { params: path, body })),
    resume: () =>
      answer(client.POST('/api/v2/ob/clusters/{id}/tenants/{tenantId}/backup/config/backupStrategy/startSchedule', { params: path })),
    nextRuns: () =>
      answer(client.GET('/api/v2/ob/clusters/{id}/tenants/{tenantId}/backup/config/backupStrategy/nextRuns', { params: path })),
    runs: (query: RunsQuery) =>
      answer(
        client.GET('/api/v2/ob/clusters/{id}/tenants/{tenantId}/backup/config/backupStrategy/runs', { params: { ...path, query } }),
      ),
  };
}
