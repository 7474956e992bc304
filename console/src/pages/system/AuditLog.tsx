import { Badge, DatePicker, Input, Select, Table, type TableProps } from '@oceanbase/design';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { useLabels } from '../../locales';
import { Moment } from '../../parts/Moment';
import { Section } from '../../parts/PageHead';
import { Loaded, Nothing } from '../../parts/PageState';
import { auditQuery, type AuditFilter, type AuditLine } from './accounts';

/** Who did what, the newest first. */
export function AuditLog() {
  const { access, state } = useLabels();
  const [filter, setFilter] = useState<AuditFilter>({ page: 1, size: 20 });
  const columns = useColumns();
  const lines = useQuery({ ...auditQuery(filter), placeholderData: keepPreviousData });
  return (
    <Section title={access.audit}>
      <AuditFilters filter={filter} onChange={setFilter} />
      <Loaded query={lines}>
        {({ contents, page }) => (
          <Table<AuditLine>
            size="small"
            rowKey="id"
            columns={columns ?? []}
            dataSource={contents}
            locale={{ emptyText: <Nothing text={access.noDeeds} /> }}
            loading={lines.isPlaceholderData}
            scroll={{ x: 'max-content' }}
            pagination={
              page.totalElements > 10 && {
                current: page.number,
                pageSize: page.size,
                total: page.totalElements,
                showSizeChanger: true,
                showTotal: state.total,
                onChange: (number: number, size: number) => setFilter({ ...filter, page: number, size }),
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
  const deeds: Record<string, string> = access.deeds;
  return [
    { title: access.time, dataIndex: 'time', render: (at: string) => <Moment at={at} isExact /> },
    { title: access.user, dataIndex: 'user' },
    { title: access.action, dataIndex: 'action', render: (action: string) => deeds[action] ?? <code>{action}</code> },
    { title: access.object, dataIndex: 'object', render: (object: string) => <code>{object}</code> },
    {
      title: access.outcome,
      dataIndex: 'outcome',
      render: (outcome: string) =>
        outcome === 'done' ? (
          <Badge status="success" text={access.done} />
        ) : (
          <Badge
            status="error"
            text={
              <>
                {access.refused} <code>{outcome}</code>
              </>
            }
          />
        ),
    },
    { title: access.address, dataIndex: 'address', render: (address: string) => <code>{address}</code> },
  ];
}

function AuditFilters({ filter, onChange }: { filter: AuditFilter; onChange: (filter: AuditFilter) => void }) {
  const { access, backup } = useLabels();
  const { page: _, ...others } = filter;
  const put = (part: Partial<Record<keyof AuditFilter, string | undefined>>) => {
    const merged = Object.entries({ ...others, ...part }).filter(([, value]) => value !== undefined && value !== '');
    onChange({ ...(Object.fromEntries(merged) as unknown as Omit<AuditFilter, 'page'>), page: 1 });
  };
  const deeds = Object.entries(access.deeds).map(([value, label]) => ({ value, label }));
  return (
    <div className="filters">
      <DatePicker.RangePicker
        showTime
        aria-label={`${backup.from} – ${backup.until}`}
        placeholder={[backup.from, backup.until]}
        onChange={(range) => {
          const [from, until] = range ?? [];
          put({ startTime: from?.toISOString(), endTime: until?.toISOString() });
        }}
      />
      <Input.Search
        allowClear
        aria-label={access.user}
        placeholder={access.user}
        className="filter-text"
        onSearch={(user: string) => put({ user: user.trim() })}
      />
      <Select
        allowClear
        aria-label={access.action}
        placeholder={access.action}
        options={deeds}
        className="filter-text"
        onChange={(action?: string) => put({ action })}
      />
      <Input.Search
        allowClear
        aria-label={access.object}
        placeholder={access.objectHint}
        className="filter-text"
        onSearch={(object: string) => put({ object: object.trim() })}
      />
    </div>
  );
}
