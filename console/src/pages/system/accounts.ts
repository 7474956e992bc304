import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { components } from '../../api/schema';

type Schemas = components['schemas'];

export type Account = Schemas['AccountView'];
export type AuditLine = Schemas['AuditLineView'];
export type Role = Schemas['Role'];

export const ROLES: Role[] = ['ADMIN', 'BACKUP_MANAGER', 'CLUSTER_VIEWER'];

/** Requests a page of the accounts. */
export function accountsQuery(page: number, size: number) {
  return {
    queryKey: [...keys.accounts, page, size],
    queryFn: () => answer(client.GET('/api/v2/users', { params: { query: { page, size } } })),
  };
}

/** The filter of the audit log. */
export interface AuditFilter {
  page: number;
  size: number;
  startTime?: string;
  endTime?: string;
  user?: string;
  action?: string;
  object?: string;
}

/** Requests a page of the audit log. */
export function auditQuery(filter: AuditFilter) {
  return {
    queryKey: ['audit', filter],
    queryFn: () => answer(client.GET('/api/v2/audit', { params: { query: filter } })),
  };
}
