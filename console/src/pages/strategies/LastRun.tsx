import { Link } from 'react-router';

import type { Strategy, StrategyRun } from '../../api/types';
import { useLabels } from '../../locales';
import { Moment } from '../../parts/Moment';
import { Prose } from '../../parts/Prose';
import { Status, toneOf } from '../../parts/Status';

/** The newest due time: when it was, how it stands, and why it was missed or waits. */
export function LastRun({ run, hasReason = false }: { run: StrategyRun | null | undefined; hasReason?: boolean }) {
  const { strategy } = useLabels();
  if (!run) return <span className="quiet">{strategy.noLastRun}</span>;
  return (
    <>
      <RunStatus run={run} /> <Moment at={run.dueTime} />
      {hasReason && (run.status === 'MISSED' || run.status === 'WAITING') ? <Reason reason={run.reason} /> : null}
    </>
  );
}

/** A run that is due and has no task: when it was due, and why it waits. */
export function WaitingRun({ run }: { run: NonNullable<Strategy['waitingRun']> }) {
  return (
    <>
      <Moment at={run.dueTime} />
      <Reason reason={run.reason} />
    </>
  );
}

function Reason({ reason }: { reason: StrategyRun['reason'] }) {
  if (!reason) return null;
  return (
    <div className="quiet">
      <Prose text={reason.message} />
    </div>
  );
}

/** How a run stands; where it has a task, the way to it. */
export function RunStatus({ run }: { run: StrategyRun }) {
  const { words } = useLabels();
  const status = <Status tone={toneOf(run.status)}>{words.runStatus[run.status]}</Status>;
  return run.taskId ? <Link to={`/tasks/${run.taskId}`}>{status}</Link> : status;
}
