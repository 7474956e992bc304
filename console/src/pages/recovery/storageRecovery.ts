import type { Restore } from '../../api/types';
import { newTenantOf, untilOf, type TenantWish } from './tenantRecovery';

/** Whose physical backups lie in a storage, as it was typed. */
export interface StorageSource {
  storage: number | undefined;
  /** OceanBase's name of the cluster. */
  clusterName: string;
  /** OceanBase's number of the cluster. */
  clusterId: number | null;
  tenantId: number | null;
  /** Needed before OceanBase 4.0; empty for none. */
  tenantName: string;
  /** Folders below the storage; empty for those that Lifeboat lays out. */
  dataFolder: string;
  logFolder: string;
}

/** Nothing typed yet. */
export const NO_SOURCE: StorageSource = {
  storage: undefined,
  clusterName: '',
  clusterId: null,
  tenantId: null,
  tenantName: '',
  dataFolder: '',
  logFolder: '',
};

/** Returns the request that recovers a tenant when only the storage is left; nothing while something is missing. */
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
