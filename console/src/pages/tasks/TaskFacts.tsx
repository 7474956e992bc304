import { Progress } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Link } from 'react-router';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { Task } from '../../api/types';
import { useLabels } from '../../locales';
import { formatSeconds } from '../../parts/format';
import { Duration, Moment } from '../../parts/Moment';
import { Facts } from '../../parts/PageHead';
import { isCancelled } from './cancelled';
import { overallOf } from './percent';
import { WHOLE } from './StepPanel';
import { useTaskWords } from './words';

/** The maximum number of rows in one answer: a row per tenant. */
const MOST = 2000;

/** The polling interval for a task that has no row yet. */
const EVERY_MS = 5000;

/** The maximum number of tenant names. */
const NAMED = 5;

/** The object, the progress and the initiator of a task. */
export function TaskFacts({ task }: { task: Task }) {
  const { tasks } = useLabels();
  const words = useTaskWords();
  const kinds: Record<string, string> = words.kinds;
  const isBackup = task.taskDefinitionId.startsWith('backup-');
  const rows: Array<[string, ReactNode]> = [
    [tasks.id, task.id],
    [words.kind, kinds[task.taskDefinitionId] ?? task.taskDefinitionId],
    [tasks.cluster, <TaskCluster key="cluster" task={task} />],
    [words.tenants, <Tenants key="tenants" task={task} />],
    ...(task.parentTaskId
      ? ([[words.parent, <Link key="parent" to={`/tasks/${task.parentTaskId}`}>{words.parentOf(task.parentTaskId)}</Link>]] as Array<[string, ReactNode]>)
      : []),
  ];
  const times: Array<[string, ReactNode]> = [
    [words.source, words.sources[task.type]],
    [tasks.creator, task.creator.name],
    [tasks.executor, task.executor ?? '–'],
    [tasks.started, <Moment key="started" at={task.startTime} />],
    [isCancelled(task) ? words.cancelledAt : tasks.finished, <Moment key="finished" at={task.finishTime} isExact={isCancelled(task)} />],
    [tasks.duration, <Duration key="time" from={task.startTime} until={task.finishTime} />],
  ];
  return (
    <>
      {task.status === 'RUNNING' ? <OverallProgress task={task} /> : null}
      {isBackup ? <BackupFacts task={task} before={rows} after={times} /> : <Facts rows={[...rows, ...times]} />}
    </>
  );
}

function OverallProgress({ task }: { task: Task }) {
  const labels = useLabels();
  const words = useTaskWords();
  const { percent, remainingS } = overallOf(task.subtasks);
  return (
    <div className="overall" data-testid="overall">
      <Progress percent={percent} status="active" aria-label={words.progress} />
      {remainingS === undefined ? null : <span className="quiet">{words.remaining(formatSeconds(remainingS, labels))}</span>}
    </div>
  );
}

interface BackupFactsProps {
  task: Task;
  before: Array<[string, ReactNode]>;
  after: Array<[string, ReactNode]>;
}

/** The same for a backup, with its mode and storage, which come from its rows in the list of backups. */
function BackupFacts({ task, before, after }: BackupFactsProps) {
  const { words } = useLabels();
  const own = useTaskWords();
  const id = task.cluster?.id ?? 0;
  const { data: row } = useQuery({
    queryKey: keys.backupOfTask(task.id),
    enabled: Boolean(task.startTime) && id > 0,
    // The row never changes.
    staleTime: Infinity,
    refetchInterval: ({ state }) => (state.data || task.status !== 'RUNNING' ? false : EVERY_MS),
    queryFn: async () => {
      // The backups of the same cluster that started while this one ran.
      const endTime = new Date(Date.parse(task.finishTime ?? new Date().toISOString()) + 1000).toISOString();
      const query = { startTime: task.createTime, endTime, page: 1, size: MOST };
      const path = '/api/v2/ob/clusters/{id}/backup/task/dataBackupTasks';
      const { contents } = await answer(client.GET(path, { params: { path: { id }, query } }));
      return contents.find(({ taskId }) => taskId === task.id) ?? null;
    },
  });
  const more: Array<[string, ReactNode]> = row
    ? [
        [own.mode, words.dataBackupMode[row.dataBackupTaskType]],
        [own.storage, row.backupUri ? <code key="storage">{row.backupUri}</code> : '–'],
      ]
    : [];
  return <Facts rows={[...before, ...more, ...after]} />;
}

/** The tenants of a task: its own tenant, otherwise those of its lanes. */
function Tenants({ task }: { task: Task }) {
  const words = useTaskWords();
  const lanes = [...new Set(task.subtasks.map(({ lane }) => lane).filter((lane) => typeof lane === 'string' && !WHOLE.includes(lane)))];
  const names = lanes.length ? lanes : task.tenant?.name ? [task.tenant.name] : [];
  if (names.length === 0) return <>–</>;
  const first = names.slice(0, NAMED).join(', ');
  return <>{names.length > NAMED ? words.moreTenants(first, names.length - NAMED) : first}</>;
}

function TaskCluster({ task: { cluster } }: { task: Task }) {
  if (!cluster) return <>–</>;
  return <Link to={`/clusters/${cluster.id}/backup`}>{cluster.name ?? cluster.id}</Link>;
}
