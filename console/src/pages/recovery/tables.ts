import type { BackupObject, Restore } from '../../api/types';

/** The selected databases and tables of a tenant, and their new names, in the API's format. */
export type Selection = Pick<Restore, 'databases' | 'obBackupObjectList' | 'rename'>;

/** A typed selection: what it means, or the number of the first line that cannot be read. */
export type Read = { selection: Selection } | { wrongLine: number };

/** A name in backquotes, in which a doubled one is part of the name, or without them. */
const NAME = '(?:`((?:[^`]|``)+)`|([^`.=]+))';
const LINE = new RegExp(`^${NAME}(?:\\.${NAME})?$`);

type Name = [database: string, table: string | undefined];

/** Reads `database` or `database.table`; undefined for anything else. */
function nameOf(text: string): Name | undefined {
  const found = LINE.exec(text.trim());
  if (!found) return undefined;
  const part = (quoted: string | undefined, plain: string | undefined) => quoted?.replaceAll('``', '`') ?? plain?.trim();
  const database = part(found[1], found[2]);
  return database ? [database, part(found[3], found[4])] : undefined;
}

/** Writes a name as the API reads it. */
function quoted([database, table]: Name): string {
  const quote = (name: string) => `\`${name.replaceAll('`', '``')}\``;
  return table === undefined ? quote(database) : `${quote(database)}.${quote(table)}`;
}

/** Splits a line at its first `=` outside backquotes. */
function sidesOf(line: string): string[] {
  const found = /^((?:[^`=]|`[^`]*`)*)=(.*)$/.exec(line);
  return found ? [found[1] ?? '', found[2] ?? ''] : [line];
}

/**
 * Reads a selection, one object in each line: `database`, `database.table`, or with a new name after `=`. Both names are
 * of the same kind.
 */
export function selectionOf(text: string): Read {
  const databases: string[] = [];
  const tables: BackupObject[] = [];
  const rename: Record<string, string> = {};
  for (const [at, line] of text.split('\n').entries()) {
    if (!line.trim()) continue;
    const [from, to] = sidesOf(line).map(nameOf);
    const isRenamed = sidesOf(line).length > 1;
    if (!from || (isRenamed && (!to || (from[1] === undefined) !== (to[1] === undefined)))) return { wrongLine: at + 1 };
    const [databaseName, tableName] = from;
    if (tableName === undefined) databases.push(databaseName);
    else tables.push({ backupDimension: 'TABLE', databaseName, tableName });
    if (to) rename[quoted(from)] = quoted(to);
  }
  return {
    selection: {
      ...(databases.length > 0 ? { databases } : {}),
      ...(tables.length > 0 ? { obBackupObjectList: tables } : {}),
      ...(Object.keys(rename).length > 0 ? { rename } : {}),
    },
  };
}

/** Returns the selection; undefined while it is empty or cannot be read. */
export function completeSelection(text: string): Selection | undefined {
  const read = selectionOf(text);
  return 'selection' in read && (read.selection.databases ?? read.selection.obBackupObjectList) ? read.selection : undefined;
}

/** Returns the tables, one in each line, as the API reads them; undefined if a line is not `database.table`. */
export function onlyTablesOf(text: string): string[] | undefined {
  const lines = text.split('\n').map((line) => line.trim()).filter(Boolean);
  return lines.every((line) => nameOf(line)?.[1] !== undefined) ? lines : undefined;
}
