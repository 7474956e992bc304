import { network, type Answers } from '../../testing/network';

import { expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';

import type { Storage } from '../../api/types';
import { cluster } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import { RecoverFromStorageDrawer } from './RecoverFromStorageDrawer';

const STORAGE: Storage = {
  storageId: 3,
  configName: 'nfs',
  uri: 'file:///obbackup/',
  createTime: '2026-11-25T10:00:00.000+08:00',
  obBackupStorageBaseInfo: { backupStorageType: 'BACKUP_STORAGE_FILE', storageUrl: '/obbackup/' },
};
const list = (contents: unknown[]) => ({
  data: { contents, page: { number: 1, size: 2000, totalElements: contents.length, totalPages: 1 } },
});
const zone = (name: string) => ({ name, regionName: 'sys_region', idcName: '', status: 'ACTIVE' });
const CLUSTERS = [
  cluster({ generation: 'GEN4', zones: [zone('zone1'), zone('zone2')] }),
  cluster({ id: 8, name: 'three', generation: 'GEN3', zones: [zone('z')] }),
  cluster({ id: 9, name: 'lite', generation: 'SEEKDB' }),
];
const begun = { data: { obBackupTaskType: 'RESTORE', backupObjectOpsResultList: [{ beSuccessful: true, taskIdList: [23], obBackupObjectList: [] }] } };

const TENANTS = [1002, 1004].map((id) => ({
  backupClusterName: 'obcluster',
  backupObClusterId: 12,
  backupObTenantId: id,
  folder: `obcluster/12/${id}`,
}));

function open(answers: Answers = {}) {
  const calls = network({
    'GET /ob/clusters': list(CLUSTERS),
    'GET /backup/storages/3/restore/info': { data: { tenants: TENANTS } },
    'POST /ob/clusters/7/backup/restore': begun,
    'POST /ob/clusters/8/backup/restore': begun,
    ...answers,
  });
  stage(<RecoverFromStorageDrawer storage={STORAGE} onClose={vi.fn()} />);
  return calls;
}

const submit = () => page.getByRole('button', { name: 'Initiate Recovery', exact: true });
const fill = (label: string, text: string) => page.getByLabelText(label, { exact: true }).fill(text);

async function chooseCluster(name: string) {
  await page.getByRole('combobox', { name: 'Destination Cluster' }).click();
  await page.getByTitle(name, { exact: true }).click();
}

async function fillSource() {
  await fill('Source Cluster Name', 'obcluster');
  await fill('Source Cluster ID', '12');
  await fill('Source Tenant ID', '1002');
}

test('a tenant of a lost cluster is recovered from its storage into new pools', async () => {
  const calls = open();
  await fillSource();
  await fill('New Tenant', 'shop');
  await fill('Unit Specification', 'small');
  await expect.element(submit()).toBeDisabled();
  await chooseCluster('prod');
  await submit().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/23');
  const resourcePool = { unitSpecName: 'small', unitCount: 1 };
  expect(calls.at(-1)).toEqual({
    call: 'POST /ob/clusters/7/backup/restore',
    body: {
      backupTenantStatus: 'OFFLINE',
      restoreOfflineTenantRequiredParam: {
        storageId: 3,
        backupClusterName: 'obcluster',
        backupObClusterId: 12,
        backupObTenantId: 1002,
        restoreClusterId: 7,
        restoreTenantInfoParam: {
          name: 'shop',
          zones: [
            { name: 'zone1', resourcePool },
            { name: 'zone2', resourcePool },
          ],
        },
      },
      dryRun: false,
    },
  });
});

test('folders, an SCN, a password and the name of the tenant are sent where they are given', async () => {
  const calls = open();
  await fillSource();
  await fill('Source Tenant Name', 'shop');
  await fill('Folder of Data Backups', ' ocp/data ');
  await fill('Folder of Log Backups', 'ocp/clog');
  await page.getByText('An SCN', { exact: true }).click();
  await fill('SCN', '12x');
  await expect.element(page.getByText('Enter an SCN: 1 to 19 digits.')).toBeVisible();
  await fill('SCN', '1763805600123000000');
  await fill('Password of the Backups', 'secret');
  await fill('New Tenant', 'shop_2');
  await page.getByText('Use existing resource pools').click();
  await fill('Resource Pools', 'p1, p2');
  await chooseCluster('three');
  expect(page.getByLabelText('Keep as Standby').elements()).toEqual([]);
  await submit().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/23');
  expect(calls.at(-1)).toMatchObject({
    call: 'POST /ob/clusters/8/backup/restore',
    body: {
      restoreOfflineTenantRequiredParam: {
        backupTenantName: 'shop',
        dataFolder: 'ocp/data',
        logFolder: 'ocp/clog',
        restoreScn: '1763805600123000000',
        passwords: ['secret'],
        restoreTenantInfoParam: { name: 'shop_2', poolList: ['p1', 'p2'] },
      },
    },
  });
});

test('a standby that was chosen is not taken along to a cluster of another age, and seekdb is no target', async () => {
  const calls = open();
  await fillSource();
  await fill('New Tenant', 'shop');
  await fill('Unit Specification', 'small');
  await chooseCluster('prod');
  await page.getByLabelText('Keep as Standby').click();
  await page.getByTitle('prod', { exact: true }).first().click();
  await expect.element(page.getByTitle('three', { exact: true })).toBeVisible();
  expect(page.getByTitle('lite', { exact: true }).elements()).toEqual([]);
  await page.getByTitle('three', { exact: true }).click();
  await submit().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/23');
  expect(calls.at(-1)?.body).not.toHaveProperty('restoreOfflineTenantRequiredParam.restoreTenantInfoParam.role');
});

test('the plan shows what the servers would read, and a refusal shows why', async () => {
  const why = { id: 'recovery-nothing-found', message: 'The servers of prod find no backups in the storage', action: 'Check the folders.' };
  const calls = open({ 'POST /ob/clusters/7/backup/restore': { status: 409, error: why } });
  await fillSource();
  await fill('New Tenant', 'shop');
  await fill('Unit Specification', 'small');
  await chooseCluster('prod');
  await page.getByRole('button', { name: 'Show Plan' }).click();
  await expect.element(page.getByText(why.message)).toBeVisible();
  expect(calls.at(-1)?.body).toMatchObject({ dryRun: true });
  await fill('Source Tenant ID', '1004');
  await expect.element(page.getByText(why.message)).not.toBeInTheDocument();
});

test('a tenant that is found in the storage fills in the fields, and shows its estimated times', async () => {
  const recoverable = {
    estimated: true,
    zone: '+08:00',
    intervals: [{ startTime: '2026-11-20T10:00:00.000+08:00', endTime: '2026-11-21T10:00:00.000+08:00', startScn: '1', endScn: '2', proven: true }],
    gaps: [],
    sets: [{ backupSetId: 1, dataBackupTaskType: 'FULL', recoverableTime: '2026-11-20T10:00:00.000+08:00' }],
    unread: [],
  };
  open({
    'GET /backup/storages/3/restore/info': (query) => ({
      data: { tenants: TENANTS, ...(query.get('folder') === 'obcluster/12/1004' ? { recoverable } : {}) },
    }),
  });
  await page.getByRole('combobox', { name: 'Tenants in This Storage' }).click();
  await page.getByTitle('obcluster/12/1004', { exact: true }).click();
  await expect.element(page.getByLabelText('Source Cluster Name', { exact: true })).toHaveValue('obcluster');
  await expect.element(page.getByLabelText('Source Tenant ID', { exact: true })).toHaveValue('1004');
  await expect.element(page.getByTestId('presumable-times')).toHaveTextContent('1 complete backup set, read in time zone +08:00');
});

test('a storage that Lifeboat cannot read is said, and the fields can be filled in', async () => {
  const why = { id: 'storage-outside-roots', message: '/obbackup is outside the allowed directories' };
  open({ 'GET /backup/storages/3/restore/info': { status: 400, error: why } });
  await expect.element(page.getByTestId('storage-hidden')).toHaveTextContent(why.message);
  await fillSource();
});
