import type { BackupObject, Database, Table } from '../../api/types';

/** A node of the tree of objects that can be backed up. */
export interface ObjectNode {
  key: string;
  title: string;
  /** The size of the object, if it is known. */
  hint?: string;
  object: BackupObject;
  isLeaf: boolean;
  children?: ObjectNode[];
  /** Why the object can't be selected; the tree shows it without a checkbox. */
  reason?: string;
  /** Whether its parent counts as whole without it: the sys tenant of a cluster has no physical backup. */
  isApart?: boolean;
  disableCheckbox?: boolean;
}

/** Returns the key of a node; the separator is a character that no database name can contain. */
export function keyOf({ clusterId, tenantId, databaseName, tableName }: BackupObject): string {
  return [clusterId, tenantId, databaseName, tableName].filter((part) => part !== undefined).join('\u0000');
}

/** Returns the node of an object. */
export function node(title: string, object: BackupObject, isLeaf: boolean, hint?: string): ObjectNode {
  return { key: keyOf(object), title, object, isLeaf, ...(hint ? { hint } : {}) };
}

type OfTenant = Pick<BackupObject, 'clusterId' | 'tenantId'>;

/** Returns the node of a database, which can be opened if it contains tables. */
export function databaseNode(tenant: OfTenant, { name, tables }: Database, hint: string): ObjectNode {
  return node(name, { ...tenant, databaseName: name, backupDimension: 'DATABASE' }, tables === 0, hint);
}

/** Returns the node of a table. */
export function tableNode(tenant: OfTenant, databaseName: string, { name }: Table, hint: string): ObjectNode {
  return node(name, { ...tenant, databaseName, tableName: name, backupDimension: 'TABLE' }, true, hint);
}

/** Returns the node of an object that can't be selected. */
export function unfitNode(title: string, object: BackupObject, reason: string, isApart = false): ObjectNode {
  return { ...node(title, object, true), reason, disableCheckbox: true, ...(isApart ? { isApart } : {}) };
}

/**
 * Returns the keys that select a node: its own, or if a part of it can't be selected, those of the selectable parts.
 */
function whole({ key, children }: ObjectNode): string[] {
  if (!children?.some(({ reason, isApart }) => reason !== undefined && !isApart)) return [key];
  return children.filter(({ reason }) => reason === undefined).map((child) => child.key);
}

/** Returns the initial selection: the requested tenant if it can be selected, otherwise everything selectable. */
export function firstChecked(root: ObjectNode, tenant?: number): string[] {
  const wanted = tenant === undefined ? undefined : root.children?.find(({ object, reason }) => object.tenantId === tenant && reason === undefined);
  return wanted ? [wanted.key] : whole(root);
}

function isWithin(key: string, ancestor: string): boolean {
  return key === ancestor || key.startsWith(`${ancestor}\u0000`);
}

/**
 * Returns the selection after a click on a node's checkbox. It contains the nodes that the user has selected
 * themselves, never nodes that only appear selected because everything below them is: the only table of a database is
 * not the database.
 */
export function toggled(root: ObjectNode, selection: readonly string[], target: ObjectNode, isOn: boolean): string[] {
  const outside = selection.filter((key) => !isWithin(key, target.key));
  if (isOn) return [...outside, ...whole(target)];
  const above = outside.find((key) => isWithin(target.key, key));
  if (above === undefined) return outside;
  // The other parts of the selected parent stay selected, each by its own key.
  return [...outside.filter((key) => key !== above), ...without(find(root, above), target.key)];
}

function without(from: ObjectNode | undefined, target: string): string[] {
  return (from?.children ?? []).flatMap((child) => {
    if (child.key === target || child.reason !== undefined) return [];
    return isWithin(target, child.key) ? without(child, target) : [child.key];
  });
}

function find(from: ObjectNode, key: string): ObjectNode | undefined {
  if (from.key === key) return from;
  const next = from.children?.find((child) => isWithin(key, child.key));
  return next && find(next, key);
}

/** Returns the part of another tree's selection that this tree can express: the whole, and the parts in this tree. */
export function carriedOver(root: ObjectNode, selection: readonly string[]): string[] {
  if (selection.includes(root.key)) return whole(root);
  const fit = new Set(root.children?.filter(({ reason }) => reason === undefined).map(({ key }) => key));
  return selection.filter((key) => fit.has(key));
}

/** Returns the tree with these children below one of its nodes. */
export function withChildren(tree: ObjectNode[], key: string, children: ObjectNode[]): ObjectNode[] {
  return tree.map((each) => {
    if (each.key === key) return { ...each, children };
    return each.children ? { ...each, children: withChildren(each.children, key, children) } : each;
  });
}

/** Returns the selected objects in the order of the tree. */
export function chosenObjects(tree: ObjectNode[], selection: ReadonlySet<string>): BackupObject[] {
  return tree.flatMap((each) =>
    selection.has(each.key) ? [each.object] : chosenObjects(each.children ?? [], selection),
  );
}
