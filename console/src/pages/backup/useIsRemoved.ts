import type { BackupSet } from '../../api/types';
import { useAllClusters } from '../../parts/useAllClusters';

/** Returns whether the cluster of a backup set was removed; false until the clusters are known. */
export function useIsRemoved(): (set: BackupSet) => boolean {
  const known = useAllClusters().data?.contents;
  return ({ clusterId }) => known !== undefined && !known.some(({ id }) => id === clusterId);
}
