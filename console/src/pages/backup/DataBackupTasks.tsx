import type { TableProps } from '@oceanbase/design';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { DataBackupTask } from '../../api/types';
import { useLabels } from '../../locales';
import { formatBytes } from '../../parts/format';
import { Duration, Moment } from '../../parts/Moment';
import { Facts } from '../../parts/PageHead';
import { WordsAlert } from '../../parts/ProblemAlert';
import { isFiltered, oneOf, pageAndTimes, useListFilter } from '../../parts/useListFilter';
import { ClusterSilent } from './ClusterSilent';
import { Filters } from './Filters';
import { TaskPercent } from '../tasks/TaskPercent';
import { TaskState } from '../tasks/TaskState';
import { PagedTable } from './PagedTable';
import { tenantName } from './tenantName';

const NAMES = ['status'];

/** The data backups of a cluster, a row per tenant; or those of one tenant. */
export function DataBackupTasks({ id, tenant }: { id: number; tenant?: number | undefined }) {
  const labels = useLabels();
  const { backup, words, actions, tasks } = labels;
  const { filter, change, clear } = useListFilter(10, NAMES);
  const status = oneOf(filter.values.status, words.taskStatus);
  const query = { ...pageAndTimes(filter), ...(status ? { status } : {}) };
  const rows = useQuery({
    queryKey: keys.dataBackupTasks(id, { ...query, tenant }),
    placeholderData: keepPreviousData,
    queryFn: () =>
      tenant === undefined
        ? answer(client.GET('/api/v2/ob/clusters/{id}/backup/task/dataBackupTasks', { params: { path: { id }, query } }))
        : answer(
            client.GET('/api/v2/ob/clusters/{id}/tenants/{tenantId}/backup/task/dataBackupTasks', {
              params: { path: { id, tenantId: tenant }, query },
            }),
          ),
  });
  const columns: TableProps<DataBackupTask>['columns'] = [
    { title: backup.id, dataIndex: 'taskId', fixed: 'left', render: taskLink },
    { title: backup.tenant, render: (_, row) => tenantName(row, labels) },
    { title: backup.status, render: (_, row) => <RowState row={row} /> },
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
    { title: tasks.duration, render: (_, row) => <Duration from={row.startTime} until={row.finishTime} /> },
    {
      title: backup.actions,
      fixed: 'right',
      render: (_, { taskId, status, error }) =>
        taskId ? <Link to={`/tasks/${taskId}`}>{status === 'FAILED' && error ? actions.viewCause : actions.view}</Link> : null,
    },
  ];
  return (
    <>
      <Filters filter={filter} states={words.taskStatus} onChange={change} onClear={clear} />
      <ClusterSilent error={rows.data?.clusterError} />
      <PagedTable
        query={rows}
        rowKey={(row) => `${row.taskId ?? `job-${row.obJobId}`}-${row.tenantId}`}
        columns={columns}
        empty={isFiltered(filter) ? backup.tasksEmptyFiltered : backup.tasksEmpty}
        expandable={{ expandedRowRender: (row) => <Details row={row} /> }}
        onPage={(page, size) => change({ page, size })}
      />
    </>
  );
}

/** The status of a backup, and while it runs, the progress of its task. */
function RowState({ row }: { row: DataBackupTask }) {
  const isRunning = row.status === 'RUNNING' && typeof row.taskId === 'number';
  return (
    <>
      <TaskState of={row} /> {isRunning ? <TaskPercent id={Number(row.taskId)} lane={row.tenantName} /> : null}
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
