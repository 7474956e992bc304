import { network, type Answers } from '../../testing/network';

import { expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';

import { cluster } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import { RecoverClusterDrawer } from './RecoverClusterDrawer';

const list = (contents: unknown[]) => ({
  data: { contents, page: { number: 1, size: 2000, totalElements: contents.length, totalPages: 1 } },
});
const PROD = cluster({ generation: 'GEN4' });
const CLUSTERS = [PROD, cluster({ id: 8, name: 'dr', generation: 'GEN4' }), cluster({ id: 9, name: 'three' })];
const TENANTS = [
  { id: 1, name: 'sys' },
  { id: 1002, name: 'shop' },
  { id: 1004, name: 'books' },
];
const amount = (cpu: number) => ({ cpu, memoryBytes: cpu * 2_000_000_000, logDiskBytes: 0 });
const PLAN = {
  tenants: [
    {
      backupTenantId: 1002,
      backupTenantName: 'shop',
      name: 'shop_r',
      restoreEndTime: '2026-11-25T10:00:00.000+08:00',
      bytes: 4096,
      zones: [{ name: 'zone1', unitCount: 1, size: amount(2) }],
      poolList: [],
    },
  ],
  zones: [{ name: 'zone1', unitCount: 1, needed: amount(2), free: amount(10) }],
  parallel: 3,
  totalBytes: 4096,
  plan: {
    taskDefinitionId: 'restore-cluster',
    backupMode: 'PHYSICAL_BACKUP',
    dataBackupMode: 'FULL_BACKUP',
    backupUri: 'file:///b',
    tenants: ['shop_r'],
    leftOut: [],
    notMade: [],
    steps: [{ step: 'start-recovery', name: 'Start recovery', notes: ['Starts a task for each tenant'], statements: [] }],
  },
};
const begun = { data: { obBackupTaskType: 'RESTORE', backupObjectOpsResultList: [{ beSuccessful: true, taskIdList: [31], obBackupObjectList: [] }] } };
const PATH = 'POST /ob/clusters/7/backup/restore/cluster';

function open(answers: Answers = {}) {
  const calls = network({
    'GET /ob/clusters': list(CLUSTERS),
    'GET /ob/clusters/7/tenants': list(TENANTS),
    [PATH]: begun,
    [`${PATH}/preview`]: { data: PLAN },
    ...answers,
  });
  stage(<RecoverClusterDrawer cluster={PROD} onClose={vi.fn()} />);
  return calls;
}

const submit = () => page.getByRole('button', { name: 'Initiate Recovery', exact: true });
const showPlan = () => page.getByRole('button', { name: 'Show Plan' });
const fill = (label: string, text: string) => page.getByLabelText(label, { exact: true }).fill(text);

test('the chosen tenants are recovered into another cluster, after the plan was shown', async () => {
  const calls = open();
  await expect.element(page.getByRole('checkbox', { name: 'shop' })).toBeChecked();
  expect(page.getByRole('checkbox', { name: 'sys' }).elements()).toEqual([]);
  await page.getByRole('checkbox', { name: 'books' }).click();
  await page.getByLabelText('Destination Cluster').click({ force: true });
  await expect.element(page.getByTitle('dr', { exact: true })).toBeVisible();
  expect(page.getByTitle('three', { exact: true }).elements()).toEqual([]);
  await page.getByTitle('dr', { exact: true }).click();
  await fill('Name Suffix', '_r');
  await fill('Restores at the Same Time', '3');
  await expect.element(submit()).toBeDisabled();
  await showPlan().click();
  await expect.element(page.getByText('2 of 10 free')).toBeVisible();
  await expect.element(page.getByText('zone1: 1 × new specification')).toBeVisible();
  await expect.element(page.getByText('Starts a task for each tenant')).toBeVisible();
  await submit().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/31');
  const body = { backupClusterId: 7, backupTenantIdList: [1002], restoreClusterId: 8, nameSuffix: '_r', parallel: 3 };
  expect(calls.slice(-2)).toEqual([
    { call: `${PATH}/preview`, body },
    { call: PATH, body },
  ]);
});

test('a change of the form hides its plan, and a refusal shows what is short', async () => {
  const why = { id: 'cluster-recovery-resources-short', message: 'zone1 does not have enough free resources', action: 'Choose fewer tenants.' };
  let isShort = false;
  open({ [`${PATH}/preview`]: () => (isShort ? { status: 409, error: why } : { data: PLAN }) });
  await showPlan().click();
  await expect.element(submit()).toBeEnabled();
  await fill('Name Suffix', '_r');
  await expect.element(submit()).toBeDisabled();
  expect(page.getByTestId('plan').elements()).toEqual([]);
  isShort = true;
  await showPlan().click();
  await expect.element(page.getByText(why.message)).toBeVisible();
  await expect.element(submit()).toBeDisabled();
});

test('a mapping of zones is checked, and no tenant is nothing to recover', async () => {
  open();
  await fill('Zone Mapping', 'zone1');
  await expect.element(page.getByText('Enter pairs such as zone1=z1, separated by commas.')).toBeVisible();
  await expect.element(showPlan()).toBeDisabled();
  await fill('Zone Mapping', 'zone1=z1');
  await expect.element(showPlan()).toBeEnabled();
  await page.getByRole('checkbox', { name: 'All' }).click();
  await expect.element(showPlan()).toBeDisabled();
});
