import type { Compaction, Compactions } from '../../api/types';

/** How many compactions are in which state. */
export interface Shares {
  error: number;
  compacting: number;
  completed: number;
}

/** Counts the compactions by their state. A tenant on which none has ever ended has completed none. */
export function sharesOf(tenants: Compaction[]): Shares {
  const of = (status: Compaction['status']) => tenants.filter((tenant) => tenant.status === status);
  return { error: of('ERROR').length, compacting: of('COMPACTING').length, completed: of('IDLE').filter(({ finishTime }) => finishTime).length };
}

/** When the last major compaction began and ended: from the first tenant's begin to the last one's end. */
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
 * Tells whether a major compaction has ended since some moment: only then a task that waits for one gets on. Moments of
 * the server and of the database may differ by their clocks, so that the versions that were merged are compared.
 */
export function hasEndedSince(before: Compactions, now: Compactions): boolean {
  const merged = new Map(before.tenants.map(({ tenantId, mergedVersion }) => [tenantId, mergedVersion]));
  return (
    now.compactionStatus === 'IDLE' &&
    now.tenants.some(({ tenantId, mergedVersion }) => merged.get(tenantId) !== mergedVersion)
  );
}
