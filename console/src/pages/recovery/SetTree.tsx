import { useEffect, useRef, useState } from 'react';

import { answer, client } from '../../api/client';
import type { BackupObject, BackupSet, List } from '../../api/types';
import { useLabels, useLanguage } from '../../locales';
import { formatBytes, formatCount } from '../../parts/format';
import { databaseNode, firstChecked, node, tableNode, type ObjectNode } from '../backup/objects';
import { OpenTree } from '../backup/OpenTree';

/** The maximum number of rows in one answer. */
const MOST = 2000;

interface SetTreeProps {
  set: BackupSet;
  /** Called with the selected objects; with the tenant itself if the whole set is selected. */
  onChange: (objects: BackupObject[]) => void;
}

/** The contents of a logical backup set: its databases and their tables, read when they are opened. */
export function SetTree({ set, onChange }: SetTreeProps) {
  const { recovery } = useLabels();
  const [root] = useState(() =>
    node(recovery.setOf(set.backupSetId, set.tenantName), { ...tenantOf(set), backupDimension: 'TENANT' }, false),
  );
  const [selection, setSelection] = useState(() => firstChecked(root));
  const begin = useRef(onChange);
  // Initially the whole set is selected.
  useEffect(() => begin.current([root.object]), [root]);
  return (
    <OpenTree
      root={root}
      label={recovery.objects}
      find={recovery.find}
      readBelow={useReadBelow(set)}
      selection={selection}
      onSelect={(next, objects) => {
        setSelection(next);
        onChange(objects);
      }}
    />
  );
}

function tenantOf({ clusterId, tenantId }: BackupSet) {
  return { clusterId, tenantId };
}

/** Returns a function that reads the objects below the set or one of its databases. */
function useReadBelow(set: BackupSet): (object: BackupObject) => Promise<ObjectNode[]> {
  const { backUpNow, recovery } = useLabels();
  const language = useLanguage();
  const id = set.backupSetId;
  return async ({ databaseName }) => {
    if (typeof databaseName === 'string') {
      const tables = await allPages((query) => {
        const path = { id, database: databaseName };
        return answer(client.GET('/api/v2/backup/sets/{id}/databases/{database}/tables', { params: { path, query } }));
      });
      return tables.map((table) => {
        const hint = `${recovery.rows(formatCount(table.rows, language))} · ${formatBytes(table.bytes)}`;
        return tableNode(tenantOf(set), databaseName, table, hint);
      });
    }
    const databases = await allPages((query) =>
      answer(client.GET('/api/v2/backup/sets/{id}/databases', { params: { path: { id }, query } })),
    );
    return databases.map((database) => {
      const hint = `${backUpNow.tables(database.tables)} · ${formatBytes(database.bytes)}`;
      return databaseNode(tenantOf(set), database, hint);
    });
  };
}

/** Reads all pages of a list. */
async function allPages<T>(read: (page: { page: number; size: number }) => Promise<List<T>>): Promise<T[]> {
  const all: T[] = [];
  for (let page = 1; ; page += 1) {
    const { contents, page: { totalPages } } = await read({ page, size: MOST });
    all.push(...contents);
    if (page >= totalPages) return all;
  }
}
