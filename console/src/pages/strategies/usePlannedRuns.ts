import { keepPreviousData, useQuery } from '@tanstack/react-query';

import type { Schedule } from '../../api/types';
import { usePause } from '../../parts/usePause';
import { plannedRunsQuery, type PlannedFor } from './queries';

/** How long nothing must change before the next runs are asked for. */
const PAUSE_MS = 400;

/** Returns the next runs of a schedule as it is put together, or why the server refuses it. */
export function usePlannedRuns(schedule: Schedule | undefined, meant: PlannedFor) {
  const written = schedule && JSON.stringify(schedule);
  const settled = usePause(written, PAUSE_MS);
  const wish = settled === undefined ? undefined : (JSON.parse(settled) as Schedule);
  const { data, error } = useQuery({ ...plannedRunsQuery(wish, meant), placeholderData: keepPreviousData });
  const isAboutThis = written === settled;
  return { planned: written === undefined || error ? undefined : data, error: isAboutThis && written ? error : null };
}
