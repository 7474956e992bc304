import { queryOptions } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';

/** The saved storage configurations, up to the maximum of one answer. */
export const storagesQuery = queryOptions({
  queryKey: keys.storages('all'),
  queryFn: () => answer(client.GET('/api/v2/backup/storages', { params: { query: { page: 1, size: 2000 } } })),
});

/** One storage configuration; one that was typed in for a task has no name. */
export function storageQuery(id: number) {
  return queryOptions({
    queryKey: keys.storages(id),
    queryFn: () => answer(client.GET('/api/v2/backup/storages/{id}', { params: { path: { id } } })),
  });
}
