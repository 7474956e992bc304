import { DatabaseOutlined, ObClusterOutlined, ObTenantOutlined, TableOutlined } from '@oceanbase/icons';
import { Input, Tree } from '@oceanbase/design';
import { useMemo, useRef, useState, type ComponentRef, type ReactNode } from 'react';

import type { BackupObject } from '../../api/types';
import { useLabels } from '../../locales';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { Prose } from '../../parts/Prose';
import { chosenObjects, toggled, withChildren, type ObjectNode } from './objects';

const ICONS: Record<BackupObject['backupDimension'], ReactNode> = {
  CLUSTER: <ObClusterOutlined />,
  TENANT: <ObTenantOutlined />,
  DATABASE: <DatabaseOutlined />,
  TABLE: <TableOutlined />,
};

/** The number of nodes below the root from which on the tree has a search field. */
const MANY = 8;

function isSought(name: string, sought: string): boolean {
  return name.toLowerCase().includes(sought.trim().toLowerCase());
}

interface OpenTreeProps {
  /** The root, with the known nodes below it. */
  root: ObjectNode;
  /** The label of the tree. */
  label: string;
  /** The label of the search field, if there are many nodes. */
  find: string;
  /** Reads the objects below a node. */
  readBelow: (object: BackupObject) => Promise<ObjectNode[]>;
  /** The keys of the nodes that the user has selected themselves. */
  selection: string[];
  /** Called with the new selection, and the selected objects. */
  onSelect: (selection: string[], objects: BackupObject[]) => void;
}

/** A tree of selectable objects; the objects below a node are read when it is opened. */
export function OpenTree({ root, label, find, readBelow, selection, onSelect }: OpenTreeProps) {
  const { state } = useLabels();
  const [tree, setTree] = useState([root]);
  const [fault, setFault] = useState<unknown>();
  const [sought, setSought] = useState('');
  const treeRef = useRef<ComponentRef<typeof Tree>>(null);
  const below = tree[0]?.children ?? [];
  const found = sought ? below.find(({ title }) => isSought(title, sought)) : undefined;
  const byKey = useMemo(() => index(tree), [tree]);

  return (
    <>
      {below.length > MANY ? (
        <Input.Search
          className="find-object"
          allowClear
          aria-label={find}
          placeholder={find}
          value={sought}
          onChange={({ target: { value } }) => {
            setSought(value);
            const first = value ? below.find(({ title }) => isSought(title, value)) : undefined;
            if (first) treeRef.current?.scrollTo({ key: first.key, align: 'top' });
          }}
        />
      ) : null}
      {sought.trim() && !found ? (
        <p className="quiet hint" role="status">
          {state.noMatches}
        </p>
      ) : null}
      <Tree
        ref={treeRef}
        aria-label={label}
        className="objects"
        checkable
        blockNode
        selectable={false}
        height={260}
        treeData={tree}
        checkedKeys={selection}
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
        onCheck={(_, { node: { key }, checked }) => {
          const target = byKey.get(String(key));
          const top = tree[0];
          if (!target || !top) return;
          const next = toggled(top, selection, target, checked);
          onSelect(next, chosenObjects(tree, new Set(next)));
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
