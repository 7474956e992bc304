import type { Subtask } from '../../api/types';

/** One step of a flow: a subtask, or one for each lane. */
export interface Step {
  step: string;
  name: string;
  subtasks: Subtask[];
}

/** Groups the lanes of each step, in the order of the flow. */
export function stepsOf(subtasks: Subtask[]): Step[] {
  const steps = new Map<number, Step>();
  for (const subtask of subtasks) {
    const known = steps.get(subtask.seriesId);
    if (known) known.subtasks.push(subtask);
    else steps.set(subtask.seriesId, { step: subtask.step, name: subtask.name, subtasks: [subtask] });
  }
  return [...steps.entries()].sort(([a], [b]) => a - b).map(([, step]) => step);
}

/** The maximum number of listed lanes of a step, unless the user requests all. */
const LANES_MOST = 20;

/** Returns the listed lanes of a step: of many lanes, the failed ones, the running ones, and the selected one. */
export function listedLanes(lanes: Subtask[], shown: number | undefined): Subtask[] {
  if (lanes.length <= LANES_MOST) return lanes;
  const are = (...states: Array<Subtask['status']>) => lanes.filter(({ status }) => states.includes(status));
  const first = [...lanes.filter(({ id }) => id === shown), ...are('FAILED'), ...are('RUNNING', 'CANCELING')];
  const chosen = new Set(first.slice(0, LANES_MOST).map(({ id }) => id));
  return lanes.filter(({ id }) => chosen.has(id));
}

/** Returns the subtask to show first: a failed one, otherwise a running one, otherwise the last one that ran. */
export function mostInteresting(subtasks: Subtask[]): Subtask | undefined {
  const ended = subtasks.filter(({ status }) => status === 'SUCCESSFUL');
  return (
    subtasks.find(({ status }) => status === 'FAILED') ??
    subtasks.find(({ status }) => status === 'RUNNING' || status === 'CANCELING') ??
    ended[ended.length - 1] ??
    subtasks[0]
  );
}
