import { network, type Answers } from '../../testing/network';

import { expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';

import type { Restore } from '../../api/types';
import { backupSet, cluster } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import { InitiateRecoveryDrawer } from './InitiateRecoveryDrawer';

const list = (contents: unknown[]) => ({
  data: { contents, page: { number: 1, size: 2000, totalElements: contents.length, totalPages: 1 } },
});
const zone = (name: string) => ({ name, regionName: 'sys_region', idcName: '', status: 'ACTIVE' });
const PROD = cluster({ generation: 'GEN4', obVersion: 'OceanBase 4.2.5.0', zones: [zone('zone1'), zone('zone2')] });
const SET = backupSet({ backupMode: 'PHYSICAL_BACKUP', tenantId: 1002, obTenantId: 1002 });

const info = (encrypted: boolean) => ({
  data: {
    clusterId: 7,
    clusterName: 'prod',
    obClusterId: 12,
    databaseTime: '2026-11-27T09:00:00.000+00:00',
    obRecoverableInfoAggregation: { latestSevenDaysAggregation: { obRecoverableSectionItems: [] } },
    tenants: [
      {
        tenantId: 1002,
        tenantName: 'shop',
        obRecoverableInfoAggregation: {
          latestSevenDaysAggregation: {
            obRecoverableSectionItems: [
              {
                obRecoverableSectionItemType: 'FULL_DATA_BACKUP',
                dataBackupRecoverableInfo: { backupSetId: 1, freezeTime: '2026-11-20T09:00:00.000+00:00', recoverableTime: '2026-11-20T10:00:00.000+00:00', dataVersion: '', encrypted, bytes: 1 },
              },
            ],
          },
        },
        intervals: [
          {
            startTime: '2026-11-20T10:00:00.000+00:00',
            endTime: '2026-11-21T10:00:00.000+00:00',
            startScn: '1',
            endScn: '2',
            proven: true,
          },
        ],
        gaps: [
          {
            afterTime: '2026-11-21T10:00:00.000+00:00',
            beforeTime: '2026-11-22T10:00:00.000+00:00',
            reason: 'gap-round-interrupted',
            message: 'Log backup was interrupted in round 1',
          },
        ],
      },
    ],
  },
});

const ANSWERS: Answers = {
  'GET /ob/clusters': list([PROD]),
  'GET /ob/clusters/7/backup/sets': list([SET]),
  'GET /ob/clusters/7/tenants/1002/backup/info': info(false),
  'POST /ob/clusters/7/backup/restore': {
    data: { obBackupTaskType: 'RESTORE', backupObjectOpsResultList: [{ beSuccessful: true, taskIdList: [22], obBackupObjectList: [] }] },
  },
};

function open(answers: Answers = ANSWERS) {
  const calls = network(answers);
  stage(<InitiateRecoveryDrawer cluster={PROD} chosen={3} onClose={vi.fn()} />);
  return calls;
}

const submit = () => page.getByRole('button', { name: 'Initiate Recovery', exact: true });

test('a tenant is recovered to the latest moment into new pools of every zone', async () => {
  const calls = open();
  await expect.element(page.getByText('Log backup was interrupted in round 1')).toBeVisible();
  await expect.element(submit()).toBeDisabled();
  await page.getByLabelText('New Tenant').fill('shop_2');
  await page.getByLabelText('Unit Specification').fill('small');
  await submit().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/22');
  const resourcePool = { unitSpecName: 'small', unitCount: 1 };
  expect(calls.at(-1)?.body).toEqual({
    backupTenantStatus: 'ONLINE',
    restoreOnlineTenantRequiredParam: {
      backupClusterId: 7,
      backupTenantId: 1002,
      restoreClusterId: 7,
      restoreTenantInfoParam: {
        name: 'shop_2',
        zones: [
          { name: 'zone1', resourcePool },
          { name: 'zone2', resourcePool },
        ],
      },
    },
    dryRun: false,
  });
});

test('a moment in a gap is refused with the reason and the nearest one, and a press takes the end of a period', async () => {
  open();
  await page.getByLabelText('Unit Specification').fill('small');
  await page.getByLabelText('Recovery Time').fill('2026-11-22T06:00:00.000');
  await expect.element(page.getByText(/cannot be recovered to this time: Log backup was interrupted in round 1/)).toBeVisible();
  await expect.element(submit()).toBeDisabled();
  await page.getByRole('button', { name: 'Use End Time' }).click();
  await expect.element(submit()).toBeEnabled();
});

test('a tenant is recovered to the end of a backup set or to an SCN, and never to two moments', async () => {
  const calls = open();
  await page.getByLabelText('Unit Specification').fill('small');
  await page.getByLabelText('Recovery Time').fill('2026-11-21T06:00:00.000');
  await page.getByRole('radio', { name: 'An SCN' }).click();
  await expect.element(submit()).toBeDisabled();
  await page.getByLabelText('SCN', { exact: true }).fill('12x');
  await expect.element(page.getByText('Enter an SCN: 1 to 19 digits.')).toBeVisible();
  await page.getByRole('radio', { name: 'The end of a backup set' }).click();
  await expect.element(submit()).toBeDisabled();
  await page.getByLabelText('Last Backup Set').click({ force: true });
  await page.getByTitle(/^1 · /).click();
  await submit().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/22');
  const { restoreOnlineTenantRequiredParam: asked } = calls.at(-1)?.body as Restore;
  expect(asked).toMatchObject({ restoreBackupSetId: 1 });
  expect(asked).not.toHaveProperty('restoreEndTime');
  expect(asked).not.toHaveProperty('restoreScn');
});

test('encrypted backups ask for their password, and pools that exist can be used', async () => {
  const calls = open({ ...ANSWERS, 'GET /ob/clusters/7/tenants/1002/backup/info': info(true) });
  await page.getByLabelText('Password of the Backups').fill('hunter2');
  await page.getByText('Use existing resource pools').click();
  await page.getByLabelText('Resource Pools', { exact: true }).fill('p1, p2');
  await submit().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/22');
  expect(calls.at(-1)?.body).toMatchObject({
    restoreOnlineTenantRequiredParam: {
      passwords: ['hunter2'],
      restoreTenantInfoParam: { name: 'shop_restored', poolList: ['p1', 'p2'] },
    },
  });
});

test('before 4.0 the same form goes to clusters of that age, and has no standby', async () => {
  const three = cluster({ zones: [zone('zone1')] });
  const calls = network({ ...ANSWERS, 'GET /ob/clusters': list([three, { ...PROD, id: 8, name: 'newer' }]) });
  stage(<InitiateRecoveryDrawer cluster={three} chosen={3} onClose={vi.fn()} />);
  await page.getByLabelText('Unit Specification').fill('c2');
  expect(page.getByText('Keep as Standby').elements()).toEqual([]);
  await page.getByText('New specification').click();
  await expect.element(page.getByLabelText('Memory (GiB)')).toBeVisible();
  expect(page.getByLabelText('Log Disk (GiB)').elements()).toEqual([]);
  await page.getByText('Existing specification').click();
  await page.getByLabelText('Destination Cluster').click({ force: true });
  await expect.element(page.getByRole('option', { name: 'prod' })).toBeInTheDocument();
  expect(page.getByRole('option', { name: 'newer' }).elements()).toEqual([]);
  await page.getByLabelText('Only These Tables').fill('orders');
  await expect.element(page.getByText('Each line must be database.table.')).toBeVisible();
  await expect.element(submit()).toBeDisabled();
  await page.getByLabelText('Only These Tables').fill('sale.orders');
  await submit().click();
  await expect.poll(() => calls.at(-1)?.body).toMatchObject({
    restoreOnlineTenantRequiredParam: { backupClusterId: 7, restoreTenantInfoParam: { name: 'shop_restored', tables: ['sale.orders'], zones: [{ name: 'zone1', resourcePool: { unitSpecName: 'c2' } }] } },
  });
});

test('typed tables are recovered into the tenant that was backed up, and a wrong line is told', async () => {
  const calls = open();
  await page.getByText('Single tables and databases').click();
  await page.getByLabelText('Resource Pools', { exact: true }).fill('aux');
  await page.getByLabelText('Recovery Objects').fill('sale.orders=old');
  await expect.element(page.getByText(/^Line 1/)).toBeVisible();
  await expect.element(submit()).toBeDisabled();
  await page.getByLabelText('Recovery Objects').fill('sale.orders=sale.orders_old');
  await submit().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/22');
  expect(calls.at(-1)?.body).toMatchObject({
    obBackupObjectList: [{ backupDimension: 'TABLE', databaseName: 'sale', tableName: 'orders' }],
    rename: { '`sale`.`orders`': '`sale`.`orders_old`' },
    restoreOnlineTenantRequiredParam: { restoreTenantInfoParam: { name: 'shop', poolList: ['aux'] } },
  });
});

test('each zone has an existing unit specification or a new one', async () => {
  const calls = open();
  await page.getByRole('switch', { name: 'Choose for Each Zone' }).click();
  const [first, second] = [page.getByRole('group', { name: 'zone1' }), page.getByRole('group', { name: 'zone2' })];
  await first.getByLabelText('Unit Specification').fill('small');
  await expect.element(submit()).toBeDisabled();
  await second.getByText('New specification').click();
  await second.getByLabelText('CPUs').fill('1.5');
  await second.getByLabelText('Memory (GiB)').fill('8');
  await second.getByLabelText('Log Disk (GiB)').fill('20');
  await page.getByLabelText('Units per Zone').fill('2');
  await submit().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/22');
  const unitSpec = { cpu: 1.5, memoryBytes: 8 * 1024 ** 3, logDiskBytes: 20 * 1024 ** 3 };
  expect(calls.at(-1)?.body).toMatchObject({
    restoreOnlineTenantRequiredParam: {
      restoreTenantInfoParam: {
        zones: [
          { name: 'zone1', resourcePool: { unitSpecName: 'small', unitCount: 2 } },
          { name: 'zone2', resourcePool: { unitSpec, unitCount: 2 } },
        ],
      },
    },
  });
});
