import { EllipsisOutlined, ReloadOutlined } from '@oceanbase/icons';
import { App, Button, Dropdown, Table } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import { Problem } from '../../api/problem';
import type { Cluster } from '../../api/types';
import { useLabels } from '../../locales';
import { Moment } from '../../parts/Moment';
import { Facts, PageHead, Section } from '../../parts/PageHead';
import { Loaded } from '../../parts/PageState';
import { useReport } from '../../parts/report';
import { useDangerQuestion } from '../../parts/useDangerQuestion';
import { AlarmList } from '../alarms/AlarmList';
import { useAlarms } from '../alarms/useAlarms';
import { useMay } from '../logon/me';
import { TenantsSection } from '../tenants/TenantsSection';
import { BackupSection } from './BackupSection';
import { ClusterPasswordModal } from './ClusterPasswordModal';
import { clusterTables } from './clusterTables';
import { useCluster, useClusterId } from './clusterId';
import { ClusterStatus } from './ClusterStatus';

/** The overview of a cluster: its facts and its status. */
export default function OverviewPage() {
  const id = useClusterId();
  const cluster = useCluster(id);
  return <Loaded query={cluster}>{(found) => <Overview cluster={found} />}</Loaded>;
}

function Overview({ cluster }: { cluster: Cluster }) {
  const labels = useLabels();
  const { zones, servers } = clusterTables(labels, cluster.id);
  const alarms = useAlarms().data?.filter(({ clusterId }) => clusterId === cluster.id);
  return (
    <>
      <PageHead title={cluster.name} beside={<ClusterStatus cluster={cluster} />}>
        <Buttons cluster={cluster} />
      </PageHead>
      {alarms?.length ? (
        <Section title={labels.alarms.title}>
          <AlarmList alarms={alarms} />
        </Section>
      ) : null}
      <Section title={labels.cluster.facts}>
        <Facts
          rows={[
            [labels.cluster.version, cluster.obVersion],
            [labels.clusters.deployment, cluster.deploymentMode],
            [labels.clusters.backupMethod, labels.words.ability[cluster.obBackupAbility]],
            [labels.cluster.obName, cluster.obClusterName],
            [labels.cluster.obId, cluster.obClusterId],
            [labels.cluster.addresses, cluster.addresses.join(', ')],
            [labels.cluster.user, cluster.user],
            [labels.clusters.created, <Moment key="created" at={cluster.createTime} />],
            [labels.cluster.asked, <Moment key="asked" at={cluster.updateTime} />],
            [labels.alarms.title, alarms ? alarms.length || labels.alarms.none : '…'],
          ]}
        />
      </Section>
      <BackupSection cluster={cluster} />
      <TenantsSection cluster={cluster} />
      <Section title={labels.cluster.zones}>
        <Table size="small" rowKey="name" columns={zones(cluster)} dataSource={cluster.zones} pagination={false} scroll={{ x: 'max-content' }} />
      </Section>
      <Section title={labels.cluster.observers}>
        <Table
          size="small"
          rowKey={(server) => `${server.ip}:${server.sqlPort}`}
          columns={servers}
          dataSource={cluster.servers}
          scroll={{ x: 'max-content' }}
          pagination={cluster.servers.length > 10 ? { pageSize: 10 } : false}
        />
      </Section>
    </>
  );
}

function Buttons({ cluster }: { cluster: Cluster }) {
  const { clusters, actions } = useLabels();
  const may = useMay();
  const ask = useDangerQuestion();
  const { message } = App.useApp();
  const report = useReport();
  const navigate = useNavigate();
  const [changesPassword, setChangesPassword] = useState(false);
  const queries = useQueryClient();
  const path = { params: { path: { id: cluster.id } } };
  const refresh = useMutation({
    mutationFn: () => answer(client.POST('/api/v2/ob/clusters/{id}/refresh', path)),
    onSuccess: (found) => {
      void queries.invalidateQueries({ queryKey: keys.alarms });
      queries.setQueryData(keys.cluster(cluster.id), found);
      void queries.invalidateQueries({ queryKey: keys.tenants(cluster.id) });
      void message.success(clusters.refreshed);
    },
    onError: report.failed,
  });
  const remove = useMutation({
    mutationFn: (leaveDeletePolicies: boolean) =>
      answer(client.DELETE('/api/v2/ob/clusters/{id}', { params: { ...path.params, ...(leaveDeletePolicies ? { query: { leaveDeletePolicies } } : {}) } })),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: keys.clusters() });
      void navigate('/clusters');
    },
    onError: (error) => {
      const words = error instanceof Problem ? error.words : undefined;
      if (!words?.id.endsWith('leave-policies') && !words?.id.endsWith('leaves-policies')) return report.failed(error);
      const text = [words.message, words.cause, clusters.removeLeavesText].filter(Boolean).join(' ');
      ask(clusters.removeTitle(cluster.name), text, clusters.removeLeaving, () => remove.mutateAsync(true));
    },
  });
  const confirmRemoval = () =>
    ask(clusters.removeTitle(cluster.name), clusters.removeText, clusters.remove, () => remove.mutateAsync(false));
  return (
    <>
      <Button icon={<ReloadOutlined />} loading={refresh.isPending} onClick={() => refresh.mutate()}>
        {actions.refresh}
      </Button>
      {may.manageClusters ? (
        <Dropdown
          trigger={['click']}
          menu={{
            items: [
              { key: 'password', label: clusters.changePassword, onClick: () => setChangesPassword(true) },
              { key: 'remove', danger: true, label: clusters.remove, onClick: confirmRemoval },
            ],
          }}
        >
          <Button icon={<EllipsisOutlined />} aria-label={actions.more} />
        </Dropdown>
      ) : null}
      {changesPassword ? <ClusterPasswordModal cluster={cluster} onClose={() => setChangesPassword(false)} /> : null}
    </>
  );
}
