import { Alert, Button, Table, Tooltip, type TableProps } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useSearchParams } from 'react-router';

import type { Compaction, Compactions } from '../../api/types';
import { useLabels } from '../../locales';
import { MayButton } from '../../parts/MayButton';
import { Moment } from '../../parts/Moment';
import { Facts, PageHead, Section } from '../../parts/PageHead';
import { Loaded } from '../../parts/PageState';
import { Status, toneOf } from '../../parts/Status';
import { tenantName } from '../backup/tenantName';
import { useCluster, useClusterId } from '../clusters/clusterId';
import { useMay } from '../logon/me';
import { compactionQuery } from './queries';
import { Shares } from './Shares';
import { hasEndedSince, lastOf, sharesOf } from './shares';
import { useCompact } from './useCompact';

/** The parameter of the address with the task that waits for a compaction. */
const TASK = 'task';

/** The status of major compaction, with buttons that start one and that clear an error. */
export default function CompactionPage() {
  const id = useClusterId();
  const { compaction } = useLabels();
  const cluster = useCluster(id);
  const compactions = useQuery(compactionQuery(id));
  const [search] = useSearchParams();
  const task = Number(search.get(TASK)) || undefined;
  return (
    <>
      <PageHead title={compaction.title} of={cluster.data?.name} beside={<span className="quiet">{cluster.data?.name}</span>}>
        <Buttons id={id} compactions={compactions.data} />
      </PageHead>
      <Loaded query={compactions}>
        {(found) => (
          <>
            {task ? <Waiting task={task} now={found} /> : null}
            <State found={found} />
            <Section title={compaction.tenants}>
              <CompactionTable tenants={found.tenants} />
            </Section>
          </>
        )}
      </Loaded>
    </>
  );
}

function Buttons({ id, compactions }: { id: number; compactions: Compactions | undefined }) {
  const { compaction } = useLabels();
  const may = useMay();
  const { start, clear, isPending } = useCompact(id);
  if (!may.backUp) {
    return (
      <MayButton may={false} type="primary">
        {compaction.initiate}
      </MayButton>
    );
  }
  const hasErrors = compactions?.tenants.some(({ status }) => status === 'ERROR');
  const isIdle = compactions?.compactionStatus === 'IDLE' && !compactions.runningTaskId;
  return (
    <>
      {hasErrors ? (
        <Button loading={isPending} onClick={clear}>
          {compaction.clear}
        </Button>
      ) : null}
      <Tooltip title={compactions && !isIdle ? compaction.mustBeIdle : undefined}>
        <Button type="primary" disabled={!isIdle} loading={isPending} onClick={start}>
          {compaction.initiate}
        </Button>
      </Tooltip>
    </>
  );
}

/** A hint for a user who came from a task: what to do, and afterwards a link back to the task. */
function Waiting({ task, now }: { task: number; now: Compactions }) {
  const { compaction } = useLabels();
  const [before] = useState(now);
  const isDone = hasEndedSince(before, now);
  return (
    <Alert
      className="problem"
      showIcon
      type={isDone ? 'success' : 'info'}
      role="status"
      message={isDone ? compaction.taskCanGoOn(task) : compaction.taskWaits(task)}
      description={isDone ? undefined : compaction.taskWaitsHint}
      action={
        <Link className={isDone ? 'ant-btn ant-btn-primary back-link' : 'back-link'} to={`/tasks/${task}`}>
          {compaction.backToTask}
        </Link>
      }
    />
  );
}

function State({ found }: { found: Compactions }) {
  const { compaction, words } = useLabels();
  const { began, ended } = lastOf(found.tenants);
  return (
    <Section title={compaction.state}>
      <Facts
        rows={[
          [
            compaction.status,
            <span key="status" data-testid="compaction-status" data-status={found.compactionStatus}>
              <Status tone={toneOf(found.compactionStatus)}>{words.compactionStatus[found.compactionStatus]}</Status>
            </span>,
          ],
          [compaction.began, <Moment key="began" at={began} />],
          [compaction.ended, <Moment key="ended" at={ended} />],
          [
            compaction.task,
            found.runningTaskId ? (
              <Link key="task" to={`/tasks/${found.runningTaskId}`}>
                {compaction.runningTask(found.runningTaskId)}
              </Link>
            ) : (
              '–'
            ),
          ],
        ]}
      />
      <Shares shares={sharesOf(found.tenants)} />
    </Section>
  );
}

function CompactionTable({ tenants }: { tenants: Compaction[] }) {
  const labels = useLabels();
  const { compaction, words, state, cluster } = labels;
  const columns: TableProps<Compaction>['columns'] = [
    { title: compaction.tenant, fixed: 'left', render: (_, row) => tenantName(row, labels) },
    {
      title: compaction.status,
      dataIndex: 'status',
      filters: (['ERROR', 'COMPACTING', 'IDLE'] as const).map((value) => ({
        value,
        text: words.compactionStatus[value],
      })),
      onFilter: (value, row) => row.status === value,
      render: (status: Compaction['status']) => (
        <Status tone={toneOf(status)}>{words.compactionStatus[status]}</Status>
      ),
    },
    { title: compaction.began, dataIndex: 'startTime', render: (at?: string | null) => <Moment at={at} /> },
    { title: compaction.ended, dataIndex: 'finishTime', render: (at?: string | null) => <Moment at={at} /> },
    { title: compaction.frozen, dataIndex: 'freezeTime', render: (at?: string | null) => <Moment at={at} /> },
    { title: compaction.suspended, dataIndex: 'suspended', render: (is: boolean) => (is ? cluster.yes : cluster.no) },
    { title: compaction.error, dataIndex: 'errorMsg', render: (text?: string | null) => text ?? '–' },
  ];
  return (
    <Table<Compaction>
      size="small"
      rowKey="tenantId"
      columns={columns}
      dataSource={tenants}
      scroll={{ x: 'max-content' }}
      pagination={tenants.length > 20 ? { pageSize: 20, showTotal: state.total } : false}
    />
  );
}
