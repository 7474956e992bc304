import type { Subtask, Task } from '../../api/types';
import type { Sample } from '../../charts/timeline';
import { useLabels } from '../../locales';
import { Section } from '../../parts/PageHead';
import { WordsAlert } from '../../parts/ProblemAlert';
import { isCancelled } from './cancelled';
import { NextActions } from './NextActions';
import { StepLog } from './StepLog';
import { Throughput } from './Throughput';

/** The lanes that stand for no single tenant: before OceanBase 4.0 one job backs up several. */
export const WHOLE: string[] = ['cluster', 'tenants'];

interface StepPanelProps {
  task: Task;
  subtask: Subtask;
  /** How fast it was, as long as the page was open. */
  rates: Sample[] | undefined;
}

/** The step that is looked at: why it failed and what repairs it, and its log. */
export function StepPanel({ task, subtask, rates }: StepPanelProps) {
  const { tasks } = useLabels();
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
      <h3 className="log-title">{tasks.log}</h3>
      <StepLog task={task.id} subtask={subtask} />
    </Section>
  );
}
