import type { TableProps } from '@oceanbase/design';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';

import type { StrategyRun } from '../../api/types';
import { useLabels } from '../../locales';
import { Moment } from '../../parts/Moment';
import { Prose } from '../../parts/Prose';
import { Status, toneOf } from '../../parts/Status';
import { PagedTable } from '../backup/PagedTable';
import { EVERY_MS, runsQuery } from './queries';
import type { Scope } from './scope';

/** What became of each due time, the missed ones with their reason. */
export function RunList({ scope }: { scope: Scope }) {
  const { strategy } = useLabels();
  const [filter, setFilter] = useState({ page: 1, size: 10 });
  const runs = useQuery({ ...runsQuery(scope, filter), placeholderData: keepPreviousData, refetchInterval: EVERY_MS });
  const columns = useRunColumns();
  return (
    <PagedTable
      query={runs}
      rowKey={(run) => run.dueTime}
      columns={columns}
      empty={strategy.runsEmpty}
      onPage={(page, size) => setFilter({ page, size })}
    />
  );
}

/** Returns the columns of a list of runs. */
export function useRunColumns(): TableProps<StrategyRun>['columns'] {
  const { strategy, words } = useLabels();
  return [
    { title: strategy.due, dataIndex: 'dueTime', render: (at: string) => <Moment at={at} isExact /> },
    {
      title: strategy.status,
      dataIndex: 'status',
      render: (status: StrategyRun['status']) => <Status tone={toneOf(status)}>{words.runStatus[status]}</Status>,
    },
    {
      title: strategy.planned,
      dataIndex: 'plannedDataBackupMode',
      render: (mode: StrategyRun['plannedDataBackupMode']) => words.dataBackupMode[mode],
    },
    {
      title: strategy.backedUp,
      dataIndex: 'dataBackupMode',
      render: (mode: StrategyRun['dataBackupMode']) => (mode ? words.dataBackupMode[mode] : '–'),
    },
    { title: strategy.reason, render: (_, run) => <Reason run={run} /> },
    {
      title: strategy.task,
      dataIndex: 'taskId',
      render: (task?: number | null) => (task ? <Link to={`/tasks/${task}`}>{task}</Link> : '–'),
    },
    { title: strategy.end, dataIndex: 'finishTime', render: (at?: string | null) => <Moment at={at} isExact isBare /> },
  ];
}

function Reason({ run: { reason } }: { run: StrategyRun }) {
  if (!reason) return <>–</>;
  const more = [reason.cause, reason.action].filter(Boolean).join(' ');
  return (
    <div className="run-reason">
      <Prose text={reason.message} />
      {more ? (
        <div className="quiet">
          <Prose text={more} />
        </div>
      ) : null}
    </div>
  );
}
