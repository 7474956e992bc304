import { Button, Table, Tooltip } from '@oceanbase/design';
import type { TableProps } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { Cluster, Tenant } from '../../api/types';
import { useLabels } from '../../locales';
import { Section } from '../../parts/PageHead';
import { Loaded } from '../../parts/PageState';
import { Prose } from '../../parts/Prose';
import { clusterTables } from '../clusters/clusterTables';
import { useMay } from '../logon/me';
import { CredentialDrawer } from './CredentialDrawer';

/** The tenants of a cluster, and their credentials. */
export function TenantsSection({ cluster }: { cluster: Cluster }) {
  const labels = useLabels();
  const [chosen, setChosen] = useState<number>();
  const tenants = useQuery({
    queryKey: keys.tenants(cluster.id),
    queryFn: () => answer(client.GET('/api/v2/ob/clusters/{id}/tenants', { params: { path: { id: cluster.id } } })),
  });
  const tenant = tenants.data?.contents.find(({ id }) => id === chosen);
  const credential: NonNullable<TableProps<Tenant>['columns']> =
    cluster.generation === 'GEN4'
      ? [
          {
            title: labels.credential.column,
            key: 'credential',
            render: (_, each) => <Credential tenant={each} onOpen={() => setChosen(each.id)} />,
          },
        ]
      : [];
  return (
    <Section title={labels.cluster.tenants}>
      <Loaded query={tenants}>
        {({ contents }) => (
          <Table<Tenant>
            size="small"
            rowKey="id"
            columns={[...(clusterTables(labels, cluster.id).tenants ?? []), ...credential]}
            dataSource={contents}
            scroll={{ x: 'max-content' }}
            pagination={contents.length > 10 ? { pageSize: 10 } : false}
          />
        )}
      </Loaded>
      {tenant ? (
        <CredentialDrawer
          key={tenant.id}
          clusterId={cluster.id}
          tenant={tenant}
          onClose={() => setChosen(undefined)}
        />
      ) : null}
    </Section>
  );
}

/** The user of the saved credential, or why none is needed or possible. */
function Credential({ tenant, onOpen }: { tenant: Tenant; onOpen: () => void }) {
  const { credential: labels } = useLabels();
  const may = useMay();
  const { credentialUser: kept, logicalDisabled: obstacle } = tenant;
  const isUnfit = obstacle && obstacle.id !== 'tenant-credential-missing';
  if (isUnfit && !kept) {
    return (
      <Tooltip title={<Prose text={obstacle.message} />}>
        {/* The reason must be reachable by keyboard too. */}
        {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
        <span tabIndex={0} role="note" aria-label={obstacle.message.replaceAll('`', '')} className="quiet">
          {labels.notNeeded}
        </span>
      </Tooltip>
    );
  }
  if (!may.manageClusters) return <>{kept ?? labels.unset}</>;
  return (
    <Button type="link" size="small" className="link-button" onClick={onOpen} data-testid={`credential-${tenant.name}`}>
      {kept ?? labels.add}
    </Button>
  );
}
