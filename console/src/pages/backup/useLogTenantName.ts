import { useQuery } from '@tanstack/react-query';
import { useCallback } from 'react';

import type { Cluster } from '../../api/types';
import { useChartWords } from '../../charts/useChartWords';
import { useLabels } from '../../locales';
import { tenantsQuery } from './queries';

/** Returns a function from a tenant ID in log backup to its name; before 4.0, tenant 1 stands for the whole cluster. */
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
