import { queryOptions } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { ProtectedObject } from '../../api/types';

const SIZE = 2000;

/** The polling interval: ages grow without any event. */
const EVERY_MS = 60_000;

/** All objects to back up, with the ages of their backups; of one cluster or of all. */
export function protectionQuery(clusterId?: number) {
  return queryOptions({
    queryKey: keys.protection(clusterId),
    refetchInterval: EVERY_MS,
    queryFn: async () => {
      const objects: ProtectedObject[] = [];
      for (let page = 1; ; page += 1) {
        const query = { page, size: SIZE, ...(clusterId === undefined ? {} : { clusterId }) };
        const { contents, page: found } = await answer(client.GET('/api/v2/backup/objects', { params: { query } }));
        objects.push(...contents);
        if (page >= found.totalPages) return objects;
      }
    },
  });
}
