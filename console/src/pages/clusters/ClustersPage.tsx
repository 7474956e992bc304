import { PlusOutlined } from '@oceanbase/icons';
import { Table } from '@oceanbase/design';
import type { TableProps } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';

import type { Cluster } from '../../api/types';
import { useLabels } from '../../locales';
import { useAllClusters } from '../../parts/ClusterSelector';
import { MayButton } from '../../parts/MayButton';
import { Moment } from '../../parts/Moment';
import { PageHead, Section } from '../../parts/PageHead';
import { Loaded } from '../../parts/PageState';
import { Tiles } from '../../parts/Tiles';
import { allOverviewQuery } from '../backup/queries';
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
  const takeOver = (
    <MayButton may={may.manageClusters} type="primary" icon={<PlusOutlined />} onClick={() => setTakingOver(true)}>
      {labels.takeOver}
    </MayButton>
  );
  return (
    <>
      <PageHead title={labels.title}>{clusters.data?.contents.length ? takeOver : null}</PageHead>
      <Loaded query={clusters}>
        {({ contents }) =>
          contents.length ? (
            <>
              <AtAGlance clusters={contents} />
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

function AtAGlance({ clusters }: { clusters: Cluster[] }) {
  const labels = useLabels().clusters;
  const { data } = useQuery(allOverviewQuery);
  const count = (status: Cluster['status']) => clusters.filter((cluster) => cluster.status === status).length;
  const troubles = [
    labels.unavailable(count('UNAVAILABLE')),
    labels.upgrading(count('UPGRADING')),
  ].filter((words) => words !== undefined);
  const ended = data ? data.recentSuccessfulCount + data.recentFailedCount : 0;
  return (
    <Tiles
      tiles={[
        { term: labels.tileClusters, value: clusters.length, hint: troubles.join(' · ') || labels.allRunning },
        { term: labels.tileProtected, value: data?.protectedObjectCount ?? '…', hint: labels.protectedHint },
        { term: labels.tileUnprotected, value: data?.unprotectedObjectCount ?? '…', hint: labels.unprotectedHint },
        {
          term: labels.tileRecent,
          value: ended && data ? `${Math.round((data.recentSuccessfulCount / ended) * 100)}%` : '–',
          hint: ended && data ? labels.recentHint(data.recentSuccessfulCount, ended) : labels.recentNone,
        },
      ]}
    />
  );
}

const PAGE_SIZE = 10;

function ClusterTable({ clusters }: { clusters: Cluster[] }) {
  const labels = useLabels();
  const standings = useQuery(allOverviewQuery).data?.clusters;
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
        const standing = standings?.find(({ clusterId }) => clusterId === id);
        return <Moment at={standing?.lastDataBackupTime} none={standings ? labels.clusters.never : '…'} />;
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
      pagination={clusters.length > PAGE_SIZE ? { pageSize: PAGE_SIZE } : false}
    />
  );
}
