import type { Compaction, Compactions } from '../../api/types';

/** The number of compactions by status. */
export interface Shares {
  error: number;
  compacting: number;
  completed: number;
}

/** Counts the compactions by status. A tenant without any finished compaction does not count as completed. */
export function sharesOf(tenants: Compaction[]): Shares {
  const of = (status: Compaction['status']) => tenants.filter((tenant) => tenant.status === status);
  return { error: of('ERROR').length, compacting: of('COMPACTING').length, completed: of('IDLE').filter(({ finishTime }) => finishTime).length };
}

/**
 * Returns the newest start and the newest end of the tenants' major compactions; no end while a tenant is compacting or
 * has an error.
 */
export function lastOf(tenants: Compaction[]): { began: string | undefined; ended: string | undefined } {
  const newest = (moments: Array<string | null | undefined>) =>
    moments
      .filter((moment) => typeof moment === 'string')
      .sort((a, b) => new Date(b).getTime() - new Date(a).getTime())[0];
  const isRunning = tenants.some(({ status }) => status !== 'IDLE');
  return {
    began: newest(tenants.map(({ startTime }) => startTime)),
    ended: isRunning ? undefined : newest(tenants.map(({ finishTime }) => finishTime)),
  };
}

/**
 * Returns whether a major compaction has finished since the first of two readings: only then a task that waits for one
 * continues. The clocks of the server and of the database may differ, so the merged versions are compared.
 */
export function hasEndedSince(before: Compactions, now: Compactions): boolean {
  const merged = new Map(before.tenants.map(({ tenantId, mergedVersion }) => [tenantId, mergedVersion]));
  return (
    now.compactionStatus === 'IDLE' &&
    now.tenants.some(({ tenantId, mergedVersion }) => merged.get(tenantId) !== mergedVersion)
  );
}
