import { Alert } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useParams } from 'react-router';

import type { Task } from '../../api/types';
import { useLabels } from '../../locales';
import { LeftOut } from '../../parts/LeftOut';
import { NotMade } from '../../parts/NotMade';
import { PageHead, Section } from '../../parts/PageHead';
import { Loaded } from '../../parts/PageState';
import { Explanation } from '../../parts/ProblemAlert';
import { Prose } from '../../parts/Prose';
import { StepFlow } from './StepFlow';
import { StepPanel } from './StepPanel';
import { mostInteresting, stepsOf } from './steps';
import { isCancelled, LANES_FAILED } from './cancelled';
import { taskQuery } from './queries';
import { withRates, type Rates } from './rates';
import { TaskFacts } from './TaskFacts';
import { TaskLog } from './TaskLog';
import { TaskState } from './TaskState';
import { TaskButtons } from './TaskButtons';

/** One task: its steps, their logs, and its actions. */
export default function TaskPage() {
  const id = Number(useParams().taskId);
  const task = useQuery(taskQuery(id));
  return <Loaded query={task}>{(found) => <Follow key={found.id} task={found} at={task.dataUpdatedAt / 1000} />}</Loaded>;
}

/** A task that is shown live; `at` is the time of the last read, in seconds. */
function Follow({ task, at }: { task: Task; at: number }) {
  const { tasks, leftOut, recovery } = useLabels();
  const [chosen, setChosen] = useState<number>();
  const [seen, setSeen] = useState<{ at: number; rates: Rates }>({ at: 0, rates: new Map() });
  if (seen.at !== at) setSeen({ at, rates: withRates(seen.rates, task.subtasks, at) });
  const steps = stepsOf(task.subtasks);
  // Until the user selects a step, the page follows the running one.
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
        <TaskLog task={task} />
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
        <TaskFacts task={task} />
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
      {task.restoredTenants.length > 0 && task.status === 'FAILED' ? (
        <Section title={recovery.restoredTenants}>
          <p data-testid="restored-tenants">{recovery.restoredTenantsStay(task.restoredTenants)}</p>
        </Section>
      ) : null}
      <div className="task">
        <Section title={tasks.steps} aside={<span className="quiet">{tasks.doneOf(done, steps.length)}</span>}>
          <StepFlow steps={steps} shown={shown?.id} onShow={setChosen} />
        </Section>
        {shown ? <StepPanel key={shown.id} task={task} subtask={shown} rates={seen.rates.get(shown.id)} /> : null}
      </div>
    </>
  );
}

/** Returns whether a failed step has the same error as the task: then only the step shows it. */
function isToldByStep({ error, subtasks }: Task): boolean {
  const hasOneLane = new Set(subtasks.map(({ lane }) => lane).filter(Boolean)).size === 1;
  // With only one lane, the number of failed lanes is no information.
  const counts = error?.id === LANES_FAILED;
  return subtasks.some(({ status, note }) => status === 'FAILED' && (note?.id === error?.id || (counts && hasOneLane)));
}
