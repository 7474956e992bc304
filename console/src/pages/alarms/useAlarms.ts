import { useQuery } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';

/** As many as one answer may hold. */
const MOST = 2000;

/** Returns all alarms that hold now, the worst first. The server's events say when to read them anew. */
export function useAlarms() {
  return useQuery({
    queryKey: keys.alarms,
    queryFn: () => answer(client.GET('/api/v2/alarm/alarms', { params: { query: { page: 1, size: MOST } } })),
    select: ({ contents }) => contents,
  });
}
