import { useQuery } from '@tanstack/react-query';

import type { Subtask } from '../../api/types';
import { overallOf } from './percent';
import { taskQuery } from './queries';

interface TaskPercentProps {
  id: number;
  /** The tenant that is asked about; without one, all of the task is. */
  lane?: string;
}

/** How far a task is that runs. Few run at once, so each is asked for. */
export function TaskPercent({ id, lane }: TaskPercentProps) {
  const task = useQuery(taskQuery(id));
  if (!task.data) return null;
  const isOf = ({ lane: its, parallelIdx }: Subtask) => parallelIdx < 0 || its === lane;
  const hasLane = task.data.subtasks.some((subtask) => subtask.lane === lane);
  const steps = hasLane ? task.data.subtasks.filter(isOf) : task.data.subtasks;
  return <span className="quiet">{overallOf(steps).percent}%</span>;
}
