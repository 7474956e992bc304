import type { TaskHead, Words } from '../../api/types';

/** The text of what ended because somebody cancelled it. */
const CANCELLED = 'engine.cancelled';

/** The text of a task whose lanes did not all succeed: it counts them, and names no reason. */
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
 * Tells whether what the server calls failed was cancelled: its states have no word for it, so the reason decides. A task
 * of several lanes was when it was told to, and no step failed by itself.
 */
export function isCancelled({ status, operation, error, note, subtasks }: Ended): boolean {
  if (status !== 'FAILED' && status !== 'RESTORE_FAIL') return false;
  const reason = (error ?? note)?.id;
  if (reason === CANCELLED) return true;
  if (operation !== 'CANCEL' || reason !== LANES_FAILED) return false;
  return (subtasks ?? []).every((step) => step.status !== 'FAILED' || step.note?.id === CANCELLED);
}
