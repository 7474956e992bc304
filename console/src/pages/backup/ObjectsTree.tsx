import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { BackupObject, Cluster, Tenant } from '../../api/types';
import { useLabels, useLanguage } from '../../locales';
import { formatBytes, formatCount } from '../../parts/format';
import { Loaded } from '../../parts/PageState';
import { databaseNode, node, tableNode, unfitNode, type ObjectNode } from './objects';
import { OpenTree } from './OpenTree';

interface ObjectsTreeProps {
  cluster: Cluster;
  /** Whether parts of a tenant can be chosen: logical backup takes them. */
  hasParts: boolean;
  onChange: (objects: BackupObject[]) => void;
}

/** The cluster, its tenants, their databases and tables; what is below a node is read when it is opened. */
export function ObjectsTree({ cluster, hasParts, onChange }: ObjectsTreeProps) {
  const tenants = useQuery({
    queryKey: keys.tenants(cluster.id),
    queryFn: () => answer(client.GET('/api/v2/ob/clusters/{id}/tenants', { params: { path: { id: cluster.id } } })),
  });
  return (
    <Loaded query={tenants}>
      {({ contents }) => (
        <RootedTree
          key={String(hasParts)}
          cluster={cluster}
          tenants={contents}
          hasParts={hasParts}
          onChange={onChange}
        />
      )}
    </Loaded>
  );
}

function rootOf(cluster: Cluster, tenants: Tenant[], hasParts: boolean): ObjectNode {
  const root = node(cluster.name, { clusterId: cluster.id, backupDimension: 'CLUSTER' }, false);
  root.children = tenants.map(({ id, name, logicalDisabled }) => {
    const object: BackupObject = { clusterId: cluster.id, tenantId: id, backupDimension: 'TENANT' };
    if (hasParts && logicalDisabled) return unfitNode(name, object, logicalDisabled.message);
    return node(name, object, !hasParts);
  });
  return root;
}

function RootedTree({ cluster, tenants, hasParts, onChange }: ObjectsTreeProps & { tenants: Tenant[] }) {
  const { backUpNow } = useLabels();
  const [root] = useState(() => rootOf(cluster, tenants, hasParts));
  return <OpenTree root={root} label={backUpNow.objects} find={backUpNow.find} readBelow={useReadBelow()} onChange={onChange} />;
}

/** Returns how what is below a tenant or a database is read. */
function useReadBelow(): (object: BackupObject) => Promise<ObjectNode[]> {
  const { backUpNow } = useLabels();
  const language = useLanguage();
  return async ({ clusterId, tenantId, databaseName }) => {
    const path = { id: Number(clusterId), tenantId: Number(tenantId) };
    if (typeof databaseName === 'string') {
      const url = '/api/v2/ob/clusters/{id}/tenants/{tenantId}/databases/{database}/tables';
      const { contents } = await answer(client.GET(url, { params: { path: { ...path, database: databaseName } } }));
      return contents.map((table) => {
        const hint = `${backUpNow.rows(formatCount(table.rows, language))} · ${formatBytes(table.bytes)}`;
        return tableNode(base(path), databaseName, table, hint);
      });
    }
    const url = '/api/v2/ob/clusters/{id}/tenants/{tenantId}/databases';
    const { contents } = await answer(client.GET(url, { params: { path } }));
    return contents.map((database) => {
      const hint = `${backUpNow.tables(database.tables)} · ${formatBytes(database.bytes)}`;
      return databaseNode(base(path), database, hint);
    });
  };
}

function base({ id, tenantId }: { id: number; tenantId: number }) {
  return { clusterId: id, tenantId };
}

