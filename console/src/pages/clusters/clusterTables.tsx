import type { TableProps } from '@oceanbase/design';

import { Link } from 'react-router';

import type { Cluster, Tenant } from '../../api/types';
import type { Labels } from '../../locales/en';
import { Status } from '../../parts/Status';

type Zone = Cluster['zones'][number];
type Server = Cluster['servers'][number];

/** The columns of the tables about the parts of a cluster. */
export function clusterTables({ cluster: labels, clusters, words }: Labels, cluster: number) {
  // A value of OceanBase without a label is shown as it is.
  const said = (code: string) => words.said[code.toUpperCase()] ?? code;
  const state = (status: string) => (
    <Status tone={['ACTIVE', 'NORMAL'].includes(status.toUpperCase()) ? 'good' : 'warn'}>{said(status)}</Status>
  );
  const zones = (cluster: Cluster): TableProps<Zone>['columns'] => [
    { title: labels.zone, dataIndex: 'name' },
    { title: labels.region, dataIndex: 'regionName' },
    { title: labels.idc, dataIndex: 'idcName', render: (idc: string) => idc || '–' },
    {
      title: labels.servers,
      render: (_, { name }) => cluster.servers.filter((server) => server.zoneName === name).length,
    },
    { title: clusters.status, dataIndex: 'status', render: state },
  ];
  const servers: TableProps<Server>['columns'] = [
    { title: labels.ip, dataIndex: 'ip' },
    { title: labels.port, dataIndex: 'sqlPort' },
    { title: labels.zone, dataIndex: 'zoneName' },
    { title: labels.rootServer, dataIndex: 'withRootserver', render: (is: boolean) => (is ? labels.yes : labels.no) },
    { title: clusters.version, dataIndex: 'version', ellipsis: true },
    { title: clusters.status, dataIndex: 'status', render: state },
  ];
  const tenants: TableProps<Tenant>['columns'] = [
    {
      title: labels.tenantName,
      fixed: 'left',
      render: (_, { id, name }) => <Link to={`/clusters/${cluster}/tenants/${id}`}>{name}</Link>,
    },
    { title: clusters.id, dataIndex: 'id' },
    { title: labels.tenantMode, dataIndex: 'mode', render: said },
    { title: labels.role, dataIndex: 'role', render: said },
    { title: labels.primaryZone, dataIndex: 'primaryZone', ellipsis: true },
    { title: labels.locked, dataIndex: 'locked', render: (is: boolean) => (is ? labels.yes : labels.no) },
    { title: clusters.status, dataIndex: 'status', render: state },
  ];
  return { zones, servers, tenants };
}
