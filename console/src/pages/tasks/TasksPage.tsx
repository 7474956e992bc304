import { Button, Input, Select, type TableProps } from '@oceanbase/design';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { TaskHead } from '../../api/types';
import { useLabels } from '../../locales';
import { Duration, Moment } from '../../parts/Moment';
import { PageHead, Section } from '../../parts/PageHead';
import { Prose } from '../../parts/Prose';
import { useAllClusters } from '../../parts/useAllClusters';
import { isFiltered, oneOf, useListFilter } from '../../parts/useListFilter';
import { Filters } from '../backup/Filters';
import { PagedTable } from '../backup/PagedTable';
import { useMay } from '../logon/me';
import { BatchRetry, canRetry } from './BatchRetry';
import { TaskPercent } from './TaskPercent';
import { TaskState } from './TaskState';
import { useTaskWords } from './words';

const NAMES = ['status', 'type', 'cluster', 'tenant'];

/** All tasks. */
export default function TasksPage() {
  const { tasks, words } = useLabels();
  const own = useTaskWords();
  const may = useMay();
  const { filter, change, clear } = useListFilter(20, NAMES);
  const [selected, setSelected] = useState<number[]>([]);
  const status = oneOf(filter.values.status, words.taskStatus);
  const name = oneOf(filter.values.type, own.kinds);
  const clusterId = Number(filter.values.cluster) || undefined;
  const tenantName = filter.values.tenant;
  const query = {
    page: filter.page,
    size: filter.size,
    ...(status ? { status } : {}),
    ...(name ? { name } : {}),
    ...(clusterId ? { clusterId } : {}),
    ...(tenantName ? { tenantName } : {}),
  };
  const list = useQuery({
    queryKey: keys.tasks(query),
    placeholderData: keepPreviousData,
    queryFn: () => answer(client.GET('/api/v2/tasks/instances', { params: { query } })),
  });
  const offered = (list.data?.contents ?? []).filter(canRetry);
  const retriable = offered.filter((task) => selected.includes(task.id));
  return (
    <>
      <PageHead title={tasks.title}>
        {may.backUp && offered.length > 0 ? <Button onClick={() => setSelected(offered.map(({ id }) => id))}>{own.selectFailed}</Button> : null}
        {may.backUp ? <BatchRetry tasks={retriable} onDone={() => setSelected([])} /> : null}
      </PageHead>
      <Section>
        <Filters filter={filter} states={words.taskStatus} hasTime={false} onChange={change} onClear={clear}>
          <Select
            aria-label={own.kind}
            className="filter-status"
            value={name ?? ''}
            options={[{ value: '', label: own.anyKind }, ...Object.entries(own.kinds).map(([value, label]) => ({ value, label }))]}
            onChange={(type: string) => change({ type })}
          />
          <ClusterFilter value={clusterId} onChange={(cluster) => change({ cluster })} />
          <Input.Search
            key={tenantName ?? ''}
            allowClear
            aria-label={own.findTenant}
            placeholder={own.findTenant}
            className="filter-text"
            defaultValue={tenantName}
            onSearch={(tenant: string) => change({ tenant: tenant.trim() })}
          />
        </Filters>
        <PagedTable
          query={list}
          rowKey={(task) => String(task.id)}
          columns={useColumns()}
          empty={isFiltered(filter) ? tasks.emptyFiltered : tasks.empty}
          {...(may.backUp
            ? {
                rowSelection: {
                  // The library repeats the checkbox of the header in a hidden row, which the keyboard still reaches.
                  hideSelectAll: true,
                  selectedRowKeys: selected.map(String),
                  getCheckboxProps: (task: TaskHead) => ({ disabled: !canRetry(task), 'aria-label': task.name }),
                  onChange: (ids: React.Key[]) => setSelected(ids.map(Number)),
                },
              }
            : {})}
          onPage={(page, size) => change({ page, size })}
        />
      </Section>
    </>
  );
}

function useColumns(): TableProps<TaskHead>['columns'] {
  const { tasks } = useLabels();
  const own = useTaskWords();
  return [
    { title: tasks.id, dataIndex: 'id', width: 72, fixed: 'left', render: (id: number) => <Link to={`/tasks/${id}`}>{id}</Link> },
    {
      title: tasks.status,
      render: (_, task) => (
        <>
          <TaskState of={task} /> {task.status === 'RUNNING' ? <TaskPercent id={task.id} /> : null}
          {task.status === 'RUNNING' && task.error ? (
            <div className="quiet run-reason">
              <Prose text={task.error.message} />
            </div>
          ) : null}
        </>
      ),
    },
    { title: tasks.name, dataIndex: 'name', render: (name: string, { id }) => <Link to={`/tasks/${id}`}>{name}</Link> },
    {
      title: tasks.cluster,
      render: (_, { cluster }) =>
        cluster ? <Link to={`/clusters/${cluster.id}/backup`}>{cluster.name ?? cluster.id}</Link> : '–',
    },
    { title: tasks.tenant, render: (_, { tenant }) => tenant?.name ?? tenant?.id ?? '–' },
    { title: own.source, render: (_, { type }) => own.sources[type] },
    { title: tasks.creator, render: (_, { creator }) => creator.name },
    { title: tasks.started, dataIndex: 'startTime', render: (at?: string) => <Moment at={at} /> },
    { title: tasks.finished, dataIndex: 'finishTime', render: (at?: string) => <Moment at={at} isBare /> },
    { title: tasks.duration, render: (_, task) => <Duration from={task.startTime} until={task.finishTime} /> },
  ];
}

function ClusterFilter({ value, onChange }: { value: number | undefined; onChange: (id: number | undefined) => void }) {
  const { tasks, state } = useLabels();
  const clusters = useAllClusters();
  return (
    <Select
      aria-label={tasks.cluster}
      className="filter-cluster"
      placeholder={tasks.cluster}
      allowClear
      showSearch
      notFoundContent={state.noMatches}
      optionFilterProp="label"
      value={value}
      options={clusters.data?.contents.map(({ id, name }) => ({ value: id, label: name })) ?? []}
      onChange={(id?: number) => onChange(id)}
    />
  );
}
