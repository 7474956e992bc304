import { useQuery } from '@tanstack/react-query';

import type { Subtask } from '../../api/types';
import { overallOf } from './percent';
import { taskQuery } from './queries';

interface TaskPercentProps {
  id: number;
  /** The tenant; without one, the whole task. */
  lane?: string;
}

/** The progress of a running task. Few tasks run at once, so there is a request for each. */
export function TaskPercent({ id, lane }: TaskPercentProps) {
  const task = useQuery(taskQuery(id));
  if (!task.data) return null;
  const isOf = ({ lane: its, parallelIdx }: Subtask) => parallelIdx < 0 || its === lane;
  const hasLane = task.data.subtasks.some((subtask) => subtask.lane === lane);
  const steps = hasLane ? task.data.subtasks.filter(isOf) : task.data.subtasks;
  return <span className="quiet">{overallOf(steps).percent}%</span>;
}
