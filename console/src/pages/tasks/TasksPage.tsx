import { Select, type TableProps } from '@oceanbase/design';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link } from 'react-router';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { TaskHead } from '../../api/types';
import { useLabels } from '../../locales';
import { useAllClusters } from '../../parts/ClusterSelector';
import { Duration, Moment } from '../../parts/Moment';
import { PageHead, Section } from '../../parts/PageHead';
import { PagedTable } from '../backup/PagedTable';
import { TaskState } from './TaskState';

interface Filter {
  page: number;
  size: number;
  status?: TaskHead['status'];
  clusterId?: number;
}

/** Everything that runs or ran. */
export default function TasksPage() {
  const { tasks, words, state } = useLabels();
  const [filter, setFilter] = useState<Filter>({ page: 1, size: 20 });
  const clusters = useAllClusters();
  const list = useQuery({
    queryKey: keys.tasks(filter),
    placeholderData: keepPreviousData,
    queryFn: () => answer(client.GET('/api/v2/tasks/instances', { params: { query: filter } })),
  });
  const columns: TableProps<TaskHead>['columns'] = [
    { title: tasks.id, dataIndex: 'id', width: 72 },
    { title: tasks.name, dataIndex: 'name', render: (name: string, { id }) => <Link to={`/tasks/${id}`}>{name}</Link> },
    {
      title: tasks.status,
      render: (_, task) => <TaskState of={task} />,
    },
    {
      title: tasks.cluster,
      render: (_, { cluster }) =>
        cluster ? <Link to={`/clusters/${cluster.id}/backup`}>{cluster.name ?? cluster.id}</Link> : '–',
    },
    { title: tasks.creator, render: (_, { creator }) => creator.name },
    { title: tasks.started, dataIndex: 'startTime', render: (at?: string) => <Moment at={at} /> },
    { title: tasks.finished, dataIndex: 'finishTime', render: (at?: string) => <Moment at={at} isBare /> },
    { title: tasks.duration, render: (_, task) => <Duration from={task.startTime} until={task.finishTime} /> },
  ];
  const { status, clusterId, ...rest } = filter;
  return (
    <>
      <PageHead title={tasks.title} />
      <Section>
        <div className="filters">
          <Select
            aria-label={tasks.status}
            className="filter-status"
            value={filter.status ?? ''}
            options={[
              { value: '', label: tasks.anyStatus },
              ...Object.entries(words.taskStatus).map(([value, label]) => ({ value, label })),
            ]}
            onChange={(status: TaskHead['status'] | '') =>
              setFilter({
                ...rest,
                page: 1,
                ...(status ? { status } : {}),
                ...(filter.clusterId === undefined ? {} : { clusterId: filter.clusterId }),
              })
            }
          />
          <Select
            aria-label={tasks.cluster}
            className="filter-cluster"
            placeholder={tasks.cluster}
            allowClear
            showSearch
      notFoundContent={state.noMatches}
            optionFilterProp="label"
            options={clusters.data?.contents.map(({ id, name }) => ({ value: id, label: name })) ?? []}
            onChange={(clusterId?: number) =>
              setFilter({
                ...rest,
                page: 1,
                ...(filter.status ? { status: filter.status } : {}),
                ...(clusterId === undefined ? {} : { clusterId }),
              })
            }
          />
        </div>
        <PagedTable
          query={list}
          rowKey={(task) => String(task.id)}
          columns={columns}
          empty={filter.status || filter.clusterId ? tasks.emptyFiltered : tasks.empty}
          onPage={(page, size) => setFilter({ ...filter, page, size })}
        />
      </Section>
    </>
  );
}
