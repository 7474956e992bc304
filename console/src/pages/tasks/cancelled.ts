import type { TaskHead, Words } from '../../api/types';

/** The ID of the text for a cancelled task or step. */
const CANCELLED = 'engine.cancelled';

/** The ID of the text for a task with failed lanes: it contains their number, but no reason. */
export const LANES_FAILED = 'engine.lanes-failed';

interface Ended {
  status: string;
  operation?: TaskHead['operation'];
  /** Why a task or a row of a list failed. */
  error?: Words | null | undefined;
  /** Why a step failed. */
  note?: Words | null | undefined;
  subtasks?: Ended[];
}

/**
 * Returns whether a task or step with the status "failed" was cancelled: the server has no status for that, so the
 * reason decides. A task of several lanes was cancelled if it was commanded to, and no step failed for another
 * reason.
 */
export function isCancelled({ status, operation, error, note, subtasks }: Ended): boolean {
  if (status !== 'FAILED' && status !== 'RESTORE_FAIL') return false;
  const reason = (error ?? note)?.id;
  if (reason === CANCELLED) return true;
  if (operation !== 'CANCEL' || reason !== LANES_FAILED) return false;
  return (subtasks ?? []).every((step) => step.status !== 'FAILED' || step.note?.id === CANCELLED);
}
