import { Button, type TableProps } from '@oceanbase/design';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { BackupSet } from '../../api/types';
import { useLabels, useLanguage } from '../../locales';
import { formatBytes, formatCount } from '../../parts/format';
import { LeftOut } from '../../parts/LeftOut';
import { Duration, Moment } from '../../parts/Moment';
import { Facts } from '../../parts/PageHead';
import { Status, toneOf } from '../../parts/Status';
import { useMay } from '../logon/me';
import { Origin, OriginInFull } from './Origin';
import { PagedTable } from './PagedTable';

/** What is there to recover from. */
export function BackupSets({ id, onRecover }: { id: number; onRecover: (set: number) => void }) {
  const { backup, signing, words } = useLabels();
  const may = useMay();
  const [filter, setFilter] = useState({ page: 1, size: 10 });
  const sets = useQuery({
    queryKey: keys.backupSets(id, filter),
    placeholderData: keepPreviousData,
    queryFn: () =>
      answer(client.GET('/api/v2/ob/clusters/{id}/backup/sets', { params: { path: { id }, query: filter } })),
  });
  const columns: TableProps<BackupSet>['columns'] = [
    { title: backup.setId, dataIndex: 'backupSetId' },
    { title: backup.tenant, dataIndex: 'tenantName' },
    {
      title: backup.dataMethod,
      render: (_, set) => `${words.backupMode[set.backupMode]} · ${words.dataBackupMode[set.dataBackupTaskType]}`,
    },
    { title: backup.moment, dataIndex: 'consistentTime', render: (at: string) => <Moment at={at} isExact /> },
    { title: backup.size, dataIndex: 'bytes', align: 'right', render: formatBytes },
    {
      title: backup.status,
      dataIndex: 'status',
      render: (status: BackupSet['status']) => <Status tone={toneOf(status)}>{words.setStatus[status]}</Status>,
    },
    { title: signing.origin, render: (_, set) => <Origin set={set} /> },
    {
      title: backup.actions,
      fixed: 'right',
      render: (_, set) =>
        may.backUp && set.status !== 'DELETED' ? (
          <Button type="link" size="small" className="link-button" onClick={() => onRecover(set.backupSetId)}>
            {backup.recover}
          </Button>
        ) : null,
    },
  ];
  return (
    <PagedTable
      query={sets}
      rowKey={(set) => String(set.backupSetId)}
      columns={columns}
      empty={backup.setsEmpty}
      expandable={{ expandedRowRender: (set) => <Details set={set} /> }}
      onPage={(page, size) => setFilter({ page, size })}
    />
  );
}

function Details({ set }: { set: BackupSet }) {
  const { backup, signing, tasks } = useLabels();
  const language = useLanguage();
  return (
    <div className="row-details">
      <Facts
        rows={[
          [backup.directory, <code key="path">{set.path}</code>],
          [signing.origin, <OriginInFull key="origin" set={set} />],
          [backup.scn, <code key="scn">{set.scn}</code>],
          [backup.tables, formatCount(set.tables, language)],
          [backup.rows, formatCount(set.rows, language)],
          [backup.end, <Moment key="end" at={set.finishTime} />],
          [tasks.duration, <Duration key="time" from={set.startTime} until={set.finishTime} />],
        ]}
      />
      <LeftOut objects={set.leftOut} />
    </div>
  );
}
