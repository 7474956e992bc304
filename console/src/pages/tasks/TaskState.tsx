import type { RestoreTask, TaskHead, Words } from '../../api/types';
import { useLabels } from '../../locales';
import { Status, toneOf } from '../../parts/Status';
import { isCancelled } from './cancelled';

interface TaskStateProps {
  of: {
    status: TaskHead['status'] | RestoreTask['status'];
    operation?: TaskHead['operation'];
    partial?: boolean;
    error?: Words | null | undefined;
    subtasks?: Array<{ status: string; note?: Words | null | undefined }>;
  };
}

/** The status of a task, or of a backup or recovery in its list. */
export function TaskState({ of }: TaskStateProps) {
  const { words } = useLabels();
  if (isCancelled(of)) return <Status tone="quiet">{words.cancelled}</Status>;
  if (of.partial && (of.status === 'SUCCESSFUL' || of.status === 'RESTORE_SUCCESS'))
    return <Status tone="partial">{words.partial}</Status>;
  const states: Record<string, string> = { ...words.taskStatus, ...words.restoreStatus };
  return <Status tone={toneOf(of.status)}>{states[of.status]}</Status>;
}
