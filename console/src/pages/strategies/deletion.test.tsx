import { me, network } from '../../testing/network';

import { expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';

import { cluster, strategy } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import { StrategyTab } from './StrategyTab';

const list = (...contents: unknown[]) => ({
  data: { contents, page: { number: 1, size: 2000, totalElements: contents.length, totalPages: 1 }, unreadable: [] as unknown[] },
});

test('a tenant’s strategy is deleted only with consent if that of the cluster keeps backups for a shorter time', async () => {
  const usual = strategy().obBackupScheduleConfig;
  const keeps = (backupDataRetentionDays: number) => ({ obBackupScheduleConfig: { ...usual, cleanEnabled: true, backupDataRetentionDays } });
  const own = (tenant: number) => `/ob/clusters/7/tenants/${tenant}/backup/config/backupStrategy`;
  const queries: string[] = [];
  network({
    ...me('BACKUP'),
    'GET /backup/strategies': list(
      strategy(keeps(7)),
      strategy({ strategyId: 6, tenantId: 1001, tenantName: 'shop', ...keeps(365) }),
      strategy({ strategyId: 8, tenantId: 1002, tenantName: 'crm', ...keeps(3) }),
      strategy({
        strategyId: 9,
        tenantId: 1003,
        tenantName: 'erp',
        obBackupServiceStorageConfig: { ...strategy().obBackupServiceStorageConfig, storageId: 4, configName: 'other' },
        ...keeps(3),
      }),
    ),
    'GET /ob/clusters/7/backup/config/backupStrategy/runs': list(),
    [`GET ${own(1003)}/runs`]: list(),
    [`DELETE ${own(1003)}`]: (query) => {
      queries.push(`1003 ${query.toString()}`);
      return { data: {} };
    },
    [`GET ${own(1001)}/runs`]: list(),
    [`GET ${own(1002)}/runs`]: list(),
    [`DELETE ${own(1001)}`]: (query) => {
      queries.push(query.toString());
      return { data: {} };
    },
  });
  stage(<StrategyTab cluster={cluster({ generation: 'GEN4' })} onNew={vi.fn()} onModify={vi.fn()} />);
  const dialog = () => page.getByRole('dialog');
  const remove = (tenant: string) => page.getByRole('row').filter({ hasText: tenant }).getByRole('button', { name: 'Delete' }).click();
  await remove('crm');
  await expect.element(dialog()).toHaveTextContent('its physical backups are kept for 7 days.');
  await expect.element(dialog().getByRole('button', { name: 'Delete' })).toBeEnabled();
  await dialog().getByRole('button', { name: 'Cancel' }).click();
  await expect.element(dialog()).not.toBeInTheDocument();
  // The window is longer, but the storage of the cluster’s strategy has other backups of the tenant.
  await remove('erp');
  await expect.element(dialog()).toHaveTextContent('backs up this tenant to nightly');
  await expect.element(dialog().getByRole('button', { name: 'Delete' })).toBeDisabled();
  await dialog().getByRole('checkbox', { name: 'Delete these backups' }).click();
  await dialog().getByRole('button', { name: 'Delete' }).click();
  await expect.poll(() => queries).toEqual(['1003 acceptClusterRetention=true']);
  await expect.element(dialog()).not.toBeInTheDocument();
  await remove('shop');
  await expect.element(dialog()).toHaveTextContent('kept for 7 days instead of 365');
  await expect.element(dialog()).not.toHaveTextContent('Backup sets stay');
  await expect.element(dialog().getByRole('button', { name: 'Delete' })).toBeDisabled();
  await dialog().getByRole('checkbox', { name: 'Delete these backups' }).click();
  await dialog().getByRole('button', { name: 'Delete' }).click();
  await expect.poll(() => queries).toEqual(['1003 acceptClusterRetention=true', 'acceptClusterRetention=true']);
});
