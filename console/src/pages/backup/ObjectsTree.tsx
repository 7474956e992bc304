import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState } from 'react';

import { answer, client } from '../../api/client';
import type { BackupObject, Cluster, Tenant } from '../../api/types';
import { useLabels, useLanguage } from '../../locales';
import { formatBytes, formatCount } from '../../parts/format';
import { Loaded } from '../../parts/PageState';
import {
  carriedOver,
  chosenObjects,
  databaseNode,
  firstChecked,
  node,
  tableNode,
  unfitNode,
  type ObjectNode,
} from './objects';
import { OpenTree } from './OpenTree';
import { tenantsQuery } from './queries';

interface ObjectsTreeProps {
  cluster: Cluster;
  /** Whether parts of a tenant can be selected, as in a logical backup. */
  hasParts: boolean;
  /** The initially selected tenant; without one, everything. */
  tenant?: number | undefined;
  onChange: (objects: BackupObject[]) => void;
}

/** The cluster, its tenants, their databases and tables; the objects below a node are read when it is opened. */
export function ObjectsTree(props: ObjectsTreeProps) {
  const tenants = useQuery(tenantsQuery(props.cluster.id));
  return <Loaded query={tenants}>{({ contents }) => <BothTrees {...props} tenants={contents} />}</Loaded>;
}

function rootOf(cluster: Cluster, tenants: Tenant[], hasParts: boolean): ObjectNode {
  const root = node(cluster.name, { clusterId: cluster.id, backupDimension: 'CLUSTER' }, false);
  root.children = tenants.map(({ id, name, logicalDisabled, physicalDisabled }) => {
    const object: BackupObject = { clusterId: cluster.id, tenantId: id, backupDimension: 'TENANT' };
    if (hasParts && logicalDisabled) return unfitNode(name, object, logicalDisabled.message);
    if (!hasParts && physicalDisabled) return unfitNode(name, object, physicalDisabled.message, true);
    return node(name, object, !hasParts);
  });
  return root;
}

/** A selection, and the tree in which it was made. */
interface Selection {
  hasParts: boolean;
  keys: string[];
  objects: BackupObject[];
}

/**
 * The trees of both methods; one is shown. They share one selection. A part of it that the other tree cannot express is
 * missing there, and appears again in the first tree.
 */
function BothTrees({ cluster, tenants, hasParts, tenant, onChange }: ObjectsTreeProps & { tenants: Tenant[] }) {
  const { backUpNow } = useLabels();
  const readBelow = useReadBelow();
  const [roots] = useState(() => [false, true].map((parts) => ({ parts, root: rootOf(cluster, tenants, parts) })));
  const [selection, setSelection] = useState<Selection>();
  // A tree that was shown once stays hidden in the page, with all its open nodes.
  const [visited, setVisited] = useState([hasParts]);
  if (!visited.includes(hasParts)) setVisited([...visited, hasParts]);
  const shown = useMemo(() => {
    if (selection?.hasParts === hasParts) return selection;
    const { root } = roots[Number(hasParts)]!;
    const keys = selection ? carriedOver(root, selection.keys) : firstChecked(root, tenant);
    return { hasParts, keys, objects: chosenObjects([root], new Set(keys)) };
  }, [roots, selection, hasParts, tenant]);
  const change = useRef(onChange);
  useEffect(() => {
    change.current = onChange;
  });
  useEffect(() => change.current(shown.objects), [shown]);
  return roots.filter(({ parts }) => visited.includes(parts)).map(({ parts, root }) => (
    <div key={String(parts)} hidden={parts !== hasParts}>
      <OpenTree
        root={root}
        label={backUpNow.objects}
        find={backUpNow.find}
        readBelow={readBelow}
        selection={parts === hasParts ? shown.keys : []}
        onSelect={(keys, objects) => setSelection({ hasParts, keys, objects })}
      />
    </div>
  ));
}

/** Returns a function that reads the objects below a tenant or a database. */
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
