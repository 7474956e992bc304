import type { Subtask } from '../../api/types';

/** How far a task is. */
export interface Overall {
  /** From 0 to 100. */
  percent: number;
  /** How long its running step still takes, in seconds, where the server can tell. */
  remainingS: number | undefined;
}

/**
 * Returns how far a task is: each step counts the same, and each of its lanes a part of it. Steps that run longest say
 * how far they are themselves.
 */
export function overallOf(subtasks: Subtask[]): Overall {
  const steps = new Map<number, number[]>();
  for (const subtask of subtasks) {
    const lanes = steps.get(subtask.seriesId) ?? [];
    lanes.push(shareOf(subtask));
    steps.set(subtask.seriesId, lanes);
  }
  const parts = [...steps.values()].map((lanes) => lanes.reduce((sum, share) => sum + share, 0) / lanes.length);
  const all = parts.length ? parts.reduce((sum, share) => sum + share, 0) / parts.length : 0;
  const times = subtasks.flatMap(({ status, progress }) =>
    status === 'RUNNING' && typeof progress?.remainingS === 'number' ? [progress.remainingS] : [],
  );
  // Rounded down: what is not done is not 100 %.
  return { percent: Math.floor(all * 100), remainingS: times.length ? Math.max(...times) : undefined };
}

function shareOf({ status, progress }: Subtask): number {
  if (status === 'SUCCESSFUL') return 1;
  return Math.min(1, (progress?.percent ?? 0) / 100);
}
