import type { TableProps } from '@oceanbase/design';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';
import { Link } from 'react-router';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { Cluster, LogGap } from '../../api/types';
import { useLabels } from '../../locales';
import { Moment } from '../../parts/Moment';
import { Facts } from '../../parts/PageHead';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { Status } from '../../parts/Status';
import { useLogGapWords } from './logGapWords';
import { PagedTable } from './PagedTable';
import { useLogTenantName } from './useLogTenantName';

/** The polling interval: no event reports a new gap. */
const EVERY_MS = 30_000;

/** The interruptions of log backup and their repair; renders nothing if there are none. */
export function LogGaps({ cluster }: { cluster: Cluster }) {
  const words = useLogGapWords();
  const { backup } = useLabels();
  const title = useId();
  const nameOf = useLogTenantName(cluster);
  const [page, setPage] = useState({ page: 1, size: 10 });
  const gaps = useQuery({
    queryKey: keys.logGaps(cluster.id, page),
    placeholderData: keepPreviousData,
    refetchInterval: EVERY_MS,
    queryFn: () =>
      answer(client.GET('/api/v2/ob/clusters/{id}/backup/logBackupGaps', { params: { path: { id: cluster.id }, query: page } })),
  });
  if (gaps.error && !gaps.data) return <ProblemAlert error={gaps.error} />;
  if (!gaps.data || gaps.data.page.totalElements === 0) return null;
  const columns: TableProps<LogGap>['columns'] = [
    { title: backup.tenant, dataIndex: 'tenantId', fixed: 'left', render: nameOf },
    { title: words.status, dataIndex: 'closed', render: (isClosed: boolean) => <GapStatus isClosed={isClosed} /> },
    { title: words.from, dataIndex: 'startTime', render: (at?: string | null) => <Moment at={at} isExact none={words.fromUnknown} /> },
    { title: words.until, dataIndex: 'endTime', render: (at?: string | null) => <Moment at={at} isExact none={words.stillOff} /> },
    { title: words.found, dataIndex: 'foundTime', render: (at: string) => <Moment at={at} /> },
    { title: words.repair, render: (_, gap) => <Repair gap={gap} /> },
  ];
  return (
    <section className="after-table" aria-labelledby={title}>
      <h3 id={title}>{words.title}</h3>
      <p className="quiet hint">{words.hint}</p>
      <PagedTable
        query={gaps}
        rowKey={({ tenantId, roundId }) => `${tenantId} ${roundId}`}
        columns={columns}
        empty=""
        expandable={{ expandedRowRender: (gap) => <Details gap={gap} /> }}
        onPage={(number, size) => setPage({ page: number, size })}
      />
    </section>
  );
}

function GapStatus({ isClosed }: { isClosed: boolean }) {
  const { statuses } = useLogGapWords();
  return <Status tone={isClosed ? 'quiet' : 'bad'}>{isClosed ? statuses.closed : statuses.open}</Status>;
}

/** The tasks of the repair that were started. */
function Repair({ gap: { stopTaskId, startTaskId, backupTaskId } }: { gap: LogGap }) {
  const { steps, step, notRepaired } = useLogGapWords();
  const tasks = [
    { name: steps.stop, task: stopTaskId },
    { name: steps.start, task: startTaskId },
    { name: steps.backUp, task: backupTaskId },
  ].flatMap(({ name, task }) => (typeof task === 'number' ? [{ name, task }] : []));
  if (tasks.length === 0) return <span className="quiet">{notRepaired}</span>;
  return (
    <span className="row-buttons">
      {tasks.map(({ name, task }) => (
        <Link key={task} to={`/tasks/${task}`}>
          {step(name, task)}
        </Link>
      ))}
    </span>
  );
}

function Details({ gap: { comment, roundId } }: { gap: LogGap }) {
  const { backup } = useLabels();
  const words = useLogGapWords();
  return (
    <div className="row-details">
      <Facts
        rows={[
          [words.comment, comment ? <code key="comment">{comment}</code> : '–'],
          [backup.round, roundId],
        ]}
      />
    </div>
  );
}
