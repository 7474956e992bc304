import { useQuery } from '@tanstack/react-query';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';

/** Returns the logged-on user. */
export function useMe() {
  return useQuery({
    queryKey: keys.me,
    queryFn: () => answer(client.GET('/api/v2/users/me')),
    staleTime: 60_000,
  });
}

/** The permissions of the logged-on user. */
export interface May {
  backUp: boolean;
  manageClusters: boolean;
  manageUsers: boolean;
}

/** Returns the permissions of the logged-on user. The server decides; this only disables what it would refuse. */
export function useMay(): May {
  const permissions = useMe().data?.permissions ?? [];
  return {
    backUp: permissions.includes('BACKUP'),
    manageClusters: permissions.includes('MANAGE_CLUSTERS'),
    manageUsers: permissions.includes('MANAGE_USERS'),
  };
}
