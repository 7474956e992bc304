import { useQuery } from '@tanstack/react-query';

import { answer, client } from '../api/client';
import { keys } from '../api/keys';

const MOST = 2000;

/** Returns all clusters, up to the maximum of one answer. */
export function useAllClusters() {
  return useQuery({
    queryKey: keys.clusters('all'),
    queryFn: () => answer(client.GET('/api/v2/ob/clusters', { params: { query: { page: 1, size: MOST } } })),
  });
}
