import type { TableProps } from '@oceanbase/design';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { DataBackupTask } from '../../api/types';
import { useLabels } from '../../locales';
import { formatBytes } from '../../parts/format';
import { Duration, Moment } from '../../parts/Moment';
import { Facts } from '../../parts/PageHead';
import { WordsAlert } from '../../parts/ProblemAlert';
import { ClusterSilent } from './ClusterSilent';
import { asQuery, Filters, isFiltered } from './Filters';
import { TaskState } from '../tasks/TaskState';
import { PagedTable } from './PagedTable';
import type { Filter } from './queries';
import { tenantName } from './tenantName';

/** The data backups of a cluster, a row per tenant. */
export function DataBackupTasks({ id }: { id: number }) {
  const labels = useLabels();
  const { backup, words, actions } = labels;
  const [filter, setFilter] = useState<Filter>({ page: 1, size: 10 });
  const rows = useQuery({
    queryKey: keys.dataBackupTasks(id, filter),
    placeholderData: keepPreviousData,
    queryFn: () =>
      answer(
        client.GET('/api/v2/ob/clusters/{id}/backup/task/dataBackupTasks', {
          params: { path: { id }, query: asQuery<DataBackupTask['status']>(filter) },
        }),
      ),
  });
  const columns: TableProps<DataBackupTask>['columns'] = [
    { title: backup.id, dataIndex: 'taskId', render: taskLink },
    { title: backup.tenant, render: (_, row) => tenantName(row, labels) },
    {
      title: backup.dataMethod,
      render: (_, row) => `${words.backupMode[row.backupMode]} · ${words.dataBackupMode[row.dataBackupTaskType]}`,
    },
    { title: backup.setId, dataIndex: 'backupSetId', render: (_, row) => row.backupSetId ?? row.obBackupSetId ?? '–' },
    {
      title: backup.source,
      dataIndex: 'source',
      render: (source: DataBackupTask['source']) => backup.sources[source],
    },
    { title: backup.start, dataIndex: 'startTime', render: (at?: string) => <Moment at={at} /> },
    { title: backup.end, dataIndex: 'finishTime', render: (at?: string) => <Moment at={at} isBare /> },
    {
      title: backup.status,
      render: (_, row) => <TaskState of={row} />,
    },
    {
      title: backup.actions,
      fixed: 'right',
      render: (_, { taskId }) => (taskId ? <Link to={`/tasks/${taskId}`}>{actions.view}</Link> : null),
    },
  ];
  return (
    <>
      <Filters filter={filter} states={words.taskStatus} onChange={setFilter} />
      <ClusterSilent error={rows.data?.clusterError} />
      <PagedTable
        query={rows}
        rowKey={(row) => `${row.taskId ?? `job-${row.obJobId}`}-${row.tenantId}`}
        columns={columns}
        empty={isFiltered(filter) ? backup.tasksEmptyFiltered : backup.tasksEmpty}
        expandable={{ expandedRowRender: (row) => <Details row={row} /> }}
        onPage={(page, size) => setFilter({ ...filter, page, size })}
      />
    </>
  );
}

function taskLink(task?: number | null) {
  return task ? <Link to={`/tasks/${task}`}>{task}</Link> : '–';
}

function Details({ row }: { row: DataBackupTask }) {
  const { backup, tasks } = useLabels();
  return (
    <div className="row-details">
      {row.error ? <WordsAlert words={row.error} /> : null}
      <Facts
        rows={[
          [backup.directory, row.backupUri ? <code key="uri">{row.backupUri}</code> : '–'],
          [backup.size, typeof row.bytes === 'number' ? formatBytes(row.bytes) : '–'],
          [tasks.duration, <Duration key="time" from={row.startTime} until={row.finishTime} />],
          [backup.creator, row.creator ?? '–'],
        ]}
      />
    </div>
  );
}
