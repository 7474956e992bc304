import { useQuery } from '@tanstack/react-query';
import { useCallback } from 'react';

import type { Cluster } from '../../api/types';
import { useChartWords } from '../../charts/useChartWords';
import { useLabels } from '../../locales';
import { tenantsQuery } from './queries';

/** Returns how the tenants of log backup are called, whom the server gives by their number; before 4.0 the whole cluster. */
export function useLogTenantName({ id, generation }: Cluster): (tenant: number) => string {
  const { backup, strategy } = useLabels();
  const words = useChartWords();
  const tenants = useQuery({ ...tenantsQuery(id), enabled: generation !== 'GEN3' });
  const known = tenants.data?.contents;
  return useCallback(
    (tenant: number) => {
      if (tenant === 1 && generation === 'GEN3') return backup.wholeCluster;
      const found = known?.find((each) => each.id === tenant);
      return found?.name ?? (known ? strategy.goneTenant(tenant) : words.tenant(tenant));
    },
    [known, generation, backup, strategy, words],
  );
}
