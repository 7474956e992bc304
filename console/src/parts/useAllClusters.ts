import { useQuery } from '@tanstack/react-query';

import { answer, client } from '../api/client';
import { keys } from '../api/keys';

const MOST = 2000;

/** Returns all clusters, as many as one answer may hold. */
export function useAllClusters() {
  return useQuery({
    queryKey: keys.clusters('all'),
    queryFn: () => answer(client.GET('/api/v2/ob/clusters', { params: { query: { page: 1, size: MOST } } })),
  });
}
