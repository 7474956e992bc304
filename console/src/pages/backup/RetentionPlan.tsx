import { App, Table, type TableProps } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { PlannedSet, RetentionAsk, TenantRetention } from '../../api/types';
import { useLabels } from '../../locales';
import { formatBytes } from '../../parts/format';
import { MayButton } from '../../parts/MayButton';
import { Moment } from '../../parts/Moment';
import { Nothing } from '../../parts/PageState';
import { Prose } from '../../parts/Prose';
import { useReport } from '../../parts/report';
import { Status, toneOf } from '../../parts/Status';
import { useMay } from '../logon/me';
import { HoldButton } from './HoldButton';
import { useRetentionWords } from './retentionWords';

interface RetentionPlanProps {
  cluster: number;
  /** The request of the plan. */
  asked: RetentionAsk;
  tenants: TenantRetention[];
  onStarted: () => void;
}

/** Whether each logical backup set is kept, by storage, each with a button that deletes its expired sets. */
export function RetentionPlan({ cluster, asked, tenants, onStarted }: RetentionPlanProps) {
  const words = useRetentionWords();
  if (tenants.length === 0) return <Nothing text={words.none} />;
  const storages = [...new Set(tenants.map(({ storageId }) => storageId))];
  return (
    <>
      {storages.map((id) => (
        <StoragePlan
          key={id}
          cluster={cluster}
          asked={asked}
          tenants={tenants.filter(({ storageId }) => storageId === id)}
          onStarted={onStarted}
        />
      ))}
    </>
  );
}

function StoragePlan({ cluster, asked, tenants, onStarted }: RetentionPlanProps) {
  const words = useRetentionWords();
  const may = useMay();
  const { modal } = App.useApp();
  const { actions } = useLabels();
  const apply = useApply(cluster, onStarted);
  const [first] = tenants;
  if (!first) return null;
  const name = first.storageName ?? first.storageUri;
  const expired = tenants.flatMap(({ sets }) => sets).filter(({ action }) => action === 'DELETE');
  const ids = expired.map(({ backupSetId }) => backupSetId);
  const size = formatBytes(tenants.reduce((sum, { deleteBytes }) => sum + deleteBytes, 0));
  const ask = () =>
    void modal.confirm({
      title: words.confirm(ids.length, size),
      content: words.confirmText(ids.join(', ')),
      width: 520,
      okText: actions.delete,
      okButtonProps: { danger: true },
      cancelText: actions.cancel,
      onOk: () => apply.mutateAsync({ ...asked, storageId: first.storageId, backupSetIdList: ids }).catch(() => undefined),
    });
  return (
    <section aria-label={words.storage(name)} className="retention-storage">
      <div className="section-head">
        <h3>{words.storage(name)}</h3>
        <MayButton may={may.backUp} danger size="small" disabled={ids.length === 0} loading={apply.isPending} onClick={ask}>
          {words.remove(ids.length)}
        </MayButton>
      </div>
      {tenants.map((tenant) => (
        <TenantPlan key={tenant.tenantId} cluster={cluster} tenant={tenant} />
      ))}
    </section>
  );
}

function TenantPlan({ cluster, tenant }: { cluster: number; tenant: TenantRetention }) {
  const words = useRetentionWords();
  const { state, backup } = useLabels();
  const title = words.tenant(tenant.tenantName, tenant.deleteCount, tenant.sets.length);
  const columns: TableProps<PlannedSet>['columns'] = [
    { title: words.set, dataIndex: 'backupSetId', fixed: 'left' },
    { title: words.moment, dataIndex: 'consistentTime', render: (at: string) => <Moment at={at} isExact /> },
    { title: words.size, dataIndex: 'bytes', align: 'right', render: formatBytes },
    { title: backup.status, dataIndex: 'status', render: (status: PlannedSet['status']) => <SetStatus status={status} /> },
    {
      title: words.fate,
      dataIndex: 'action',
      render: (action: PlannedSet['action']) => <Status tone={action === 'DELETE' ? 'bad' : 'good'}>{words.fates[action]}</Status>,
    },
    { title: words.reasons, render: (_, set) => <Reasons set={set} /> },
    { title: backup.actions, fixed: 'right', render: (_, set) => <HoldButton cluster={cluster} set={set} /> },
  ];
  return (
    <section aria-label={title}>
      <h4>{title}</h4>
      <Table<PlannedSet>
        size="small"
        rowKey="backupSetId"
        columns={columns}
        dataSource={tenant.sets}
        scroll={{ x: 'max-content' }}
        pagination={tenant.sets.length > 10 ? { defaultPageSize: 10, showTotal: state.total } : false}
      />
    </section>
  );
}

function SetStatus({ status }: { status: PlannedSet['status'] }) {
  const { words } = useLabels();
  return <Status tone={toneOf(status)}>{words.setStatus[status]}</Status>;
}

function Reasons({ set: { reasons, doubt, hold } }: { set: PlannedSet }) {
  const words = useRetentionWords();
  return (
    <div className="run-reason">
      {reasons.map(({ id, message }) => (
        <div key={id}>
          <Prose text={message} />
        </div>
      ))}
      {doubt ? (
        <div className="quiet">
          <Prose text={doubt} />
        </div>
      ) : null}
      {hold ? <div className="quiet">{words.heldBy(hold.owner, hold.reason)}</div> : null}
    </div>
  );
}

/** Starts the deletion of the sets that were shown. */
function useApply(cluster: number, onStarted: () => void) {
  const report = useReport();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: RetentionAsk & { storageId: number; backupSetIdList: number[] }) =>
      answer(client.POST('/api/v2/ob/clusters/{id}/backup/retention/apply', { params: { path: { id: cluster } }, body })),
    onSuccess: ({ backupObjectOpsResultList: [first] }) => {
      report.begun(first?.taskIdList[0]);
      onStarted();
    },
    onError: report.failed,
    onSettled: () => void queries.invalidateQueries({ queryKey: keys.backups(cluster) }),
  });
}
