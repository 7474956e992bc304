import { me, network, type Answers } from '../../testing/network';

import { expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';

import { keys } from '../../api/keys';
import type { TestLine } from '../../api/types';
import { ability, cluster } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import { BackUpNowDrawer } from './BackUpNowDrawer';
import BackupPage from './BackupPage';

const TENANT = { id: 1001, name: 'shop', mode: 'MYSQL', status: 'NORMAL', role: 'PRIMARY', locked: false };
const WRITE: TestLine = { check: 'storage-test-write', name: 'Write a file', outcome: 'PASSED', latencyUs: 1200 };

const ANSWERS: Answers = {
  ...me('BACKUP'),
  'GET /ob/clusters/7/tenants': { data: { contents: [TENANT], page: { number: 1, size: 1, totalElements: 1, totalPages: 1 } } },
  'GET /backup/storages': { data: { contents: [], page: { number: 1, size: 10, totalElements: 0, totalPages: 0 } } },
  'GET /backup/storages/3': { data: { storageId: 3, configName: null, uri: 'file:///obbackup/' } },
  'POST /ob/clusters/7/backup/storage/test': { data: { passed: true, lines: [WRITE] } },
  'POST /ob/clusters/7/backup/backupNow': {
    data: { obBackupTaskType: 'DATA_BACKUP_NOW', backupObjectOpsResultList: [{ beSuccessful: true, taskIdList: [12], obBackupObjectList: [] }] },
  },
};

function open(part: Parameters<typeof ability>[0] = {}) {
  const calls = network(ANSWERS);
  stage(<BackUpNowDrawer cluster={cluster()} ability={ability(part)} onClose={vi.fn()} />);
  return calls;
}

const button = (name: string) => page.getByRole('button', { name, exact: true });
const start = () => button('Back up Now');
const directory = () => page.getByLabelText('Storage Directory');

test('a storage that was typed in must be tested, and tested anew when it is changed', async () => {
  const calls = open();
  await expect.element(start()).toBeDisabled();
  await directory().fill('/obbackup/');
  await expect.element(start()).toBeDisabled();
  await button('Test').click();
  await expect.element(start()).toBeEnabled();
  await directory().fill('/elsewhere/');
  await expect.element(start()).toBeDisabled();
  await directory().fill('/obbackup/');
  await expect.element(start()).toBeEnabled();
  await start().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/12');
  expect(calls.find(({ call }) => call.endsWith('/backupNow'))?.body).toMatchObject({
    backupMode: 'PHYSICAL_BACKUP',
    dataBackupMode: 'FULL_BACKUP',
    dryRun: false,
    obBackupObjectList: [{ clusterId: 7, backupDimension: 'CLUSTER' }],
    obBackupServiceStorageConfig: {
      obBackupStorageBaseInfo: { backupStorageType: 'BACKUP_STORAGE_FILE', storageUrl: '/obbackup/' },
    },
  });
});

test('a test that failed stops the backup, until somebody says to go on untested', async () => {
  open();
  const full = { id: 'storage-not-writable', message: 'No room', cause: 'The disk is full', action: 'Make room', code: 20131, kind: 'outside' };
  network({
    ...ANSWERS,
    'POST /ob/clusters/7/backup/storage/test': { data: { passed: false, lines: [{ ...WRITE, outcome: 'FAILED', error: full }] } },
  });
  await directory().fill('/obbackup/');
  await button('Test').click();
  for (const words of ['Some checks failed', full.message, full.cause, full.action]) {
    await expect.element(page.getByText(words)).toBeVisible();
  }
  await expect.element(start()).toBeDisabled();
  await page.getByText('Go on untested', { exact: true }).click();
  await expect.element(start()).toBeEnabled();
});

test('the storage used last is filled in by its place, also when it has no name, and needs no test', async () => {
  open({ storageId: 3 });
  await expect.element(page.getByText('Typed in for a task · file:///obbackup/')).toBeVisible();
  await expect.element(start()).toBeEnabled();
});

test('logical backup offers only full, physical also incremental with its hint', async () => {
  open({ backupAbility: 'LOGICAL_BACKUP', backupMode: 'LOGICAL_BACKUP' });
  await expect.element(page.getByText('Logical backup is always full.')).toBeVisible();
  expect(page.getByRole('radio', { name: 'Incremental' }).elements()).toEqual([]);
});

test('incremental stays selectable while no full backup is there', async () => {
  const hint = 'No full backup set is usable yet';
  open({
    storageId: 3,
    obDataBackupSupportAbility: { fullBackupEnabled: true, incrementBackupEnabled: true, canDoIncrementalBackup: false, hint },
  });
  await expect.element(page.getByText(hint)).toBeVisible();
  await page.getByText('Incremental', { exact: true }).click();
  await expect.element(start()).toBeEnabled();
});

test('what the server refuses is said in its words, and the drawer stays', async () => {
  open({ storageId: 3 });
  network({
    ...ANSWERS,
    'POST /ob/clusters/7/backup/backupNow': {
      status: 409,
      error: { id: 'backup-runs', message: 'A data backup runs already', action: 'Wait for it' },
    },
  });
  await start().click();
  await expect.element(page.getByRole('alert')).toHaveTextContent('A data backup runs already');
  await expect.element(page.getByText('Wait for it')).toBeVisible();
  await expect.element(start()).toBeEnabled();
});

test('what is filled in is what the server says now, not what it said when the page was open before', async () => {
  network({
    ...ANSWERS,
    'GET /ob/clusters/7': { data: cluster() },
    'GET /ob/clusters/7/backup/ability': { data: ability({ storageId: 3 }) },
  });
  stage(<BackupPage />, {
    path: '/clusters/:clusterId/backup',
    at: '/clusters/7/backup?backUpNow',
    known: [
      [keys.cluster(7), cluster()],
      [keys.ability(7), ability()],
    ],
  });
  await expect.element(start().last()).toBeEnabled();
  expect(directory().query()).toBeNull();
});

test('the selection survives every switch of the method, and is always said in words', async () => {
  const crm = { ...TENANT, id: 1002, name: 'crm' };
  const sys = { ...TENANT, id: 1, name: 'sys', physicalDisabled: { id: 'physical-not-of-sys', message: 'No physical backup of sys' } };
  const calls = network({
    ...ANSWERS,
    'GET /ob/clusters/7/tenants': { data: { contents: [sys, TENANT, crm], page: { number: 1, size: 3, totalElements: 3, totalPages: 1 } } },
  });
  const both = ability({ storageId: 3, backupAbility: 'LOGICAL_AND_PHYSICAL' });
  stage(<BackUpNowDrawer cluster={cluster()} ability={both} onClose={vi.fn()} />);
  const chosen = page.getByTestId('chosen');
  await expect.element(chosen).toHaveTextContent('To be backed up: the whole cluster prod');
  await expect.element(page.getByText('No physical backup of sys')).toBeVisible();
  await page.getByRole('tree', { name: 'Backup Objects' }).getByText('crm').click();
  await expect.element(chosen).toHaveTextContent('To be backed up: 1 of 2 tenants: shop');
  await page.getByText('Logical', { exact: true }).click();
  await expect.element(chosen).toHaveTextContent('To be backed up: 1 of 3 tenants: shop');
  await page.getByText('Physical', { exact: true }).click();
  await expect.element(chosen).toHaveTextContent('To be backed up: 1 of 2 tenants: shop');
  await start().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/12');
  expect(calls.find(({ call }) => call.endsWith('/backupNow'))?.body).toMatchObject({
    obBackupObjectList: [{ clusterId: 7, tenantId: 1001, backupDimension: 'TENANT' }],
  });
});

test('an encryption password is asked for twice, and both must be the same', async () => {
  open({ storageId: 3 });
  await expect.element(start()).toBeEnabled();
  await page.getByLabelText('Encryption password', { exact: true }).fill('four-words');
  await expect.element(start()).toBeDisabled();
  await page.getByLabelText('Repeat the encryption password').fill('four-word');
  await expect.element(page.getByText('The two passwords are not the same')).toBeVisible();
  await expect.element(start()).toBeDisabled();
  await page.getByLabelText('Repeat the encryption password').fill('four-words');
  await expect.element(start()).toBeEnabled();
});

test('a search that finds no tenant says so', async () => {
  const many = Array.from({ length: 12 }, (_, at) => ({ ...TENANT, id: 1001 + at, name: `shop${at}` }));
  network({
    ...ANSWERS,
    'GET /ob/clusters/7/tenants': { data: { contents: many, page: { number: 1, size: 12, totalElements: 12, totalPages: 1 } } },
  });
  stage(<BackUpNowDrawer cluster={cluster()} ability={ability()} onClose={vi.fn()} />);
  await page.getByLabelText('Find a tenant').fill('nobody');
  await expect.element(page.getByText('No matches')).toBeVisible();
});
