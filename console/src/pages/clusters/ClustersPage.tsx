import { PlusOutlined } from '@oceanbase/icons';
import { Button, Table } from '@oceanbase/design';
import type { TableProps } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';

import type { Alarm, Cluster } from '../../api/types';
import { useLabels } from '../../locales';
import { formatRate } from '../../parts/format';
import { useAllClusters } from '../../parts/useAllClusters';
import { later } from '../../parts/later';
import { MayButton } from '../../parts/MayButton';
import { Moment } from '../../parts/Moment';
import { PageHead, Section } from '../../parts/PageHead';
import { Loaded } from '../../parts/PageState';
import { Tiles } from '../../parts/Tiles';
import { newAlarms, useAlarms } from '../alarms/useAlarms';
import { allOverviewQuery } from '../backup/queries';
import { useMay } from '../logon/me';
import { countTenants, protectionRows } from '../protection/protection';
import { protectionQuery } from '../protection/queries';
import { ClusterStatus } from './ClusterStatus';
import { lookOf } from './look';
import { NoCluster } from './NoCluster';

const AlarmsDrawer = later(async () => (await import('../alarms/AlarmsDrawer')).AlarmsDrawer);
const TakeOverDrawer = later(async () => (await import('./TakeOverDrawer')).TakeOverDrawer);

/** The shown alarms: those of a cluster, or all. */
interface Watched {
  cluster?: Cluster;
}

/** Every cluster that was taken over. */
export default function ClustersPage() {
  const labels = useLabels().clusters;
  const may = useMay();
  const clusters = useAllClusters();
  const [takingOver, setTakingOver] = useState(false);
  const [watched, setWatched] = useState<Watched>();
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
              <AtAGlance clusters={contents} onAlarms={() => setWatched({})} />
              <Section title={labels.title}>
                <ClusterTable clusters={contents} onAlarms={(cluster) => setWatched({ cluster })} />
              </Section>
            </>
          ) : (
            <NoCluster button={takeOver} />
          )
        }
      </Loaded>
      {takingOver ? <TakeOverDrawer onClose={() => setTakingOver(false)} /> : null}
      {watched ? <AlarmsDrawer cluster={watched.cluster} onClose={() => setWatched(undefined)} /> : null}
    </>
  );
}

function AtAGlance({ clusters, onAlarms }: { clusters: Cluster[]; onAlarms: () => void }) {
  const { clusters: labels, alarms: words } = useLabels();
  const { data } = useQuery(allOverviewQuery);
  const objects = useQuery(protectionQuery()).data;
  // Whether a tenant has a full backup does not depend on strategies.
  const tenants = objects && countTenants(protectionRows(objects, []));
  const alarms = useAlarms().data;
  const fresh = alarms && newAlarms(alarms);
  const stopped = fresh?.filter(({ level }) => level === 1).length ?? 0;
  const count = (status: Cluster['status']) => clusters.filter((cluster) => lookOf(cluster, alarms).status === status).length;
  const troubles = [
    labels.unavailable(count('UNAVAILABLE')),
    labels.upgrading(count('UPGRADING')),
  ].filter((words) => words !== undefined);
  const ended = data ? data.recentSuccessfulCount + data.recentFailedCount : 0;
  return (
    <Tiles
      tiles={[
        { term: labels.tileClusters, value: clusters.length, hint: troubles.join(' · ') || labels.allRunning },
        { term: labels.tileProtected, value: tenants ? tenants.GOOD + tenants.LATE : '…', hint: labels.protectedHint, to: '/backup/tenants?state=BACKED_UP' },
        { term: labels.tileUnprotected, value: tenants?.NONE ?? '…', hint: labels.unprotectedHint, to: '/backup/tenants?state=NONE' },
        {
          term: labels.tileRecent,
          value: data ? formatRate(data.recentSuccessfulCount, ended) : '…',
          to: '/tasks',
          hint: data && (ended ? labels.recentHint(data.recentSuccessfulCount, ended) : labels.recentNone),
        },
        {
          term: words.title,
          value: <AlarmCount alarms={alarms} label={words.show} onShow={onAlarms} />,
          hint: fresh && alarms && (alarms.length ? words.hint(stopped, fresh.length - stopped, alarms.length - fresh.length) : words.none),
        },
      ]}
    />
  );
}

const PAGE_SIZE = 10;

/** The number of new alarms, as a button that shows all of them and the history. */
function AlarmCount({ alarms, label, onShow }: { alarms: Alarm[] | undefined; label: (count: number) => string; onShow: () => void }) {
  if (!alarms) return <>…</>;
  const count = newAlarms(alarms).length;
  return (
    <Button type="link" size="small" danger={count > 0} className="link-button count-button" aria-label={label(count)} onClick={onShow}>
      {count}
    </Button>
  );
}

interface ClusterTableProps {
  clusters: Cluster[];
  onAlarms: (cluster: Cluster) => void;
}

function ClusterTable({ clusters, onAlarms }: ClusterTableProps) {
  const labels = useLabels();
  const alarms = useAlarms().data;
  const standings = useQuery(allOverviewQuery).data?.clusters;
  const columns: TableProps<Cluster>['columns'] = [
    {
      title: labels.clusters.name,
      dataIndex: 'name',
      fixed: 'left',
      render: (name: string, { id }) => <Link to={`/clusters/${id}`}>{name}</Link>,
    },
    {
      title: labels.clusters.status,
      render: (_, cluster) => <ClusterStatus cluster={cluster} />,
    },
    { title: labels.clusters.id, dataIndex: 'id', width: 56 },
    { title: labels.clusters.version, dataIndex: 'obVersion', ellipsis: true },
    { title: labels.clusters.deployment, dataIndex: 'deploymentMode' },
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
      title: labels.alarms.title,
      render: (_, cluster) => (
        <AlarmCount
          alarms={alarms?.filter(({ clusterId }) => clusterId === cluster.id)}
          label={(count) => labels.alarms.showOf(cluster.name, count)}
          onShow={() => onAlarms(cluster)}
        />
      ),
    },
  ];
  return (
    <Table<Cluster>
      size="small"
      rowKey="id"
      columns={columns}
      dataSource={clusters}
      scroll={{ x: 'max-content' }}
      pagination={clusters.length > PAGE_SIZE ? { pageSize: PAGE_SIZE } : false}
    />
  );
}
