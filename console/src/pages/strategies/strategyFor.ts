import type { Strategy } from '../../api/types';

/** Returns the strategy that backs up a tenant: its own, else the cluster's; without a tenant the cluster's. */
export function strategyFor(strategies: Strategy[], tenant?: number): Strategy | undefined {
  const own = tenant === undefined ? undefined : strategies.find(({ tenantId }) => tenantId === tenant);
  return own ?? strategies.find(({ tenantId }) => typeof tenantId !== 'number');
}
