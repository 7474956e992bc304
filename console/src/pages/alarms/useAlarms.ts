import { useQuery } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';

/** How often is asked for what no event tells of: the server looks at clusters every minute. */
const EVERY_MS = 30_000;

/** As many as one answer may hold. */
const MOST = 2000;

/** Returns all alarms that hold now, the worst first. */
export function useAlarms() {
  return useQuery({
    queryKey: keys.alarms,
    refetchInterval: EVERY_MS,
    queryFn: () => answer(client.GET('/api/v2/alarm/alarms', { params: { query: { page: 1, size: MOST } } })),
    select: ({ contents }) => contents,
  });
}
