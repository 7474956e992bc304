import { queryOptions } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';

/** The library of storage configurations, as much as one answer may hold. */
export const storagesQuery = queryOptions({
  queryKey: keys.storages('all'),
  queryFn: () => answer(client.GET('/api/v2/backup/storages', { params: { query: { page: 1, size: 2000 } } })),
});

/** One storage configuration, also one that was typed in for a task and has no name. */
export function storageQuery(id: number) {
  return queryOptions({
    queryKey: keys.storages(id),
    queryFn: () => answer(client.GET('/api/v2/backup/storages/{id}', { params: { path: { id } } })),
  });
}
