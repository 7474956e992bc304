import { useQuery } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { Me } from '../../api/types';

/** Returns who is logged on. */
export function useMe() {
  return useQuery({
    queryKey: keys.me,
    queryFn: () => answer(client.GET('/api/v2/users/me')),
    staleTime: 60_000,
  });
}

const MAY = {
  ADMIN: { backUp: true, manageClusters: true },
  BACKUP_MANAGER: { backUp: true, manageClusters: false },
  CLUSTER_VIEWER: { backUp: false, manageClusters: false },
} satisfies Record<Me['role'], { backUp: boolean; manageClusters: boolean }>;

/** Returns what whoever is logged on may do. The server decides; this only hides what it would refuse. */
export function useMay(): { backUp: boolean; manageClusters: boolean } {
  const me = useMe();
  return MAY[me.data?.role ?? 'CLUSTER_VIEWER'];
}
