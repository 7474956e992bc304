import type { Subtask } from '../../api/types';

/** The progress of a task. */
export interface Overall {
  /** From 0 to 100. */
  percent: number;
  /** The remaining time of its running step in seconds, if the server can estimate it. */
  remainingS: number | undefined;
}

/**
 * Returns the progress of a task: every step counts the same, and every lane is an equal part of its step. Long-running
 * steps report their own progress.
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
  // Rounded down: an unfinished task must not show 100 %.
  return { percent: Math.floor(all * 100), remainingS: times.length ? Math.max(...times) : undefined };
}

function shareOf({ status, progress }: Subtask): number {
  if (status === 'SUCCESSFUL') return 1;
  return Math.min(1, (progress?.percent ?? 0) / 100);
}
