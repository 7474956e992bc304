import type { BackupObject, Database, Table } from '../../api/types';

/** A node of the tree of what can be backed up. */
export interface ObjectNode {
  key: string;
  title: string;
  /** How large it is, as far as that is known. */
  hint?: string;
  object: BackupObject;
  isLeaf: boolean;
  children?: ObjectNode[];
  /** Why it can't be chosen; the tree draws it without a box to mark. */
  reason?: string;
  disableCheckbox?: boolean;
}

/** Names a node: the parts are set apart by what no name of a database can hold. */
export function keyOf({ clusterId, tenantId, databaseName, tableName }: BackupObject): string {
  return [clusterId, tenantId, databaseName, tableName].filter((part) => part !== undefined).join('\u0000');
}

/** Makes a node of an object. */
export function node(title: string, object: BackupObject, isLeaf: boolean, hint?: string): ObjectNode {
  return { key: keyOf(object), title, object, isLeaf, ...(hint ? { hint } : {}) };
}

type OfTenant = Pick<BackupObject, 'clusterId' | 'tenantId'>;

/** Makes the node of a database, which can be opened where it holds tables. */
export function databaseNode(tenant: OfTenant, { name, tables }: Database, hint: string): ObjectNode {
  return node(name, { ...tenant, databaseName: name, backupDimension: 'DATABASE' }, tables === 0, hint);
}

/** Makes the node of a table. */
export function tableNode(tenant: OfTenant, databaseName: string, { name }: Table, hint: string): ObjectNode {
  return node(name, { ...tenant, databaseName, tableName: name, backupDimension: 'TABLE' }, true, hint);
}

/** Makes a node of an object that can't be chosen. */
export function unfitNode(title: string, object: BackupObject, reason: string): ObjectNode {
  return { ...node(title, object, true), reason, disableCheckbox: true };
}

/** Tells whether something below a node can't be chosen: then what can be is named one by one, never the whole. */
function isPartlyUnfit({ children }: ObjectNode): boolean {
  return Boolean(children?.some((each) => each.reason !== undefined));
}

/** Returns what is marked when the tree appears: everything that can be chosen. */
export function firstChecked(root: ObjectNode): string[] {
  if (!isPartlyUnfit(root)) return [root.key];
  return root.children?.filter(({ reason }) => reason === undefined).map(({ key }) => key) ?? [];
}

/** Returns the tree with these children below one of its nodes. */
export function withChildren(tree: ObjectNode[], key: string, children: ObjectNode[]): ObjectNode[] {
  return tree.map((each) => {
    if (each.key === key) return { ...each, children };
    return each.children ? { ...each, children: withChildren(each.children, key, children) } : each;
  });
}

/**
 * Returns what is chosen in as few objects as say it: whoever chose a whole database means also what will be in it
 * when the backup begins.
 */
export function chosenObjects(tree: ObjectNode[], checked: ReadonlySet<string>): BackupObject[] {
  return tree.flatMap((each) =>
    checked.has(each.key) && !isPartlyUnfit(each) ? [each.object] : chosenObjects(each.children ?? [], checked),
  );
}
