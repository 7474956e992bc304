import { queryOptions } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';

/** The backup status of a cluster. */
export function overviewQuery(id: number) {
  return queryOptions({
    queryKey: keys.overview(id),
    queryFn: () => answer(client.GET('/api/v2/ob/clusters/{id}/backup/overview', { params: { path: { id } } })),
  });
}

/** The backup status of all clusters, in one answer. */
export const allOverviewQuery = queryOptions({
  queryKey: keys.allBackups,
  queryFn: () => answer(client.GET('/api/v2/backup/overview')),
});

/** What can be backed up of a cluster, and the defaults of the form. */
export function abilityQuery(id: number) {
  return queryOptions({
    queryKey: keys.ability(id),
    queryFn: () => answer(client.GET('/api/v2/ob/clusters/{id}/backup/ability', { params: { path: { id } } })),
  });
}

/** The tenants of a cluster, and what can be backed up of each. */
export function tenantsQuery(id: number) {
  return queryOptions({
    queryKey: keys.tenants(id),
    queryFn: () => answer(client.GET('/api/v2/ob/clusters/{id}/tenants', { params: { path: { id } } })),
  });
}
