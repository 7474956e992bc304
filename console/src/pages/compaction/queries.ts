import { queryOptions } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';

/** How often a compaction that runs is looked at; nothing tells of one that others began. */
const RUNNING_MS = 2000;
const IDLE_MS = 15_000;

/** How major compaction of a cluster stands, as the cluster says now. */
export function compactionQuery(id: number) {
  return queryOptions({
    queryKey: keys.compaction(id),
    queryFn: () => answer(client.GET('/api/v2/ob/clusters/{id}/compaction', { params: { path: { id } } })),
    refetchInterval: ({ state: { data } }) =>
      data?.runningTaskId || data?.compactionStatus === 'COMPACTING' ? RUNNING_MS : IDLE_MS,
  });
}
