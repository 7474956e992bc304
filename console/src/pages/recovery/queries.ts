import { queryOptions } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';

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
