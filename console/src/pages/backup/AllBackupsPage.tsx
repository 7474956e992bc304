import { Table, type TableProps } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';

import type { AllOverview, ClusterStanding } from '../../api/types';
import { useLabels } from '../../locales';
import { formatBytes } from '../../parts/format';
import { Moment } from '../../parts/Moment';
import { PageHead, Section } from '../../parts/PageHead';
import { Loaded, Nothing } from '../../parts/PageState';
import { Status } from '../../parts/Status';
import { Tiles } from '../../parts/Tiles';
import { LastRun } from '../strategies/LastRun';
import { NextRun } from '../strategies/PlannedRuns';
import { allStrategiesQuery } from '../strategies/queries';
import { ScheduleState } from '../strategies/ScheduleState';
import { standingOf } from '../strategies/status';
import { allOverviewQuery } from './queries';

/** Every cluster's backups at a glance. */
export default function AllBackupsPage() {
  const { backup, clusters: labels } = useLabels();
  const overview = useQuery(allOverviewQuery);
  return (
    <>
      <PageHead title={backup.title} beside={<span className="quiet">{backup.everyCluster}</span>} />
      <Loaded query={overview}>
        {(found) => (found.clusters.length ? <AtAGlance overview={found} /> : <Nothing text={labels.emptyTitle} />)}
      </Loaded>
    </>
  );
}

function AtAGlance({ overview: { clusters } }: { overview: AllOverview }) {
  const { backup } = useLabels();
  const backedUp = clusters.filter(({ backupSetCount }) => backupSetCount > 0).length;
  const bytes = clusters.reduce((sum, { backupSize }) => sum + backupSize, 0);
  return (
    <>
      <Tiles
        tiles={[
          { term: backup.backedUp, value: backedUp },
          { term: backup.notBackedUp, value: clusters.length - backedUp },
          { term: backup.inProgress, value: clusters.filter(({ runningTaskId }) => runningTaskId).length },
          { term: backup.totalSize, value: formatBytes(bytes) },
        ]}
      />
      <Section>
        <OverviewTable rows={clusters} />
      </Section>
    </>
  );
}

function OverviewTable({ rows }: { rows: ClusterStanding[] }) {
  const { backup, clusters, strategy, words, state } = useLabels();
  const strategies = useQuery(allStrategiesQuery).data?.contents ?? [];
  const standing = (id: number) => standingOf(strategies.filter(({ clusterId }) => clusterId === id));
  const columns: TableProps<ClusterStanding>['columns'] = [
    {
      title: clusters.name,
      dataIndex: 'clusterName',
      fixed: 'left',
      render: (name: string, { clusterId }) => <Link to={`/clusters/${clusterId}/backup`}>{name}</Link>,
    },
    { title: clusters.version, dataIndex: 'obVersion' },
    {
      title: backup.method,
      dataIndex: 'obBackupAbility',
      render: (ability: ClusterStanding['obBackupAbility']) => words.ability[ability],
    },
    {
      title: backup.status,
      render: (_, { clusterId, runningTaskId }) =>
        runningTaskId ? (
          <Link to={`/tasks/${runningTaskId}`}>
            <Status tone="busy">{backup.inProgress}</Status>
          </Link>
        ) : (
          <ScheduleState status={standing(clusterId).status} />
        ),
    },
    {
      title: strategy.nextRun,
      render: (_, { clusterId }) => {
        const { status, next } = standing(clusterId);
        return <NextRun run={next} none={status === 'PAUSED' ? strategy.noNextRunPaused : '–'} />;
      },
    },
    {
      title: strategy.lastRun,
      render: (_, { clusterId }) => {
        const { status, last } = standing(clusterId);
        return status === 'NONE' ? <span className="quiet">–</span> : <LastRun run={last} />;
      },
    },
    {
      title: backup.lastDataBackup,
      dataIndex: 'lastDataBackupTime',
      render: (at?: string | null) => <Moment at={at} none={clusters.never} />,
    },
    {
      title: clusters.tileProtected,
      align: 'right',
      render: (_, { protectedObjectCount, objectCount }) => clusters.ofObjects(protectedObjectCount, objectCount),
    },
    { title: backup.backupSets, dataIndex: 'backupSetCount', align: 'right' },
    { title: backup.file, dataIndex: 'backupSize', align: 'right', render: formatBytes },
  ];
  return (
    <Table<ClusterStanding>
      size="small"
      rowKey="clusterId"
      columns={columns}
      dataSource={rows}
      scroll={{ x: 'max-content' }}
      pagination={rows.length > 20 ? { pageSize: 20, showTotal: state.total } : false}
    />
  );
}
