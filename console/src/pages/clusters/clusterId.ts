import { useQuery } from '@tanstack/react-query';
import { useParams } from 'react-router';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';

/** Returns the ID of the cluster in the address. */
export function useClusterId(): number {
  return Number(useParams().clusterId);
}

/** Returns a cluster. */
export function useCluster(id: number) {
  return useQuery({
    queryKey: keys.cluster(id),
    queryFn: () => answer(client.GET('/api/v2/ob/clusters/{id}', { params: { path: { id } } })),
  });
}
