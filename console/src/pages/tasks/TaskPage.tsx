import { Alert } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Link, useParams } from 'react-router';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { Task } from '../../api/types';
import { useLabels } from '../../locales';
import { LeftOut } from '../../parts/LeftOut';
import { Duration, Moment } from '../../parts/Moment';
import { NotMade } from '../../parts/NotMade';
import { Facts, PageHead, Section } from '../../parts/PageHead';
import { Loaded } from '../../parts/PageState';
import { Explanation } from '../../parts/ProblemAlert';
import { Prose } from '../../parts/Prose';
import { StepFlow } from './StepFlow';
import { StepPanel } from './StepPanel';
import { mostInteresting, stepsOf } from './steps';
import { isCancelled, LANES_FAILED } from './cancelled';
import { TaskState } from './TaskState';
import { TaskButtons } from './TaskButtons';

/** One task: its steps as they run, their logs, and the ways to repair it. */
export default function TaskPage() {
  const id = Number(useParams().taskId);
  const task = useQuery({
    queryKey: keys.task(id),
    queryFn: () => answer(client.GET('/api/v2/tasks/instances/{id}', { params: { path: { id } } })),
    staleTime: 0,
  });
  return <Loaded query={task}>{(found) => <Follow key={found.id} task={found} />}</Loaded>;
}

function Follow({ task }: { task: Task }) {
  const { tasks, leftOut, recovery } = useLabels();
  const [chosen, setChosen] = useState<number>();
  const steps = stepsOf(task.subtasks);
  // Until a step is chosen, the page follows the one that runs.
  const shown = task.subtasks.find(({ id }) => id === chosen) ?? mostInteresting(task.subtasks);
  const done = steps.filter(({ subtasks }) => subtasks.every(({ status }) => status === 'SUCCESSFUL')).length;

  return (
    <>
      <PageHead
        title={task.name}
        of={task.cluster?.name ?? undefined}
        beside={
          <span data-testid="task-status" data-status={task.status}>
            <TaskState of={task} />
          </span>
        }
      >
        <TaskButtons task={task} />
      </PageHead>
      {task.error && !isToldByStep(task) ? (
        <Alert
          className="problem"
          type={task.status === 'FAILED' && !isCancelled(task) ? 'error' : 'info'}
          showIcon
          message={<Prose text={task.error.message} />}
          description={<Explanation words={task.error} />}
        />
      ) : null}
      <Section>
        <Facts
          rows={[
            [tasks.id, task.id],
            [tasks.cluster, <TaskCluster key="cluster" task={task} />],
            [tasks.creator, task.creator.name],
            [tasks.executor, task.executor ?? '–'],
            [tasks.started, <Moment key="started" at={task.startTime} />],
            [tasks.finished, <Moment key="finished" at={task.finishTime} />],
            [tasks.duration, <Duration key="time" from={task.startTime} until={task.finishTime} />],
          ]}
        />
      </Section>
      {task.leftOut.length > 0 ? (
        <Section title={leftOut.title}>
          <LeftOut objects={task.leftOut} />
        </Section>
      ) : null}
      {task.notMade.length > 0 ? (
        <Section title={recovery.notMade}>
          <NotMade parts={task.notMade} />
        </Section>
      ) : null}
      <div className="task">
        <Section title={tasks.steps} aside={<span className="quiet">{tasks.doneOf(done, steps.length)}</span>}>
          <StepFlow steps={steps} shown={shown?.id} onShow={setChosen} />
        </Section>
        {shown ? <StepPanel key={shown.id} task={task} subtask={shown} /> : null}
      </div>
    </>
  );
}

/** Tells whether a step that failed says why the task has: then it is said there, once. */
function isToldByStep({ error, subtasks }: Task): boolean {
  const hasOneLane = new Set(subtasks.map(({ lane }) => lane).filter(Boolean)).size === 1;
  // How many lanes failed is no news where there is only one.
  const counts = error?.id === LANES_FAILED;
  return subtasks.some(({ status, note }) => status === 'FAILED' && (note?.id === error?.id || (counts && hasOneLane)));
}

function TaskCluster({ task: { cluster } }: { task: Task }) {
  if (!cluster) return <>–</>;
  return <Link to={`/clusters/${cluster.id}/backup`}>{cluster.name ?? cluster.id}</Link>;
}
