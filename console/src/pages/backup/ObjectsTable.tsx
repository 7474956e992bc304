import { Table, type TableProps } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { ClusterStanding, Strategy } from '../../api/types';
import { useLabels } from '../../locales';
import { expandIcon } from '../../parts/expandIcon';
import { formatBytes } from '../../parts/format';
import { Moment } from '../../parts/Moment';
import { Status } from '../../parts/Status';
import { LastRun } from '../strategies/LastRun';
import { NextRun } from '../strategies/NextRun';
import { allStrategiesQuery } from '../strategies/queries';
import { ScheduleState } from '../strategies/ScheduleState';
import { objectOf } from '../strategies/scope';
import { useMetricsWords } from './metricsWords';
import { rowsOf, type ObjectRow } from './objectRows';

/** How many backup sets are searched for a good one. */
const LOOKED_THROUGH = 20;

/**
 * Every cluster, with its tenants that have their own strategy: the status of the schedules, and the age of the
 * backups.
 */
export function ObjectsTable({ clusters: standings }: { clusters: ClusterStanding[] }) {
  const labels = useLabels();
  const { backup, clusters, strategy: words, words: said, state } = labels;
  const strategies = useQuery(allStrategiesQuery).data?.contents ?? [];
  const columns: TableProps<ObjectRow>['columns'] = [
    {
      title: clusters.name,
      fixed: 'left',
      render: (_, { cluster, tenant }) =>
        tenant ? (
          <Link to={`/clusters/${cluster.clusterId}/backup?list=strategy`}>{objectOf(tenant, labels)}</Link>
        ) : (
          <Link to={`/clusters/${cluster.clusterId}/backup`}>{cluster.clusterName}</Link>
        ),
    },
    { title: backup.status, render: (_, row) => <State row={row} /> },
    {
      title: backup.lastDataBackup,
      render: (_, { cluster, tenant }) =>
        tenant ? <LastOfTenant strategy={tenant} /> : <Moment at={cluster.lastDataBackupTime} none={clusters.never} />,
    },
    {
      title: words.nextRun,
      render: (_, { status, next }) => <NextRun run={next} none={status === 'PAUSED' ? words.noNextRunPaused : '–'} />,
    },
    {
      title: words.lastRun,
      render: (_, { status, last }) => (status === 'NONE' ? <span className="quiet">–</span> : <LastRun run={last} />),
    },
    {
      title: clusters.tileProtected,
      align: 'right',
      render: (_, { cluster, tenant }) =>
        tenant ? '' : <Link to={`/backup/tenants?cluster=${cluster.clusterId}`}>{clusters.ofObjects(cluster.protectedObjectCount, cluster.objectCount)}</Link>,
    },
    { title: clusters.version, render: (_, { cluster, tenant }) => (tenant ? '' : cluster.obVersion) },
    {
      title: backup.method,
      render: (_, { cluster, tenant }) => (tenant ? said.backupMode[tenant.backupMode] : said.ability[cluster.obBackupAbility]),
    },
    { title: backup.backupSets, align: 'right', render: (_, { cluster, tenant }) => (tenant ? '' : cluster.backupSetCount) },
    { title: backup.file, align: 'right', render: (_, { cluster, tenant }) => (tenant ? '' : formatBytes(cluster.backupSize)) },
  ];
  return (
    <Table<ObjectRow>
      size="small"
      rowKey="key"
      columns={columns}
      dataSource={rowsOf(standings, strategies)}
      expandable={{ expandIcon, indentSize: 20 }}
      scroll={{ x: 'max-content' }}
      pagination={standings.length > 20 ? { pageSize: 20, showTotal: state.total } : false}
    />
  );
}

function State({ row: { cluster, tenant, status, abnormalTenants } }: { row: ObjectRow }) {
  const { backup } = useLabels();
  const words = useMetricsWords();
  const running = tenant ? undefined : cluster.runningTaskId;
  return (
    <>
      {running ? (
        <Link to={`/tasks/${running}`}>
          <Status tone="busy">{backup.inProgress}</Status>
        </Link>
      ) : (
        <ScheduleState status={status} />
      )}
      {abnormalTenants ? <div className="quiet">{words.tenantsAbnormal(abnormalTenants)}</div> : null}
    </>
  );
}

/** The age of the newest good backup of a tenant. Rows of tenants are collapsed at first, so there are few requests. */
function LastOfTenant({ strategy: { clusterId: id, tenantId } }: { strategy: Strategy }) {
  const { clusters } = useLabels();
  const tenant = Number(tenantId);
  const sets = useQuery({
    queryKey: keys.newestSet(id, tenant),
    queryFn: () =>
      answer(
        client.GET('/api/v2/ob/clusters/{id}/tenants/{tenantId}/backup/sets', {
          params: { path: { id, tenantId: tenant }, query: { page: 1, size: LOOKED_THROUGH } },
        }),
      ),
  });
  if (!sets.data) return <>{sets.isError ? '–' : '…'}</>;
  const good = sets.data.contents.find(({ status }) => status === 'AVAILABLE' || status === 'UNVERIFIED');
  return <Moment at={good?.finishTime} none={clusters.never} />;
}
