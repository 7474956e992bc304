import { isCancelled } from './cancelled';
import { Button, Progress } from '@oceanbase/design';
import { useState } from 'react';

import type { Subtask } from '../../api/types';
import { useLabels, useLanguage } from '../../locales';
import { formatBytes, formatCount, formatSeconds } from '../../parts/format';
import { Duration } from '../../parts/Moment';
import { Prose } from '../../parts/Prose';
import { Status, toneOf } from '../../parts/Status';
import { listedLanes, type Step } from './steps';

interface StepFlowProps {
  steps: Step[];
  shown: number | undefined;
  onShow: (subtask: number) => void;
}

/** The steps from top to bottom, each with its lanes. */
export function StepFlow({ steps, shown, onShow }: StepFlowProps) {
  return (
    <ol className="steps" data-testid="steps">
      {steps.map((step) => {
        const [only] = step.subtasks;
        return (
          <li key={step.step} className="step" data-step={step.step} data-state={stateOf(step)}>
            {step.subtasks.length === 1 && only ? (
              <StepButton subtask={only} title={step.name} isShown={only.id === shown} onShow={onShow} />
            ) : (
              <Lanes step={step} shown={shown} onShow={onShow} />
            )}
          </li>
        );
      })}
    </ol>
  );
}

interface LanesProps {
  step: Step;
  shown: number | undefined;
  onShow: (subtask: number) => void;
}

/** A step that runs once for each tenant. */
function Lanes({ step: { name, subtasks }, shown, onShow }: LanesProps) {
  const { tasks } = useLabels();
  const [listsAll, setListsAll] = useState(false);
  const few = listedLanes(subtasks, shown);
  const listed = listsAll ? subtasks : few;
  const done = subtasks.filter(({ status }) => status === 'SUCCESSFUL').length;
  return (
    <>
      <div className="step-title step-head">
        <span>{name}</span>
        <span className="quiet">{tasks.lanesDone(done, subtasks.length)}</span>
      </div>
      <ul className="lanes">
        {listed.map((subtask) => (
          <li key={subtask.id}>
            <StepButton
              subtask={subtask}
              title={subtask.lane ?? String(subtask.parallelIdx)}
              isShown={subtask.id === shown}
              onShow={onShow}
            />
          </li>
        ))}
      </ul>
      {few.length < subtasks.length ? (
        <Button type="link" size="small" aria-expanded={listsAll} onClick={() => setListsAll(!listsAll)}>
          {listsAll ? tasks.fewerLanes : tasks.allLanes(subtasks.length)}
        </Button>
      ) : null}
    </>
  );
}

interface StepButtonProps {
  subtask: Subtask;
  title: string;
  isShown: boolean;
  onShow: (subtask: number) => void;
}

function StepButton({ subtask, title, isShown, onShow }: StepButtonProps) {
  const { tasks, words } = useLabels();
  const wasCancelled = isCancelled(subtask);
  const tone = subtask.skipped || subtask.undone || wasCancelled ? 'quiet' : toneOf(subtask.status);
  const state = subtask.skipped ? tasks.skipped : subtask.undone ? tasks.undone : wasCancelled ? words.cancelled : words.subtaskStatus[subtask.status];
  return (
    <button
      type="button"
      className={isShown ? 'step-button step-button-shown' : 'step-button'}
      aria-pressed={isShown}
      onClick={() => onShow(subtask.id)}
    >
      <span className="step-head">
        <Status tone={tone}>
          <span className="step-name">{title}</span>
        </Status>
        <span className="quiet">
          {state}
          {subtask.runTime > 1 ? ` · ${tasks.attempts(subtask.runTime)}` : ''}
          {subtask.startTime ? ' · ' : ''}
          {subtask.startTime ? <Duration from={subtask.startTime} until={subtask.finishTime} /> : null}
        </span>
      </span>
      {/* The selected step shows its note beside the list. */}
      {subtask.note && subtask.status !== 'SUCCESSFUL' && !isShown ? (
        <span className={subtask.status === 'FAILED' ? 'step-note step-note-bad' : 'step-note'}>
          <Prose text={subtask.note.message} />
        </span>
      ) : null}
      {subtask.progress ? <StepProgress subtask={subtask} /> : null}
    </button>
  );
}

function StepProgress({ subtask: { progress, status } }: { subtask: Subtask }) {
  const labels = useLabels();
  const language = useLanguage();
  if (!progress) return null;
  const write = (amount: number) =>
    progress.unit === 'bytes' ? formatBytes(amount) : formatCount(amount, language);
  const total = typeof progress.total === 'number' ? ` / ${write(progress.total)}` : '';
  const isRunning = status === 'RUNNING';
  const parts = [
    progress.unit === 'rows' ? labels.tasks.rows(write(progress.done) + total) : write(progress.done) + total,
    isRunning && progress.ratePerS ? `${write(progress.ratePerS)}/s` : '',
    isRunning && typeof progress.remainingS === 'number'
      ? labels.tasks.remaining(formatSeconds(progress.remainingS, labels))
      : '',
  ];
  const percent = progress.percent ?? (status === 'SUCCESSFUL' ? 100 : 0);
  return (
    <span className="step-progress">
      <Progress
        percent={percent}
        size="small"
        aria-label={labels.tasks.steps}
        status={status === 'FAILED' ? 'exception' : status === 'SUCCESSFUL' ? 'success' : 'active'}
      />
      <span className="quiet">{parts.filter(Boolean).join(' · ')}</span>
    </span>
  );
}

function stateOf({ subtasks }: Step): string {
  if (subtasks.some(({ status }) => status === 'FAILED')) return 'FAILED';
  if (subtasks.every(({ status }) => status === 'SUCCESSFUL')) return 'SUCCESSFUL';
  if (subtasks.some(({ status }) => status === 'RUNNING')) return 'RUNNING';
  return 'PENDING';
}
