import { Table, type TableProps } from '@oceanbase/design';

import type { ClusterRestorePlan } from '../../api/types';
import { formatBytes } from '../../parts/format';
import { Moment } from '../../parts/Moment';
import { PlanView } from '../../parts/PlanView';
import { useClusterRecoveryWords } from './clusterRecoveryWords';

type PlannedTenant = ClusterRestorePlan['tenants'][number];
type ZoneSum = ClusterRestorePlan['zones'][number];

/** The plan of the recovery of a cluster: the tenants in their order, the sum of their resources, and the steps. */
export function ClusterPlan({ plan }: { plan: ClusterRestorePlan }) {
  const words = useClusterRecoveryWords();
  const resources = ({ zones, poolList }: PlannedTenant) =>
    [...zones.map(({ name, unitCount, unitSpecName }) => words.units(name, unitCount, unitSpecName ?? words.newUnit)), ...poolList].join('; ');
  const tenants: TableProps<PlannedTenant>['columns'] = [
    { title: words.order, render: (_, _row, place: number) => place + 1 },
    { title: words.tenant, dataIndex: 'backupTenantName' },
    { title: words.name, dataIndex: 'name' },
    { title: words.to, dataIndex: 'restoreEndTime', render: (at: string) => <Moment at={at} isExact /> },
    { title: words.size, dataIndex: 'bytes', render: (bytes: number) => formatBytes(bytes) },
    { title: words.resources, render: (_, row) => resources(row) },
  ];
  const bytes = (needed: number, free: number) => words.ofFree(formatBytes(needed), formatBytes(free));
  const sums: TableProps<ZoneSum>['columns'] = [
    { title: words.zone, dataIndex: 'name' },
    { title: words.unitCount, dataIndex: 'unitCount' },
    { title: words.cpu, render: (_, { needed, free }) => words.ofFree(String(needed.cpu), String(free.cpu)) },
    { title: words.memory, render: (_, { needed, free }) => bytes(needed.memoryBytes, free.memoryBytes) },
    {
      title: words.logDisk,
      render: (_, { needed, free }) => (needed.logDiskBytes || free.logDiskBytes ? bytes(needed.logDiskBytes, free.logDiskBytes) : '–'),
    },
  ];
  return (
    <>
      <p>{words.total(formatBytes(plan.totalBytes), plan.parallel)}</p>
      <Table size="small" pagination={false} rowKey="name" columns={tenants} dataSource={plan.tenants} scroll={{ x: 'max-content' }} />
      {plan.zones.length > 0 ? (
        <>
          <h3>{words.sums}</h3>
          <Table size="small" pagination={false} rowKey="name" columns={sums} dataSource={plan.zones} scroll={{ x: 'max-content' }} />
        </>
      ) : null}
      <PlanView plan={plan.plan} />
    </>
  );
}
