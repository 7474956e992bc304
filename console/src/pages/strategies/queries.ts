import { queryOptions } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { Schedule, Strategy, StrategyRun, UnreadableStrategy } from '../../api/types';
import { CALENDAR_DAYS } from './days';
import { strategyCalls, type Scope } from './scope';

const MOST = 2000;

/** How often is looked: a run that is missed raises no event. */
export const EVERY_MS = 10_000;

/** How often the calendar is read: it may be thousands of runs, and those that have a task raise events. */
export const CALENDAR_EVERY_MS = 30_000;

/** The strategies of all clusters, as many as one answer may hold. */
export const allStrategiesQuery = queryOptions({
  queryKey: keys.allStrategies,
  queryFn: () => answer(client.GET('/api/v2/backup/strategies', { params: { query: { page: 1, size: MOST } } })),
});

/** The strategies of a cluster and of its tenants. */
export function strategiesQuery(cluster: number) {
  return queryOptions({ ...clusterQuery(cluster), select: ({ contents }) => contents });
}

/** The strategies of a cluster and of its tenants whose settings the server cannot read. */
export function unreadableQuery(cluster: number) {
  return queryOptions({ ...clusterQuery(cluster), select: ({ unreadable }) => unreadable });
}

/** Both of them, as they are kept. */
export type ClusterStrategies = { contents: Strategy[]; unreadable: UnreadableStrategy[] };

function clusterQuery(cluster: number) {
  return queryOptions({
    queryKey: keys.strategies(cluster),
    queryFn: async (): Promise<ClusterStrategies> => {
      const query = { clusterId: cluster, page: 1, size: MOST };
      const { contents, unreadable } = await answer(client.GET('/api/v2/backup/strategies', { params: { query } }));
      return { contents, unreadable };
    },
  });
}

/** What became of a strategy's due times, the newest first. */
export function runsQuery(scope: Scope, filter: { page: number; size: number }) {
  return queryOptions({
    queryKey: keys.strategyRuns(scope.cluster, scope.tenant, filter),
    queryFn: () => strategyCalls(scope).runs(filter),
  });
}

/** The runs that the calendar is about. */
export function calendarQuery(scope: Scope) {
  return queryOptions({
    queryKey: keys.strategyRuns(scope.cluster, scope.tenant, 'calendar'),
    queryFn: async () => {
      const startTime = new Date(Date.now() - (CALENDAR_DAYS + 1) * 86_400_000).toISOString();
      const runs: StrategyRun[] = [];
      for (let page = 1; ; page += 1) {
        const { contents, page: found } = await strategyCalls(scope).runs({ page, size: MOST, startTime });
        runs.push(...contents);
        if (page >= found.totalPages) return runs;
      }
    },
  });
}

/** The next runs of a strategy as it is saved. */
export function nextRunsQuery(scope: Scope) {
  return queryOptions({
    queryKey: keys.nextRuns(scope.cluster, scope.tenant),
    queryFn: () => strategyCalls(scope).nextRuns(),
  });
}

/** What a schedule that is not saved is for; no storage is one that is not saved. */
export interface PlannedFor {
  clusterId: number;
  tenantId?: number;
  storageId?: number;
}

/** The next runs of a schedule that is not saved; a refusal says what is wrong with it. */
export function plannedRunsQuery(schedule: Schedule | undefined, query: PlannedFor) {
  return queryOptions({
    queryKey: keys.plannedRuns(schedule, query),
    enabled: schedule !== undefined,
    queryFn: () => answer(client.POST('/api/v2/backup/strategies/nextRuns', { params: { query }, body: schedule as Schedule })),
    gcTime: 0,
    retry: false,
  });
}
