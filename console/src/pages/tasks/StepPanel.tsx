import { Button } from '@oceanbase/design';

import type { Subtask, Task } from '../../api/types';
import { useLabels } from '../../locales';
import { Section } from '../../parts/PageHead';
import { WordsAlert } from '../../parts/ProblemAlert';
import { useMay } from '../logon/me';
import { StepLog } from './StepLog';
import { useSteer } from './steer';

/** The step that is looked at: why it failed and what repairs it, and its log. */
export function StepPanel({ task, subtask }: { task: Task; subtask: Subtask }) {
  const { tasks } = useLabels();
  const title = subtask.lane ? `${subtask.name} · ${subtask.lane}` : subtask.name;
  const hasFailed = subtask.status === 'FAILED';
  return (
    <Section title={title}>
      {subtask.note ? (
        <WordsAlert
          words={subtask.note}
          type={hasFailed ? 'error' : 'info'}
          buttons={hasFailed ? <RepairButtons task={task} subtask={subtask} /> : null}
        />
      ) : null}
      {!subtask.note && hasFailed ? <RepairButtons task={task} subtask={subtask} /> : null}
      <h3 className="log-title">{tasks.log}</h3>
      <StepLog task={task.id} subtask={subtask} />
    </Section>
  );
}

function RepairButtons({ task, subtask }: { task: Task; subtask: Subtask }) {
  const { tasks } = useLabels();
  const may = useMay();
  const steer = useSteer(task.id);
  if (!may.backUp || task.status !== 'FAILED' || task.operation === 'ROLLBACK') return null;
  return (
    <div className="repair">
      <Button
        size="small"
        loading={steer.isPending}
        onClick={() => steer.send({ verb: 'retry-subtask', subtask: subtask.id })}
      >
        {tasks.retry}
      </Button>
      {subtask.skippable ? (
        <Button
          size="small"
          loading={steer.isPending}
          onClick={() =>
            steer.ask(
              { verb: 'skip-subtask', subtask: subtask.id },
              { title: tasks.skipTitle(subtask.name), text: tasks.skipText, ok: tasks.skip },
            )
          }
        >
          {tasks.skip}
        </Button>
      ) : null}
    </div>
  );
}
