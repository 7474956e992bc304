import { useQuery } from '@tanstack/react-query';

import type { BackupObject, Cluster } from '../../api/types';
import { useLabels } from '../../locales';
import { tenantsQuery } from './queries';

interface ChosenProps {
  cluster: Cluster;
  /** Whether the backup is logical and can thus contain parts of a tenant. */
  hasParts: boolean;
  objects: BackupObject[];
}

/** A text about the selected objects: their number, the total, and their names. */
export function Chosen({ cluster, hasParts, objects }: ChosenProps) {
  const { backUpNow, state } = useLabels();
  const tenants = useQuery(tenantsQuery(cluster.id)).data?.contents ?? [];
  const fit = tenants.filter((tenant) => !(hasParts ? tenant.logicalDisabled : tenant.physicalDisabled));
  const nameOf = (id: unknown) => tenants.find((tenant) => tenant.id === id)?.name ?? String(id);
  const of = (kind: BackupObject['backupDimension']) => objects.filter((object) => object.backupDimension === kind);
  const chosen = of('TENANT').map(({ tenantId }) => nameOf(tenantId));
  const databases = of('DATABASE').map(({ databaseName }) => String(databaseName));
  const tables = of('TABLE').map(({ databaseName, tableName }) => `${databaseName}.${tableName}`);
  const tenant = nameOf(objects[0]?.tenantId);
  const parts = [
    of('CLUSTER').length ? backUpNow.wholeCluster(cluster.name) : '',
    chosen.length ? backUpNow.tenantsChosen(chosen.length, fit.length, names(chosen)) : '',
    databases.length ? backUpNow.databasesChosen(databases.length, tenant, names(databases)) : '',
    tables.length ? backUpNow.tablesChosen(tables.length, tenant, names(tables)) : '',
  ];
  return (
    <p className="quiet hint" aria-live="polite" data-testid="chosen">
      {backUpNow.chosen(parts.filter(Boolean).join(state.semicolon))}
    </p>
  );
}

/** The maximum number of shown names. */
const MOST = 8;

function names(all: string[]): string {
  return all.length > MOST ? `${all.slice(0, MOST).join(', ')}, …` : all.join(', ');
}
