import { Badge, Input, Select, Table, type TableProps } from '@oceanbase/design';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';

import { useLabels } from '../../locales';
import { Moment } from '../../parts/Moment';
import { Section } from '../../parts/PageHead';
import { Loaded, Nothing } from '../../parts/PageState';
import { useAllClusters } from '../../parts/useAllClusters';
import { isFiltered, pageAndTimes, useListFilter, type FilterChange, type ListFilter } from '../../parts/useListFilter';
import { Filters } from '../backup/Filters';
import { auditQuery, type AuditLine } from './accounts';
import { auditObjectOf } from './auditObject';
import { useAuditWords } from './auditWords';

const NAMES = ['user', 'action', 'object'];

/** The audit log, newest entries first. */
export function AuditLog() {
  const { access, state } = useLabels();
  const { filter, change, clear } = useListFilter(20, NAMES);
  const columns = useColumns();
  const lines = useQuery({ ...auditQuery({ ...pageAndTimes(filter), ...filter.values }), placeholderData: keepPreviousData });
  return (
    <Section title={access.audit}>
      <AuditFilters filter={filter} onChange={change} onClear={clear} />
      <Loaded query={lines}>
        {({ contents, page }) => (
          <Table<AuditLine>
            size="small"
            rowKey="id"
            columns={columns ?? []}
            dataSource={contents}
            locale={{ emptyText: <Nothing text={isFiltered(filter) ? access.noDeeds : state.none} /> }}
            loading={lines.isPlaceholderData}
            scroll={{ x: 'max-content' }}
            pagination={
              page.totalElements > 10 && {
                current: page.number,
                pageSize: page.size,
                total: page.totalElements,
                showSizeChanger: true,
                showTotal: state.total,
                onChange: (number: number, size: number) => change({ page: number, size }),
              }
            }
          />
        )}
      </Loaded>
    </Section>
  );
}

function useColumns(): TableProps<AuditLine>['columns'] {
  const { access } = useLabels();
  const deeds: Record<string, string> = useAuditWords().deeds;
  return [
    { title: access.time, dataIndex: 'time', fixed: 'left', render: (at: string) => <Moment at={at} isExact /> },
    { title: access.user, dataIndex: 'user' },
    { title: access.action, dataIndex: 'action', render: (action: string) => deeds[action] ?? <code>{action}</code> },
    { title: access.object, dataIndex: 'object', render: (object: string) => <AuditedObject object={object} /> },
    {
      title: access.outcome,
      dataIndex: 'outcome',
      render: (outcome: string) =>
        outcome === 'done' ? (
          <Badge status="success" text={access.done} />
        ) : (
          // The reason is an error ID of the REST API, so it is shown only on hover.
          <Badge status="error" text={<span title={outcome}>{access.refused}</span>} />
        ),
    },
    { title: access.address, dataIndex: 'address', render: (address: string) => <code>{address}</code> },
  ];
}

/** The object of a line: its name, with a link to it. */
function AuditedObject({ object }: { object: string }) {
  const { audited } = useAuditWords();
  const clusters = useAllClusters();
  const known = auditObjectOf(object);
  if (!known) return <code>{object}</code>;
  const clusterName = clusters.data?.contents.find(({ id }) => id === known.cluster)?.name ?? String(known.cluster);
  const text = audited[known.kind](known.kind === 'cluster' ? clusterName : known.name, clusterName);
  return known.to ? <Link to={known.to}>{text}</Link> : <>{text}</>;
}

function AuditFilters({ filter, onChange, onClear }: { filter: ListFilter; onChange: (part: FilterChange) => void; onClear: () => void }) {
  const { access } = useLabels();
  const deeds = Object.entries(useAuditWords().deeds).map(([value, label]) => ({ value, label }));
  const { user, action, object } = filter.values;
  return (
    <Filters filter={filter} onChange={onChange} onClear={onClear}>
      <Input.Search
        key={`user ${user ?? ''}`}
        allowClear
        aria-label={access.user}
        placeholder={access.user}
        className="filter-text"
        defaultValue={user}
        onSearch={(typed: string) => onChange({ user: typed.trim() })}
      />
      <Select
        allowClear
        showSearch
        optionFilterProp="label"
        aria-label={access.action}
        placeholder={access.action}
        options={deeds}
        className="filter-text"
        value={action}
        onChange={(chosen?: string) => onChange({ action: chosen })}
      />
      <Input.Search
        key={`object ${object ?? ''}`}
        allowClear
        aria-label={access.object}
        placeholder={access.objectHint}
        className="filter-text"
        defaultValue={object}
        onSearch={(typed: string) => onChange({ object: typed.trim() })}
      />
    </Filters>
  );
}
