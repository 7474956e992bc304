import { Link } from 'react-router';

import type { Subtask, Task } from '../../api/types';
import type { Sample } from '../../charts/timeline';
import { useLabels } from '../../locales';
import { Section } from '../../parts/PageHead';
import { WordsAlert } from '../../parts/ProblemAlert';
import { isCancelled } from './cancelled';
import { NextActions } from './NextActions';
import { StepLog } from './StepLog';
import { Throughput } from './Throughput';
import { useTaskWords } from './words';

/** The lanes that are not a single tenant: before 4.0 one job backs up several tenants. */
export const WHOLE: string[] = ['cluster', 'tenants'];

interface StepPanelProps {
  task: Task;
  subtask: Subtask;
  /** The rates of the step since the page was opened. */
  rates: Sample[] | undefined;
}

/** The selected step: its error, the actions, and its log. */
export function StepPanel({ task, subtask, rates }: StepPanelProps) {
  const { tasks } = useLabels();
  const words = useTaskWords();
  const title = subtask.lane && !WHOLE.includes(subtask.lane) ? `${subtask.name} · ${subtask.lane}` : subtask.name;
  const hasFailed = subtask.status === 'FAILED';
  return (
    <Section title={title}>
      {subtask.note ? (
        <WordsAlert
          words={subtask.note}
          type={hasFailed && !isCancelled(subtask) ? 'error' : 'info'}
          buttons={hasFailed ? <NextActions task={task} subtask={subtask} /> : null}
        />
      ) : null}
      {!subtask.note && hasFailed ? <NextActions task={task} subtask={subtask} /> : null}
      {rates && subtask.progress && subtask.status === 'RUNNING' ? <Throughput samples={rates} unit={subtask.progress.unit} /> : null}
      {subtask.childTaskId ? (
        <p>
          <Link to={`/tasks/${subtask.childTaskId}`}>{words.child(subtask.childTaskId)}</Link>
        </p>
      ) : null}
      <h3 className="log-title">{tasks.log}</h3>
      <StepLog task={task.id} subtask={subtask} />
    </Section>
  );
}
