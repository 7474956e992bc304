import { queryOptions } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';

/** One task with its steps; the server's events show when to read it again. */
export function taskQuery(id: number) {
  return queryOptions({
    queryKey: keys.task(id),
    queryFn: () => answer(client.GET('/api/v2/tasks/instances/{id}', { params: { path: { id } } })),
    staleTime: 0,
  });
}
