import { queryOptions } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';

/** The tenants that have physical backups in a storage, and the presumable times of the one in a folder. */
export function storageInfoQuery(storage: number, folder?: string) {
  return queryOptions({
    queryKey: keys.storageInfo(storage, folder),
    queryFn: () =>
      answer(
        client.GET('/api/v2/backup/storages/{id}/restore/info', {
          params: { path: { id: storage }, query: folder ? { folder } : {} },
        }),
      ),
    retry: false,
  });
}

/** The recoverable times of a tenant from its physical backups. */
export function recoveryInfoQuery(cluster: number, tenant: number) {
  return queryOptions({
    queryKey: keys.recoveryInfo(cluster, tenant),
    queryFn: () =>
      answer(
        client.GET('/api/v2/ob/clusters/{id}/tenants/{tenantId}/backup/info', {
          params: { path: { id: cluster, tenantId: tenant } },
        }),
      ),
  });
}
