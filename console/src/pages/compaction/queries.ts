import { queryOptions } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';

/** The polling interval of a running compaction: there are no events about compactions that others started. */
const RUNNING_MS = 2000;
const IDLE_MS = 15_000;

/** The current status of major compaction, from the cluster. */
export function compactionQuery(id: number) {
  return queryOptions({
    queryKey: keys.compaction(id),
    queryFn: () => answer(client.GET('/api/v2/ob/clusters/{id}/compaction', { params: { path: { id } } })),
    refetchInterval: ({ state: { data } }) =>
      data?.runningTaskId || data?.compactionStatus === 'COMPACTING' ? RUNNING_MS : IDLE_MS,
  });
}
