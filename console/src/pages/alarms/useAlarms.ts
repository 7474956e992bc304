import { useQuery } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { Alarm } from '../../api/types';

/** The maximum number of rows in one answer. */
const MOST = 2000;

/** Returns all current alarms, worst first. The server's events show when to read them again. */
export function useAlarms() {
  return useQuery({
    queryKey: [...keys.alarms, 'current'],
    queryFn: () => answer(client.GET('/api/v2/alarm/alarms', { params: { query: { page: 1, size: MOST } } })),
    select: ({ contents }) => contents,
  });
}

/** Returns the alarms that nobody has acknowledged or silenced: the counts beside the word Alarms show only these. */
export function newAlarms(alarms: Alarm[]): Alarm[] {
  return alarms.filter(({ state }) => state === 'NEW');
}
