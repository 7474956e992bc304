import { Button, type TableProps } from '@oceanbase/design';
import { keepPreviousData, useQuery } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { Cluster, LogBackupTask } from '../../api/types';
import { useLabels, useLanguage } from '../../locales';
import { formatCount } from '../../parts/format';
import { strategiesQuery } from '../strategies/queries';
import { strategyFor } from '../strategies/strategyFor';
import { Moment } from '../../parts/Moment';
import { Facts } from '../../parts/PageHead';
import { WordsAlert } from '../../parts/ProblemAlert';
import { Status, toneOf } from '../../parts/Status';
import { oneOf, useListFilter } from '../../parts/useListFilter';
import { useMay } from '../logon/me';
import { ClusterSilent } from './ClusterSilent';
import { Filters } from './Filters';
import { actionsOf } from './logBackup';
import { LogDelays } from './LogDelays';
import { LogGaps } from './LogGaps';
import { PagedTable } from './PagedTable';
import { tenantName } from './tenantName';
import { useChangeLogBackup } from './useChangeLogBackup';

/** The polling interval: checkpoints advance without any event. */
const EVERY_MS = 10_000;

const NAMES = ['status'];

/** The delay that counts as large if no strategy defines one. */
const LARGE_DELAY_S = 3600;

/** The log backup of a cluster, a row per tenant; before 4.0 one row for the cluster. */
export function LogBackupTasks({ cluster }: { cluster: Cluster }) {
  const labels = useLabels();
  const { backup, words, state } = labels;
  const language = useLanguage();
  const may = useMay();
  const { filter, change: changeFilter, clear } = useListFilter(10, NAMES);
  const change = useChangeLogBackup(cluster.id);
  const { page, size } = filter;
  const status = oneOf(filter.values.status, words.archiveStatus);
  const rows = useQuery({
    queryKey: keys.logBackupTasks(cluster.id, { page, size, status }),
    placeholderData: keepPreviousData,
    refetchInterval: EVERY_MS,
    queryFn: () =>
      answer(
        client.GET('/api/v2/ob/clusters/{id}/backup/task/logBackupTasks', {
          params: { path: { id: cluster.id }, query: { page, size, ...(status ? { status } : {}) } },
        }),
      ),
  });
  const strategies = useQuery(strategiesQuery(cluster.id)).data ?? [];
  const limitOf = (tenant: number) => strategyFor(strategies, tenant)?.obBackupThresholdConfig.logBackupDelaySeconds ?? LARGE_DELAY_S;
  const columns: TableProps<LogBackupTask>['columns'] = [
    { title: backup.tenant, fixed: 'left', render: (_, row) => tenantName(row, labels) },
    { title: backup.method, dataIndex: 'backupMode', render: (mode: LogBackupTask['backupMode']) => words.backupMode[mode] },
    {
      title: backup.status,
      dataIndex: 'status',
      render: (state: LogBackupTask['status']) => <Status tone={toneOf(state)}>{words.archiveStatus[state]}</Status>,
    },
    { title: backup.lastBackedUp, dataIndex: 'checkpoint', render: (at?: string | null) => <Moment at={at} isExact /> },
    {
      title: backup.latency,
      dataIndex: 'delay',
      align: 'right',
      render: (delay: number | null | undefined, { tenantId }) =>
        typeof delay === 'number' ? (
          <span className={delay > limitOf(tenantId) ? 'rpo-bad' : undefined}>{formatCount(delay, language)}</span>
        ) : (
          '–'
        ),
    },
    { title: backup.start, dataIndex: 'startTime', render: (at?: string | null) => <Moment at={at} /> },
    {
      title: backup.actions,
      fixed: 'right',
      render: (_, row) =>
        may.backUp ? (
          <span className="row-buttons">
            {actionsOf(row.status, cluster.generation).map((action) => (
              <Button
                key={action}
                type="link"
                size="small"
                className="link-button"
                disabled={change.isPending}
                onClick={() => change.ask(action, row)}
              >
                {backup.logActions[action]}
              </Button>
            ))}
          </span>
        ) : null,
    },
  ];
  return (
    <>
      <div className="filters-and-buttons">
        <Filters filter={filter} states={words.archiveStatus} hasTime={false} onChange={changeFilter} onClear={clear} />
        {may.backUp ? (
          <Button loading={change.isPending} onClick={() => change.ask('start')}>
            {backup.startAllLogs}
          </Button>
        ) : null}
      </div>
      <ClusterSilent error={rows.data?.clusterError} />
      <PagedTable
        query={rows}
        rowKey={(row) => String(row.tenantId)}
        columns={columns}
        empty={rows.data?.clusterError ? state.unknown : status ? backup.tasksEmptyFiltered : backup.logsEmpty}
        expandable={{ expandedRowRender: (row) => <Details row={row} /> }}
        onPage={(number, count) => changeFilter({ page: number, size: count })}
      />
      <LogGaps cluster={cluster} />
      <LogDelays cluster={cluster} />
    </>
  );
}

function Details({ row }: { row: LogBackupTask }) {
  const { backup } = useLabels();
  return (
    <div className="row-details">
      {row.error ? <WordsAlert words={row.error} /> : null}
      <Facts
        rows={[
          [backup.directory, row.backupUri ? <code key="uri">{row.backupUri}</code> : '–'],
          [backup.round, row.round || '–'],
        ]}
      />
    </div>
  );
}
