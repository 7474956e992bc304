import { DatabaseOutlined, ObClusterOutlined, ObTenantOutlined, TableOutlined } from '@oceanbase/icons';
import { Input, Tree } from '@oceanbase/design';
import { useEffect, useMemo, useRef, useState, type ComponentRef, type ReactNode } from 'react';

import type { BackupObject } from '../../api/types';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { Prose } from '../../parts/Prose';
import { chosenObjects, firstChecked, withChildren, type ObjectNode } from './objects';

const ICONS: Record<BackupObject['backupDimension'], ReactNode> = {
  CLUSTER: <ObClusterOutlined />,
  TENANT: <ObTenantOutlined />,
  DATABASE: <DatabaseOutlined />,
  TABLE: <TableOutlined />,
};

/** From how many nodes below the root on one wants to look for a name. */
const MANY = 8;

function isSought(name: string, sought: string): boolean {
  return name.toLowerCase().includes(sought.trim().toLowerCase());
}

interface OpenTreeProps {
  /** What all hangs from; what is known of it below is there already. */
  root: ObjectNode;
  /** What the tree is of. */
  label: string;
  /** What is looked for below the root, where there is much. */
  find: string;
  /** Reads what is below a node. */
  readBelow: (object: BackupObject) => Promise<ObjectNode[]>;
  onChange: (objects: BackupObject[]) => void;
}

/** A tree to mark things in, all of them at first; what is below a node is read when it is opened. */
export function OpenTree({ root, label, find, readBelow, onChange }: OpenTreeProps) {
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
      <Tree
        ref={treeRef}
        aria-label={label}
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
