import { DatabaseOutlined, ObClusterOutlined, ObTenantOutlined, TableOutlined } from '@oceanbase/icons';
import { Input, Tree } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef, useState, type ComponentRef, type ReactNode } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { BackupObject, Cluster, Tenant } from '../../api/types';
import { useLabels, useLanguage } from '../../locales';
import { formatBytes, formatCount } from '../../parts/format';
import { Loaded } from '../../parts/PageState';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { Prose } from '../../parts/Prose';
import { chosenObjects, firstChecked, node, unfitNode, withChildren, type ObjectNode } from './objects';

const ICONS: Record<BackupObject['backupDimension'], ReactNode> = {
  CLUSTER: <ObClusterOutlined />,
  TENANT: <ObTenantOutlined />,
  DATABASE: <DatabaseOutlined />,
  TABLE: <TableOutlined />,
};

interface ObjectsTreeProps {
  cluster: Cluster;
  /** Whether parts of a tenant can be chosen: logical backup takes them. */
  hasParts: boolean;
  onChange: (objects: BackupObject[]) => void;
}

/** From how many tenants on one wants to look for a name. */
const MANY = 8;

function isSought(name: string, sought: string): boolean {
  return name.toLowerCase().includes(sought.trim().toLowerCase());
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
        <OpenTree
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

interface OpenTreeProps extends ObjectsTreeProps {
  tenants: Tenant[];
}

function OpenTree({ cluster, tenants, hasParts, onChange }: OpenTreeProps) {
  const labels = useLabels();
  const readBelow = useReadBelow();
  const [root] = useState(() => rootOf(cluster, tenants, hasParts));
  const [tree, setTree] = useState([root]);
  const [checked, setChecked] = useState(() => firstChecked(root));
  const begin = useRef(onChange);
  // What is marked when the tree appears is chosen, without anybody marking it.
  useEffect(() => {
    begin.current(chosenObjects([root], new Set(firstChecked(root))));
  }, [root]);
  const [fault, setFault] = useState<unknown>();
  const [sought, setSought] = useState('');
  const treeRef = useRef<ComponentRef<typeof Tree>>(null);
  const found = sought ? root.children?.find(({ title }) => isSought(title, sought)) : undefined;
  const byKey = useMemo(() => index(tree), [tree]);

  return (
    <>
      {(root.children?.length ?? 0) > MANY ? (
        <Input.Search
          className="find-object"
          allowClear
          aria-label={labels.backUpNow.find}
          placeholder={labels.backUpNow.find}
          value={sought}
          onChange={({ target: { value } }) => {
            setSought(value);
            const first = value ? root.children?.find(({ title }) => isSought(title, value)) : undefined;
            if (first) treeRef.current?.scrollTo({ key: first.key, align: 'top' });
          }}
        />
      ) : null}
      <Tree
        ref={treeRef}
        aria-label={labels.backUpNow.objects}
        className="objects"
        checkable
        blockNode
        selectable={false}
        height={260}
        treeData={tree}
        checkedKeys={checked}
        defaultExpandedKeys={[root.key]}
        loadData={({ key }) => {
          const found = byKey.get(String(key));
          if (!found || found.children) return Promise.resolve();
          return readBelow(found.object).then(
            (children) => setTree((was) => withChildren(was, found.key, children)),
            (error: unknown) => setFault(error),
          );
        }}
        titleRender={(each) => <Title node={each} isFound={each.key === found?.key} />}
        onCheck={(keysOrBoth) => {
          const all = (Array.isArray(keysOrBoth) ? keysOrBoth : keysOrBoth.checked).map(String);
          setChecked(all);
          onChange(chosenObjects(tree, new Set(all)));
        }}
      />
      <ProblemAlert error={fault} />
    </>
  );
}

function Title({ node: { title, hint, reason, object }, isFound }: { node: ObjectNode; isFound: boolean }) {
  return (
    <span className={`object${isFound ? ' object-found' : ''}${reason ? ' object-unfit' : ''}`}>
      <span aria-hidden="true">{ICONS[object.backupDimension]}</span> <span className="object-name">{title}</span>
      {hint ? <span className="quiet object-hint">{hint}</span> : null}
      {reason ? (
        <span className="quiet object-hint" data-testid="object-reason">
          <Prose text={reason} />
        </span>
      ) : null}
    </span>
  );
}

function index(tree: ObjectNode[]): Map<string, ObjectNode> {
  const found = new Map<string, ObjectNode>();
  const walk = (nodes: ObjectNode[]) =>
    nodes.forEach((each) => {
      found.set(each.key, each);
      walk(each.children ?? []);
    });
  walk(tree);
  return found;
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
      return contents.map(({ name, rows, bytes }) => {
        const hint = `${backUpNow.rows(formatCount(rows, language))} · ${formatBytes(bytes)}`;
        const object: BackupObject = { ...base(path), databaseName, tableName: name, backupDimension: 'TABLE' };
        return node(name, object, true, hint);
      });
    }
    const url = '/api/v2/ob/clusters/{id}/tenants/{tenantId}/databases';
    const { contents } = await answer(client.GET(url, { params: { path } }));
    return contents.map(({ name, tables, bytes }) => {
      const object: BackupObject = { ...base(path), databaseName: name, backupDimension: 'DATABASE' };
      return node(name, object, tables === 0, `${backUpNow.tables(tables)} · ${formatBytes(bytes)}`);
    });
  };
}

function base({ id, tenantId }: { id: number; tenantId: number }) {
  return { clusterId: id, tenantId };
}

