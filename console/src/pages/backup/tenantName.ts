import type { Labels } from '../../locales/en';

/** Returns a row's tenant; before 4.0 a row may be about the whole cluster, which the server calls `cluster`. */
export function tenantName({ tenantId, tenantName: name }: { tenantId: number; tenantName: string }, labels: Labels): string {
  return tenantId === 1 && name === 'cluster' ? labels.backup.wholeCluster : name;
}
