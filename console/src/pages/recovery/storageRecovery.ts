import type { Restore } from '../../api/types';
import { newTenantOf, untilOf, type TenantWish } from './tenantRecovery';

/** The owner and folders of physical backups in a storage, as entered. */
export interface StorageSource {
  storage: number | undefined;
  /** The cluster name in OceanBase. */
  clusterName: string;
  /** The cluster ID in OceanBase. */
  clusterId: number | null;
  tenantId: number | null;
  /** Required before OceanBase 4.0; may be empty later. */
  tenantName: string;
  /** A folder below the storage; empty for Lifeboat's own layout. */
  dataFolder: string;
  logFolder: string;
}

/** An empty form. */
export const NO_SOURCE: StorageSource = {
  storage: undefined,
  clusterName: '',
  clusterId: null,
  tenantId: null,
  tenantName: '',
  dataFolder: '',
  logFolder: '',
};

/** Returns the request that recovers a tenant from a storage; undefined while a value is missing. */
export function storageBody(source: StorageSource, wish: TenantWish, zones: string[]): Restore | undefined {
  const { storage, clusterId, tenantId } = source;
  const [clusterName, tenantName, dataFolder, logFolder] = [source.clusterName, source.tenantName, source.dataFolder, source.logFolder].map((text) => text.trim());
  const until = untilOf(wish);
  const newTenant = newTenantOf(wish, zones);
  if (storage === undefined || !clusterName || clusterId === null || tenantId === null || !wish.cluster || !until || !newTenant) return undefined;
  return {
    backupTenantStatus: 'OFFLINE',
    restoreOfflineTenantRequiredParam: {
      storageId: storage,
      backupClusterName: clusterName,
      backupObClusterId: clusterId,
      backupObTenantId: tenantId,
      ...(tenantName ? { backupTenantName: tenantName } : {}),
      ...(dataFolder ? { dataFolder } : {}),
      ...(logFolder ? { logFolder } : {}),
      restoreClusterId: wish.cluster,
      ...until,
      ...(wish.password ? { passwords: [wish.password] } : {}),
      restoreTenantInfoParam: newTenant,
    },
  };
}
