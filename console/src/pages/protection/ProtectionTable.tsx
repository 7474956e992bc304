import { Input, Select, Table, type TableProps } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';

import type { ProtectedObject } from '../../api/types';
import { useLabels } from '../../locales';
import { Ago } from '../../parts/Ago';
import { formatSeconds } from '../../parts/format';
import { Loaded, Nothing } from '../../parts/PageState';
import { Status, type Tone } from '../../parts/Status';
import { useAllClusters } from '../../parts/useAllClusters';
import { oneOf, useListFilter } from '../../parts/useListFilter';
import { useMay } from '../logon/me';
import { NextRun } from '../strategies/NextRun';
import { allStrategiesQuery } from '../strategies/queries';
import { protectionRows, wantedRows, type Protection, type ProtectionRow } from './protection';
import { protectionQuery } from './queries';
import { useProtectionWords } from './words';

/** The tone of each protection status. */
export const PROTECTION_TONES: Record<Protection, Tone> = { GOOD: 'good', LATE: 'warn', NONE: 'bad' };

const NAMES = ['state', 'cluster', 'name'];

/**
 * The protection of each tenant of one cluster or of all: the last backups, the possible data loss now, and the next
 * run.
 */
export function ProtectionTable({ cluster }: { cluster?: number }) {
  const words = useProtectionWords();
  const { filter, change } = useListFilter(20, NAMES);
  const objects = useQuery(protectionQuery(cluster));
  const strategies = useQuery(allStrategiesQuery).data?.contents ?? [];
  const states = { BACKED_UP: words.backedUp, ...words.states };
  const wish = {
    state: oneOf(filter.values.state, states),
    cluster: cluster ?? (Number(filter.values.cluster) || undefined),
    name: filter.values.name,
  };
  return (
    <Loaded query={objects}>
      {(found) => (
        <>
          <div className="filters">
            <Select
              aria-label={words.state}
              className="filter-status"
              value={wish.state ?? ''}
              options={[{ value: '', label: words.anyState }, ...Object.entries(states).map(([value, label]) => ({ value, label }))]}
              onChange={(state: string) => change({ state })}
            />
            {cluster === undefined ? <ClusterFilter value={wish.cluster} onChange={(id) => change({ cluster: id })} /> : null}
            <Input.Search
              allowClear
              aria-label={words.find}
              placeholder={words.find}
              className="filter-text"
              defaultValue={wish.name}
              onSearch={(name: string) => change({ name: name.trim() })}
            />
          </div>
          <p className="quiet hint">{words.hint}</p>
          <Rows
            rows={wantedRows(protectionRows(found, strategies), wish)}
            isOfAll={cluster === undefined}
            isFiltered={Boolean(wish.state ?? wish.name ?? filter.values.cluster)}
            page={filter.page}
            size={filter.size}
            onPage={(page, size) => change({ page, size })}
          />
        </>
      )}
    </Loaded>
  );
}

interface RowsProps {
  rows: ProtectionRow[];
  isOfAll: boolean;
  isFiltered: boolean;
  page: number;
  size: number;
  onPage: (page: number, size: number) => void;
}

function Rows({ rows, isOfAll, isFiltered, page, size, onPage }: RowsProps) {
  const labels = useLabels();
  const words = useProtectionWords();
  const { state, strategy, backup, clusters } = labels;
  const may = useMay();
  const columns: NonNullable<TableProps<ProtectionRow>['columns']> = [
    {
      title: words.tenant,
      fixed: 'left',
      render: (_, { object }) => (
        <>
          <Link to={`/clusters/${object.clusterId}/tenants/${object.tenantId}`}>{object.tenantName}</Link>
          {object.databaseName ? ` / ${object.databaseName}` : null}
        </>
      ),
    },
    {
      title: words.state,
      render: (_, { protection }) => <Status tone={PROTECTION_TONES[protection]}>{words.states[protection]}</Status>,
    },
    {
      title: words.rpo,
      render: (_, { protection, rpoSeconds }) => (
        <span className={`moment rpo-${PROTECTION_TONES[protection]}`}>{rpoSeconds === undefined ? '–' : formatSeconds(rpoSeconds, labels)}</span>
      ),
    },
    { title: words.full, render: (_, { object: { full } }) => (full ? <Ago at={full.finishTime} /> : <span className="quiet">{clusters.never}</span>) },
    { title: words.incremental, render: (_, { object: { incremental } }) => (incremental ? <Ago at={incremental.finishTime} /> : <span className="quiet">–</span>) },
    { title: words.log, render: (_, { object }) => <LogCheckpoint object={object} /> },
    {
      title: strategy.nextRun,
      render: (_, { strategy: plan }) => (
        <NextRun run={plan?.nextRun} none={plan?.backupScheduleStatus === 'PAUSED' ? strategy.noNextRunPaused : '–'} />
      ),
    },
    ...(isOfAll
      ? [{ title: words.cluster, render: (_: unknown, { object }: ProtectionRow) => <Link to={`/clusters/${object.clusterId}`}>{object.clusterName}</Link> }]
      : []),
    {
      title: backup.actions,
      fixed: 'right',
      render: (_, { object, protection }) =>
        may.backUp ? (
          <span className="row-buttons">
            <Link to={`/clusters/${object.clusterId}/backup?backUpNow=&tenant=${object.tenantId}`}>{backup.backUpNow}</Link>
            {protection === 'NONE' ? null : (
              <Link to={`/clusters/${object.clusterId}/backup?recover=&tenant=${object.tenantId}`}>{backup.initiateRecovery}</Link>
            )}
          </span>
        ) : null,
    },
  ];
  return (
    <Table<ProtectionRow>
      size="small"
      rowKey="key"
      columns={columns}
      dataSource={rows}
      scroll={{ x: 'max-content' }}
      locale={{ emptyText: <Nothing text={isFiltered ? state.noMatches : words.empty} /> }}
      pagination={rows.length > 10 && { current: page, pageSize: size, showSizeChanger: true, showTotal: state.total, onChange: onPage }}
    />
  );
}

/** The age of the log backup checkpoint, and whether log backup is running. */
export function LogCheckpoint({ object: { log } }: { object: ProtectedObject }) {
  const labels = useLabels();
  const words = useProtectionWords();
  if (!log) return <span className="quiet">–</span>;
  const age = typeof log.ageSeconds === 'number' ? labels.time.ago(formatSeconds(log.ageSeconds, labels)) : undefined;
  return (
    <>
      {age ? <span className="moment">{age}</span> : null}
      {log.running ? null : (
        <span className="quiet">
          {age ? ' · ' : ''}
          {words.logStopped}
        </span>
      )}
    </>
  );
}

function ClusterFilter({ value, onChange }: { value: number | undefined; onChange: (id: number | undefined) => void }) {
  const { state } = useLabels();
  const words = useProtectionWords();
  const clusters = useAllClusters();
  return (
    <Select
      aria-label={words.cluster}
      className="filter-cluster"
      placeholder={words.cluster}
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
