import type { BackupObject } from '../../api/types';

/** A node of the tree of what can be backed up. */
export interface ObjectNode {
  key: string;
  title: string;
  /** How large it is, as far as that is known. */
  hint?: string;
  object: BackupObject;
  isLeaf: boolean;
  children?: ObjectNode[];
}

/** Names a node: the parts are set apart by what no name of a database can hold. */
export function keyOf({ clusterId, tenantId, databaseName, tableName }: BackupObject): string {
  return [clusterId, tenantId, databaseName, tableName].filter((part) => part !== undefined).join('\u0000');
}

/** Makes a node of an object. */
export function node(title: string, object: BackupObject, isLeaf: boolean, hint?: string): ObjectNode {
  return { key: keyOf(object), title, object, isLeaf, ...(hint ? { hint } : {}) };
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
    checked.has(each.key) ? [each.object] : chosenObjects(each.children ?? [], checked),
  );
}
