import { Button, type TableProps } from '@oceanbase/design';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link } from 'react-router';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { BackupSet } from '../../api/types';
import { useLabels, useLanguage } from '../../locales';
import { formatBytes, formatCount } from '../../parts/format';
import { LeftOut } from '../../parts/LeftOut';
import { Duration, Moment } from '../../parts/Moment';
import { Facts } from '../../parts/PageHead';
import { Status, toneOf } from '../../parts/Status';
import { isFiltered, pageAndTimes, useListFilter } from '../../parts/useListFilter';
import { useMay } from '../logon/me';
import { useAllSetsWords } from './allSetsWords';
import { Filters } from './Filters';
import { Origin, OriginInFull } from './Origin';
import { PagedTable } from './PagedTable';
import { RestoreStatements } from './RestoreStatements';
import { TenantFilter } from './TenantFilter';
import { useIsRemoved } from './useIsRemoved';

const NAMES = ['tenant'];

interface BackupSetsProps {
  /** Show only the sets of this cluster; without it, those of all clusters, including removed ones. */
  id?: number;
  /** Show only the sets of this tenant. */
  tenant?: number | undefined;
  onRecover: (set: BackupSet) => void;
}

/** The backup sets of a cluster. */
export function BackupSets({ id, tenant, onRecover }: BackupSetsProps) {
  const { backup, signing, words } = useLabels();
  const all = useAllSetsWords();
  const may = useMay();
  const { filter, change, clear } = useListFilter(10, NAMES);
  const query = pageAndTimes(filter);
  const tenantId = tenant ?? (Number(filter.values.tenant) || undefined);
  const sets = useQuery({
    queryKey: id === undefined ? keys.allBackupSets(query) : keys.backupSets(id, { ...query, tenantId }),
    placeholderData: keepPreviousData,
    queryFn: () => ask(id, tenantId, query),
  });
  const columns: TableProps<BackupSet>['columns'] = [
    { title: backup.setId, dataIndex: 'backupSetId', fixed: 'left' },
    ...(id === undefined ? [{ title: all.cluster, render: (_: unknown, set: BackupSet) => <SetCluster set={set} /> }] : []),
    { title: backup.tenant, dataIndex: 'tenantName' },
    {
      title: backup.status,
      dataIndex: 'status',
      render: (status: BackupSet['status']) => <Status tone={toneOf(status)}>{words.setStatus[status]}</Status>,
    },
    {
      title: backup.dataMethod,
      render: (_, set) => `${words.backupMode[set.backupMode]} · ${words.dataBackupMode[set.dataBackupTaskType]}`,
    },
    { title: backup.moment, dataIndex: 'consistentTime', render: (at: string) => <Moment at={at} isExact /> },
    { title: backup.size, dataIndex: 'bytes', align: 'right', render: formatBytes },
    { title: signing.origin, render: (_, set) => <Origin set={set} /> },
    {
      title: backup.actions,
      fixed: 'right',
      render: (_, set) => {
        if (!may.backUp || set.status === 'DELETED') return null;
        return id === undefined ? <RecoverOfAny set={set} onRecover={onRecover} /> : <Recover set={set} onRecover={onRecover} />;
      },
    },
  ];
  return (
    <>
      <Filters filter={filter} onChange={change} onClear={clear}>
        {tenant === undefined && id !== undefined ? <TenantFilter id={id} value={tenantId} onChange={(chosen) => change({ tenant: chosen })} /> : null}
      </Filters>
      <PagedTable
        query={sets}
        rowKey={(set) => String(set.backupSetId)}
        columns={columns}
        empty={isFiltered(filter) ? backup.tasksEmptyFiltered : backup.setsEmpty}
        expandable={{ expandedRowRender: (set) => <Details set={set} /> }}
        onPage={(page, size) => change({ page, size })}
      />
    </>
  );
}

type SetsQuery = ReturnType<typeof pageAndTimes>;

function ask(id: number | undefined, tenantId: number | undefined, query: SetsQuery) {
  if (id === undefined) return answer(client.GET('/api/v2/backup/sets', { params: { query } }));
  return tenantId
    ? answer(client.GET('/api/v2/ob/clusters/{id}/tenants/{tenantId}/backup/sets', { params: { path: { id, tenantId }, query } }))
    : answer(client.GET('/api/v2/ob/clusters/{id}/backup/sets', { params: { path: { id }, query } }));
}

/** The cluster of a set: a link, or its name if it was removed. */
function SetCluster({ set }: { set: BackupSet }) {
  const { removed } = useAllSetsWords();
  const isRemoved = useIsRemoved();
  if (!isRemoved(set)) return <Link to={`/clusters/${set.clusterId}`}>{set.clusterName}</Link>;
  return (
    <>
      {set.clusterName} <span className="quiet">{removed}</span>
    </>
  );
}

interface RecoverProps {
  set: BackupSet;
  onRecover: (set: BackupSet) => void;
}

function Recover({ set, onRecover }: RecoverProps) {
  const { backup } = useLabels();
  return (
    <Button type="link" size="small" className="link-button" onClick={() => onRecover(set)}>
      {backup.recover}
    </Button>
  );
}

/** Like `Recover`, but links to the storages for a physical set of a removed cluster. */
function RecoverOfAny({ set, onRecover }: RecoverProps) {
  const { physicalRemoved } = useAllSetsWords();
  const isRemoved = useIsRemoved();
  if (set.backupMode === 'PHYSICAL_BACKUP' && isRemoved(set)) return <Link to="/storages">{physicalRemoved}</Link>;
  return <Recover set={set} onRecover={onRecover} />;
}

function Details({ set }: { set: BackupSet }) {
  const { backup, signing, tasks } = useLabels();
  const language = useLanguage();
  return (
    <div className="row-details">
      <Facts
        rows={[
          [backup.directory, <code key="path">{set.path}</code>],
          [signing.origin, <OriginInFull key="origin" set={set} />],
          [backup.scn, <code key="scn">{set.scn}</code>],
          [backup.tables, formatCount(set.tables, language)],
          [backup.rows, formatCount(set.rows, language)],
          [backup.end, <Moment key="end" at={set.finishTime} />],
          [tasks.duration, <Duration key="time" from={set.startTime} until={set.finishTime} />],
        ]}
      />
      <LeftOut objects={set.leftOut} />
      {set.backupMode === 'PHYSICAL_BACKUP' && set.status !== 'DELETED' ? <RestoreStatements set={set.backupSetId} /> : null}
    </div>
  );
}
