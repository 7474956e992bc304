import type { ClusterRestore } from '../../api/types';
import { momentOf } from './tenantRecovery';

/** The typed recovery of a cluster's tenants. */
export interface ClusterWish {
  /** The ticked tenants. */
  tenants: number[];
  /** The cluster to recover into. */
  cluster: number;
  /** A time in the reader's zone, in the format of the browser's field; empty for the latest time of each tenant. */
  time: string;
  /** Appended to the names. */
  suffix: string;
  /** The mapping of zones, as it was typed. */
  zones: string;
  /** The number of restores at the same time. */
  parallel: number;
  /** Whether the new tenants stay standbys. */
  isStandby: boolean;
  /** The password of encrypted backups; empty for none. */
  password: string;
}

/** The most restores at the same time. */
export const PARALLEL_MAX = 32;

/** Reads a mapping such as `zone1=z1, zone2=z2`; undefined while it is incomplete. */
export function zonesOf(text: string): Record<string, string> | undefined {
  const zones: Record<string, string> = {};
  for (const pair of text.split(',').map((part) => part.trim()).filter(Boolean)) {
    const [from = '', to = '', ...rest] = pair.split('=').map((name) => name.trim());
    if (!from || !to || rest.length > 0 || from in zones) return undefined;
    zones[from] = to;
  }
  return zones;
}

/** Returns the request for the API; undefined while a field is missing or wrong. */
export function clusterBody(source: number, all: number[], wish: ClusterWish): ClusterRestore | undefined {
  const zoneMapping = zonesOf(wish.zones);
  const moment = wish.time ? momentOf(wish.time) : '';
  if (!zoneMapping || moment === undefined || wish.tenants.length === 0 || !wish.cluster) return undefined;
  const isWhole = all.every((tenant) => wish.tenants.includes(tenant));
  return {
    backupClusterId: source,
    // The server takes all user tenants if none is named, also one that was created meanwhile.
    ...(isWhole ? {} : { backupTenantIdList: wish.tenants }),
    restoreClusterId: wish.cluster,
    ...(moment ? { restoreEndTime: moment } : {}),
    ...(wish.suffix.trim() ? { nameSuffix: wish.suffix.trim() } : {}),
    ...(Object.keys(zoneMapping).length > 0 ? { zoneMapping } : {}),
    parallel: wish.parallel,
    ...(wish.isStandby ? { role: 'STANDBY' as const } : {}),
    ...(wish.password ? { passwords: [wish.password] } : {}),
  };
}
