import { Table, type TableProps } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { DeletePolicy } from '../../api/types';
import { useLabels } from '../../locales';
import { expandColumn } from '../../parts/expandIcon';
import { formatBytes } from '../../parts/format';
import { Moment } from '../../parts/Moment';
import { Loaded } from '../../parts/PageState';
import { useRetentionWords } from './retentionWords';

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
      <Loaded query={policies}>{({ contents }) => <Policies policies={contents} />}</Loaded>
    </section>
  );
}

function Policies({ policies }: { policies: DeletePolicy[] }) {
  const words = useRetentionWords();
  const { state } = useLabels();
  const columns: TableProps<DeletePolicy>['columns'] = [
    { title: words.policyTenant, dataIndex: 'tenantName', fixed: 'left' },
    {
      title: words.policy,
      render: (_, { policyName: name, recoveryWindow: window }) => (name ? (window ? words.window(name, window) : name) : words.noPolicy),
    },
    { title: words.goes, render: (_, { policyName, expiring }) => <Goes hasPolicy={Boolean(policyName)} expiring={expiring} /> },
    { title: words.size, align: 'right', render: (_, { expiring }) => (expiring ? formatBytes(expiring.bytes) : '–') },
    { title: words.firstKept, align: 'right', render: (_, { expiring }) => expiring?.firstKeptSet ?? '–' },
  ];
  return (
    <Table<DeletePolicy>
      size="small"
      rowKey="tenantId"
      columns={columns}
      dataSource={policies}
      expandable={{
        ...expandColumn,
        rowExpandable: ({ expiring }) => Boolean(expiring?.sets.length),
        expandedRowRender: ({ expiring }) => <Sets sets={expiring?.sets ?? []} />,
      }}
      scroll={{ x: 'max-content' }}
      pagination={policies.length > 10 ? { defaultPageSize: 10, showTotal: state.total } : false}
    />
  );
}

/** What the database deletes next. Without a prediction, that is nothing if there is no policy, and otherwise unknown. */
function Goes({ hasPolicy, expiring }: { hasPolicy: boolean; expiring: DeletePolicy['expiring'] }) {
  const words = useRetentionWords();
  if (!expiring) return <>{hasPolicy ? words.goesUnknown : words.goesNothing}</>;
  const { sets, pieces } = expiring;
  return <>{sets.length + pieces === 0 ? words.goesNothing : words.goesCount(sets.length, pieces)}</>;
}

/** The sets that the database deletes next, with its IDs. */
function Sets({ sets }: { sets: NonNullable<DeletePolicy['expiring']>['sets'] }) {
  const { words } = useLabels();
  return (
    <ul className="sentences">
      {sets.map(({ obBackupSetId, dataBackupTaskType, consistentTime, bytes }) => (
        <li key={obBackupSetId}>
          {obBackupSetId} · {words.dataBackupMode[dataBackupTaskType]} · <Moment at={consistentTime} isExact /> · {formatBytes(bytes)}
        </li>
      ))}
    </ul>
  );
}
