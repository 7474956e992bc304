import { Table, type TableProps } from '@oceanbase/design';
import { useQueries } from '@tanstack/react-query';
import { Link } from 'react-router';

import type { Cluster, Overview } from '../../api/types';
import { useLabels } from '../../locales';
import { useAllClusters } from '../../parts/ClusterSelector';
import { formatBytes } from '../../parts/format';
import { Moment } from '../../parts/Moment';
import { PageHead, Section } from '../../parts/PageHead';
import { Loaded, Nothing } from '../../parts/PageState';
import { Status } from '../../parts/Status';
import { overviewQuery } from './queries';

/** Every cluster's backups at a glance. */
export default function AllBackupsPage() {
  const { backup, clusters: labels } = useLabels();
  const clusters = useAllClusters();
  return (
    <>
      <PageHead title={backup.title} beside={<span className="quiet">{backup.everyCluster}</span>} />
      <Loaded query={clusters}>
        {({ contents }) => (contents.length ? <AtAGlance clusters={contents} /> : <Nothing text={labels.emptyTitle} />)}
      </Loaded>
    </>
  );
}

function AtAGlance({ clusters }: { clusters: Cluster[] }) {
  const { backup } = useLabels();
  const overviews = useQueries({ queries: clusters.map(({ id }) => overviewQuery(id)) });
  const known = overviews.flatMap(({ data }) => (data ? [data] : []));
  const backedUp = known.filter(({ backupSetCount }) => backupSetCount > 0).length;
  const bytes = known.reduce((sum, { backupSize }) => sum + backupSize, 0);
  const tiles: Array<[string, string | number]> = [
    [backup.backedUp, backedUp],
    [backup.notBackedUp, known.length - backedUp],
    [backup.inProgress, known.filter(({ runningTaskId }) => runningTaskId).length],
    [backup.totalSize, formatBytes(bytes)],
  ];
  return (
    <>
      <dl className="tiles">
        {tiles.map(([term, value]) => (
          <div key={term} className="tile">
            <dt>{term}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <Section>
        <OverviewTable rows={known} />
      </Section>
    </>
  );
}

function OverviewTable({ rows }: { rows: Overview[] }) {
  const { backup, clusters, words, state } = useLabels();
  const columns: TableProps<Overview>['columns'] = [
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
      render: (ability: Overview['obBackupAbility']) => words.ability[ability],
    },
    {
      title: backup.status,
      render: (_, { runningTaskId }) =>
        runningTaskId ? (
          <Link to={`/tasks/${runningTaskId}`}>
            <Status tone="busy">{backup.inProgress}</Status>
          </Link>
        ) : (
          <Status tone="quiet">{backup.noStrategy}</Status>
        ),
    },
    {
      title: backup.lastDataBackup,
      dataIndex: 'lastDataBackupTime',
      render: (at?: string | null) => <Moment at={at} none={clusters.never} />,
    },
    { title: backup.backupSets, dataIndex: 'backupSetCount', align: 'right' },
    { title: backup.file, dataIndex: 'backupSize', align: 'right', render: formatBytes },
  ];
  return (
    <Table<Overview>
      rowKey="clusterId"
      columns={columns}
      dataSource={rows}
      scroll={{ x: 'max-content' }}
      pagination={rows.length > 20 ? { pageSize: 20, showTotal: state.total } : false}
    />
  );
}
