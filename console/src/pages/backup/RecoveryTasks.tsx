import type { TableProps } from '@oceanbase/design';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'react-router';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { RestoreTask } from '../../api/types';
import { useLabels } from '../../locales';
import { Duration, Moment } from '../../parts/Moment';
import { NotMade } from '../../parts/NotMade';
import { Facts } from '../../parts/PageHead';
import { WordsAlert } from '../../parts/ProblemAlert';
import { isFiltered, oneOf, pageAndTimes, useListFilter } from '../../parts/useListFilter';
import { Filters } from './Filters';
import { TaskPercent } from '../tasks/TaskPercent';
import { TaskState } from '../tasks/TaskState';
import { useClusterRecoveryWords } from '../recovery/clusterRecoveryWords';
import { PagedTable } from './PagedTable';

const NAMES = ['status'];

/** The recoveries into a cluster, or into one of its tenants. */
export function RecoveryTasks({ id, tenant }: { id: number; tenant?: number | undefined }) {
  const { backup, words, tasks, actions } = useLabels();
  const { filter, change, clear } = useListFilter(10, NAMES);
  const status = oneOf(filter.values.status, words.restoreStatus);
  const query = { ...pageAndTimes(filter), ...(status ? { status } : {}) };
  const rows = useQuery({
    queryKey: keys.restoreTasks(id, { ...query, tenant }),
    placeholderData: keepPreviousData,
    queryFn: () =>
      tenant === undefined
        ? answer(client.GET('/api/v2/ob/clusters/{id}/backup/task/restoreTasks', { params: { path: { id }, query } }))
        : answer(
            client.GET('/api/v2/ob/clusters/{id}/tenants/{tenantId}/backup/task/restoreTasks', {
              params: { path: { id, tenantId: tenant }, query },
            }),
          ),
  });
  const columns: TableProps<RestoreTask>['columns'] = [
    { title: backup.id, dataIndex: 'id', fixed: 'left', render: (task: number) => <Link to={`/tasks/${task}`}>{task}</Link> },
    {
      title: backup.status,
      render: (_, row) => (
        <>
          <TaskState of={row} /> {row.status === 'RESTORE_RUNNING' ? <TaskPercent id={row.id} /> : null}
        </>
      ),
    },
    { title: backup.fromCluster, dataIndex: 'backupClusterName' },
    { title: backup.fromTenant, dataIndex: 'backupTenantName' },
    { title: backup.toCluster, dataIndex: 'restoreClusterName' },
    { title: backup.toTenant, dataIndex: 'restoreTenantName' },
    { title: backup.start, dataIndex: 'createTime', render: (at?: string) => <Moment at={at} /> },
    { title: backup.end, dataIndex: 'finishTime', render: (at?: string) => <Moment at={at} isBare /> },
    { title: tasks.duration, render: (_, row) => <Duration from={row.createTime} until={row.finishTime} /> },
    {
      title: backup.actions,
      fixed: 'right',
      render: (_, { id: task, status, error }) => (
        <Link to={`/tasks/${task}`}>{status === 'RESTORE_FAIL' && error ? actions.viewCause : actions.view}</Link>
      ),
    },
  ];
  return (
    <>
      <Filters filter={filter} states={words.restoreStatus} onChange={change} onClear={clear} />
      <PagedTable
        query={rows}
        rowKey={(row) => String(row.id)}
        columns={columns}
        empty={isFiltered(filter) ? backup.tasksEmptyFiltered : backup.restoresEmpty}
        expandable={{ expandedRowRender: (row) => <Details row={row} /> }}
        onPage={(page, size) => change({ page, size })}
      />
    </>
  );
}

function Details({ row }: { row: RestoreTask }) {
  const { backup } = useLabels();
  const whole = useClusterRecoveryWords();
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
          ...(row.parentTaskId
            ? ([[whole.partOf, <Link key="parent" to={`/tasks/${row.parentTaskId}`}>{row.parentTaskId}</Link>]] as Array<[string, ReactNode]>)
            : []),
        ]}
      />
      <NotMade parts={row.notMade} />
    </div>
  );
}
