import type { TableProps } from '@oceanbase/design';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { RestoreTask } from '../../api/types';
import { useLabels } from '../../locales';
import { Moment } from '../../parts/Moment';
import { Facts } from '../../parts/PageHead';
import { WordsAlert } from '../../parts/ProblemAlert';
import { asQuery, Filters, isFiltered } from './Filters';
import { TaskState } from '../tasks/TaskState';
import { PagedTable } from './PagedTable';
import type { Filter } from './queries';

/** The recoveries into a cluster. */
export function RecoveryTasks({ id }: { id: number }) {
  const { backup, words } = useLabels();
  const [filter, setFilter] = useState<Filter>({ page: 1, size: 10 });
  const rows = useQuery({
    queryKey: keys.restoreTasks(id, filter),
    placeholderData: keepPreviousData,
    queryFn: () =>
      answer(
        client.GET('/api/v2/ob/clusters/{id}/backup/task/restoreTasks', {
          params: { path: { id }, query: asQuery<RestoreTask['status']>(filter) },
        }),
      ),
  });
  const columns: TableProps<RestoreTask>['columns'] = [
    { title: backup.id, dataIndex: 'id', render: (task: number) => <Link to={`/tasks/${task}`}>{task}</Link> },
    { title: backup.fromCluster, dataIndex: 'backupClusterName' },
    { title: backup.fromTenant, dataIndex: 'backupTenantName' },
    { title: backup.toCluster, dataIndex: 'restoreClusterName' },
    { title: backup.toTenant, dataIndex: 'restoreTenantName' },
    { title: backup.start, dataIndex: 'createTime', render: (at?: string) => <Moment at={at} /> },
    { title: backup.end, dataIndex: 'finishTime', render: (at?: string) => <Moment at={at} isBare /> },
    {
      title: backup.status,
      render: (_, row) => <TaskState of={row} />,
    },
  ];
  return (
    <>
      <Filters filter={filter} states={words.restoreStatus} onChange={setFilter} />
      <PagedTable
        query={rows}
        rowKey={(row) => String(row.id)}
        columns={columns}
        empty={isFiltered(filter) ? backup.tasksEmptyFiltered : backup.restoresEmpty}
        expandable={{ expandedRowRender: (row) => <Details row={row} /> }}
        onPage={(page, size) => setFilter({ ...filter, page, size })}
      />
    </>
  );
}

function Details({ row }: { row: RestoreTask }) {
  const { backup } = useLabels();
  const databases = Object.entries(row.databases).map(([from, to]) => {
    const tables = row.obBackupObjectList.filter(({ databaseName }) => databaseName === from);
    const named = tables.flatMap(({ tableName }) => tableName ?? []);
    return `${from === to ? from : `${from} → ${to}`}${named.length ? ` (${named.join(', ')})` : ''}`;
  });
  return (
    <div className="row-details">
      {row.error ? <WordsAlert words={row.error} /> : null}
      <Facts
        rows={[
          [backup.setId, row.backupSetId ?? '–'],
          [backup.databases, databases.join(', ') || '–'],
          [backup.pools, row.restorePoolListStr || '–'],
          [backup.directory, <code key="uri">{row.restoreUri}</code>],
          [backup.moment, <Moment key="moment" at={row.restoreEndTime} isExact />],
          [backup.creator, row.creator],
        ]}
      />
    </div>
  );
}
