import type { ScheduleStatus } from '../../api/types';
import { useLabels } from '../../locales';
import { Status, toneOf } from '../../parts/Status';

/** How the scheduled backup of a cluster stands, in OCP's words. */
export function ScheduleState({ status }: { status: ScheduleStatus }) {
  const { strategy, words } = useLabels();
  return <Status tone={toneOf(status)}>{status === 'NORMAL' ? strategy.pending : words.scheduleStatus[status]}</Status>;
}
