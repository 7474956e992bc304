import { Button, Table, type TableProps } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import { useId, useState } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { DeletePolicy } from '../../api/types';
import { useLabels } from '../../locales';
import { expandColumn } from '../../parts/expandIcon';
import { formatBytes } from '../../parts/format';
import { later } from '../../parts/later';
import { Loaded } from '../../parts/PageState';
import { useMay } from '../logon/me';
import { useDeletePolicyWords } from './deletePolicyWords';
import { ExpiringSets } from './ExpiringSets';
import { useRetentionWords } from './retentionWords';

const DeletePolicyDrawer = later(async () => (await import('./DeletePolicyDrawer')).DeletePolicyDrawer);

interface DeletePoliciesProps {
  cluster: number;
  /** The window of the policy to predict, in days. Defaults to each tenant's own policy. */
  days?: number | undefined;
}

/** The delete policy of each tenant of a 4.x cluster, and what the database deletes by it. */
export function DeletePolicies({ cluster, days }: DeletePoliciesProps) {
  const words = useRetentionWords();
  const title = useId();
  const policies = useQuery({
    queryKey: keys.deletePolicies(cluster, days),
    gcTime: 0,
    queryFn: () =>
      answer(
        client.GET('/api/v2/ob/clusters/{id}/backup/retention/deletePolicies', {
          params: { path: { id: cluster }, query: days === undefined ? {} : { retentionDays: days } },
        }),
      ),
  });
  return (
    <section aria-labelledby={title} className="retention-storage">
      <h3 id={title}>{words.policies}</h3>
      <p className="quiet hint">{days === undefined ? words.policiesHint : words.policiesAsked(days)}</p>
      <Loaded query={policies}>{({ contents }) => <Policies cluster={cluster} policies={contents} />}</Loaded>
    </section>
  );
}

function Policies({ cluster, policies }: { cluster: number; policies: DeletePolicy[] }) {
  const words = useRetentionWords();
  const { open } = useDeletePolicyWords();
  const { state, backup } = useLabels();
  const may = useMay();
  const [changed, setChanged] = useState<DeletePolicy>();
  const columns: TableProps<DeletePolicy>['columns'] = [
    { title: words.policyTenant, dataIndex: 'tenantName', fixed: 'left' },
    {
      title: words.policy,
      render: (_, { policyName: name, recoveryWindow: window }) => (name ? (window ? words.window(name, window) : name) : words.noPolicy),
    },
    { title: words.goes, render: (_, { policyName, expiring }) => <Goes hasPolicy={Boolean(policyName)} expiring={expiring} /> },
    { title: words.size, align: 'right', render: (_, { expiring }) => (expiring ? formatBytes(expiring.bytes) : '–') },
    {
      title: words.setBy,
      render: (_, { policyName, setByLifeboat }) => (policyName ? (setByLifeboat ? words.setByLifeboat : words.setByOthers) : '–'),
    },
    { title: words.firstKept, align: 'right', render: (_, { expiring }) => expiring?.firstKeptSet ?? '–' },
    {
      title: backup.actions,
      fixed: 'right',
      render: (_, policy) =>
        may.backUp ? (
          <Button type="link" size="small" className="link-button" onClick={() => setChanged(policy)}>
            {open}
          </Button>
        ) : null,
    },
  ];
  return (
    <>
      <Table<DeletePolicy>
        size="small"
        rowKey="tenantId"
        columns={columns}
        dataSource={policies}
        expandable={{
          ...expandColumn,
          rowExpandable: ({ expiring }) => Boolean(expiring?.sets.length),
          expandedRowRender: ({ expiring }) => <ExpiringSets sets={expiring?.sets ?? []} />,
        }}
        scroll={{ x: 'max-content' }}
        pagination={policies.length > 10 ? { defaultPageSize: 10, showTotal: state.total } : false}
      />
      {changed ? <DeletePolicyDrawer cluster={cluster} tenant={changed} onClose={() => setChanged(undefined)} /> : null}
    </>
  );
}

/** What the database deletes next. Without a prediction, that is nothing if there is no policy, and otherwise unknown. */
function Goes({ hasPolicy, expiring }: { hasPolicy: boolean; expiring: DeletePolicy['expiring'] }) {
  const words = useRetentionWords();
  if (!expiring) return <>{hasPolicy ? words.goesUnknown : words.goesNothing}</>;
  const { sets, pieces } = expiring;
  return <>{sets.length + pieces === 0 ? words.goesNothing : words.goesCount(sets.length, pieces)}</>;
}
