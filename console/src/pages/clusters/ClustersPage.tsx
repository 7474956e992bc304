import { PlusOutlined } from '@oceanbase/icons';
import { Button, Table } from '@oceanbase/design';
import type { TableProps } from '@oceanbase/design';
import { useQueries } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';

import type { Cluster } from '../../api/types';
import { useLabels } from '../../locales';
import { useAllClusters } from '../../parts/ClusterSelector';
import { Moment } from '../../parts/Moment';
import { PageHead, Section } from '../../parts/PageHead';
import { Loaded } from '../../parts/PageState';
import { overviewQuery } from '../backup/queries';
import { useMay } from '../logon/me';
import { ClusterStatus } from './ClusterStatus';
import { NoCluster } from './NoCluster';
import { TakeOverDrawer } from './TakeOverDrawer';

/** Every cluster that was taken over. */
export default function ClustersPage() {
  const labels = useLabels().clusters;
  const may = useMay();
  const clusters = useAllClusters();
  const [takingOver, setTakingOver] = useState(false);
  const takeOver = may.manageClusters ? (
    <Button type="primary" icon={<PlusOutlined />} onClick={() => setTakingOver(true)}>
      {labels.takeOver}
    </Button>
  ) : null;
  return (
    <>
      <PageHead title={labels.title}>{clusters.data?.contents.length ? takeOver : null}</PageHead>
      <Loaded query={clusters}>
        {({ contents }) =>
          contents.length ? (
            <>
              <Tiles clusters={contents} />
              <Section title={labels.title}>
                <ClusterTable clusters={contents} />
              </Section>
            </>
          ) : (
            <NoCluster button={takeOver} />
          )
        }
      </Loaded>
      {takingOver ? <TakeOverDrawer onClose={() => setTakingOver(false)} /> : null}
    </>
  );
}

function Tiles({ clusters }: { clusters: Cluster[] }) {
  const labels = useLabels().clusters;
  const count = (status: Cluster['status']) => clusters.filter((cluster) => cluster.status === status).length;
  const tiles: Array<[string, number]> = [
    [labels.tileClusters, clusters.length],
    [labels.tileRunning, count('RUNNING')],
    [labels.tileUpgrading, count('UPGRADING')],
    [labels.tileUnavailable, count('UNAVAILABLE')],
  ];
  return (
    <dl className="tiles">
      {tiles.map(([term, value]) => (
        <div key={term} className="tile">
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

const PAGE_SIZE = 10;

function ClusterTable({ clusters }: { clusters: Cluster[] }) {
  const labels = useLabels();
  const [page, setPage] = useState(1);
  // Only the rows that are seen are asked about.
  const shown = clusters.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE);
  const overviews = useQueries({ queries: shown.map((cluster) => overviewQuery(cluster.id)) });
  const columns: TableProps<Cluster>['columns'] = [
    {
      title: labels.clusters.name,
      dataIndex: 'name',
      fixed: 'left',
      render: (name: string, { id }) => <Link to={`/clusters/${id}`}>{name}</Link>,
    },
    { title: labels.clusters.id, dataIndex: 'id', width: 72 },
    { title: labels.clusters.version, dataIndex: 'obVersion', ellipsis: true },
    { title: labels.clusters.deployment, dataIndex: 'deploymentMode' },
    {
      title: labels.clusters.status,
      dataIndex: 'status',
      render: (status: Cluster['status']) => <ClusterStatus status={status} />,
    },
    {
      title: labels.clusters.backupMethod,
      dataIndex: 'obBackupAbility',
      render: (ability: Cluster['obBackupAbility']) => labels.words.ability[ability],
    },
    {
      title: labels.clusters.lastBackup,
      render: (_, { id }) => {
        const overview = overviews[shown.findIndex((cluster) => cluster.id === id)];
        return <Moment at={overview?.data?.lastDataBackupTime} none={overview?.data ? labels.clusters.never : '…'} />;
      },
    },
    {
      title: labels.clusters.created,
      dataIndex: 'createTime',
      render: (at: string) => <Moment at={at} />,
    },
  ];
  return (
    <Table<Cluster>
      rowKey="id"
      columns={columns}
      dataSource={clusters}
      scroll={{ x: 'max-content' }}
      pagination={clusters.length > PAGE_SIZE ? { pageSize: PAGE_SIZE, current: page, onChange: setPage } : false}
    />
  );
}
