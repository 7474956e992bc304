import { me, network, type Answers } from '../../testing/network';

import { expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';

import { keys } from '../../api/keys';
import type { MissingObject, Plan, TestLine } from '../../api/types';
import { ability, cluster, strategy } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import { BackUpNowDrawer } from './BackUpNowDrawer';
import BackupPage from './BackupPage';

const TENANT = { id: 1001, name: 'shop', mode: 'MYSQL', status: 'NORMAL', role: 'PRIMARY', locked: false };
const WRITE: TestLine = { check: 'storage-test-write', name: 'Write a file', outcome: 'PASSED', latencyUs: 1200 };

const NO_STRATEGIES = { data: { contents: [], page: { number: 1, size: 2000, totalElements: 0, totalPages: 0 } } };

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
  stage(<BackUpNowDrawer cluster={cluster()} ability={ability(part)} strategies={[]} onNewStrategy={vi.fn()} onClose={vi.fn()} />);
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
  await page.getByText('Continue without testing', { exact: true }).click();
  await expect.element(start()).toBeEnabled();
});

test('the storage used last is filled in by its place, also when it has no name, and needs no test', async () => {
  open({ storageId: 3 });
  await expect.element(page.getByText('Entered for a task · file:///obbackup/')).toBeVisible();
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
    'GET /backup/strategies': NO_STRATEGIES,
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
  stage(<BackUpNowDrawer cluster={cluster()} ability={both} strategies={[]} onNewStrategy={vi.fn()} onClose={vi.fn()} />);
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
  await expect.element(page.getByText('The passwords do not match')).toBeVisible();
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
  stage(<BackUpNowDrawer cluster={cluster()} ability={ability()} strategies={[]} onNewStrategy={vi.fn()} onClose={vi.fn()} />);
  await page.getByLabelText('Find a tenant').fill('nobody');
  await expect.element(page.getByText('No matches')).toBeVisible();
});

const LOGICAL = { backupAbility: 'LOGICAL_BACKUP', backupMode: 'LOGICAL_BACKUP', storageId: 3 } as const;
const EVENTS: MissingObject = {
  tenantName: 'shop',
  kind: 'events',
  name: '`crm`.`tidy`',
  reason: '`crm`.`tidy` (events) is left out',
  agreed: false,
  agreement: { without: 'events' },
};
const OLD: MissingObject = {
  tenantName: 'shop',
  kind: 'tables',
  name: '`crm`.`old`',
  reason: 'The table `crm`.`old` is kept by MyISAM',
  agreed: false,
  agreement: { exclude: { backupDimension: 'TABLE', databaseName: 'crm', tableName: 'old' } },
};
const HIDDEN: MissingObject = { tenantName: 'shop', kind: 'databases', name: '*', reason: 'The user lacks SHOW DATABASES', agreed: false };

/** Opens the drawer for a logical backup that would leave out these objects. */
function lacking(...leftOut: MissingObject[]) {
  const plan: Plan = {
    taskDefinitionId: 'backup-logical',
    backupMode: 'LOGICAL_BACKUP',
    dataBackupMode: 'FULL_BACKUP',
    backupUri: 'file:///obbackup/',
    tenants: ['shop'],
    leftOut,
    notMade: [],
    steps: [],
  };
  open(LOGICAL);
  const calls = network({
    ...ANSWERS,
    'POST /ob/clusters/7/backup/backupNow': (_, body) =>
      (body as { dryRun: boolean }).dryRun
        ? { data: { obBackupTaskType: 'DATA_BACKUP_NOW', backupObjectOpsResultList: [], plan } }
        : (ANSWERS['POST /ob/clusters/7/backup/backupNow'] as { data: unknown }),
  });
  return () => calls.filter(({ call }) => call.endsWith('/backupNow')).map(({ body }) => body);
}

const list = () => page.getByTestId('would-lack');
const box = (name: string) => list().getByRole('checkbox', { name });

test('a logical backup that leaves nothing out begins at once', async () => {
  const sent = lacking();
  await start().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/12');
  expect(sent()).toMatchObject([{ dryRun: true }, { dryRun: false }]);
});

test('what a backup would leave out is shown before it begins, and what is agreed to by name is in the request', async () => {
  const sent = lacking(EVENTS, { ...EVENTS, name: '`crm`.`more`', reason: 'another' }, OLD);
  await start().click();
  await expect.element(list()).toHaveTextContent('`crm`.`tidy` (events) is left out'.replaceAll('`', ''));
  await expect.element(button('Start Partial Backup')).toBeEnabled();
  expect(sent(), 'nothing has begun').toMatchObject([{ dryRun: true }]);
  expect(list().getByRole('checkbox').elements(), 'one for each name').toHaveLength(2);
  await box('Back up without events').click();
  await expect.element(button('Start Partial Backup')).toBeVisible();
  await box('Back up without crm.old').click();
  await expect.element(list()).toHaveTextContent('was agreed to by name');
  await start().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/12');
  expect(sent().at(-1)).toMatchObject({ dryRun: false, without: ['events'], exclude: [OLD.agreement?.exclude] });
});

test('what only a privilege shows cannot be agreed to: the backup is partial, and says so on its button', async () => {
  const sent = lacking(HIDDEN);
  await start().click();
  await expect.element(list()).toHaveTextContent('Requires a privilege');
  expect(list().getByRole('checkbox').elements()).toEqual([]);
  await button('Start Partial Backup').click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/12');
  expect(sent()).toHaveLength(2);
});

test('after a change of the form, consent is asked for again', async () => {
  const sent = lacking(EVENTS);
  await start().click();
  await box('Back up without events').click();
  await page.getByLabelText('Concurrent read connections').fill('3');
  await expect.element(list()).not.toBeInTheDocument();
  await start().click();
  await expect.element(list()).toBeVisible();
  expect(sent().at(-1)).toMatchObject({ dryRun: true, threads: 3 });
  expect(sent().at(-1)).not.toHaveProperty('without');
});

test('a plan that cannot be made does not stop the task, which says why itself', async () => {
  open(LOGICAL);
  const silent = { id: 'cluster-unreachable', message: 'No address answers', code: 20100, kind: 'outside' };
  const calls = network({
    ...ANSWERS,
    'POST /ob/clusters/7/backup/backupNow': (_, body) =>
      (body as { dryRun: boolean }).dryRun
        ? { status: 502, error: silent }
        : (ANSWERS['POST /ob/clusters/7/backup/backupNow'] as { data: unknown }),
  });
  await start().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/12');
  expect(calls.filter(({ call }) => call.endsWith('/backupNow'))).toHaveLength(2);
});

test('storage and method are filled in from the strategy, and the drawer says so', async () => {
  const calls = network(ANSWERS);
  const both = ability({ storageId: 3, backupAbility: 'LOGICAL_AND_PHYSICAL' });
  const logical = strategy({ backupMode: 'LOGICAL_BACKUP' });
  stage(<BackUpNowDrawer cluster={cluster()} ability={both} strategies={[logical]} onNewStrategy={vi.fn()} onClose={vi.fn()} />);
  await expect.element(page.getByText('Filled in from the backup strategy of cluster prod.')).toBeVisible();
  await start().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/12');
  expect(calls.find(({ call }) => call.endsWith('/backupNow'))?.body).toMatchObject({
    backupMode: 'LOGICAL_BACKUP',
    obBackupServiceStorageConfig: { storageId: 3 },
  });
});

test('the storage follows to the strategy of the one tenant that is chosen, until another one is selected', async () => {
  const crm = { ...TENANT, id: 1002, name: 'crm' };
  const own = strategy({ strategyId: 6, tenantId: 1001, tenantName: 'shop' });
  own.obBackupServiceStorageConfig = { ...own.obBackupServiceStorageConfig, storageId: 4 };
  const calls = network({
    ...ANSWERS,
    'GET /ob/clusters/7/tenants': { data: { contents: [TENANT, crm], page: { number: 1, size: 2, totalElements: 2, totalPages: 1 } } },
    'GET /backup/storages/4': { data: { storageId: 4, configName: null, uri: 'file:///shop/' } },
  });
  stage(
    <BackUpNowDrawer
      cluster={cluster({ generation: 'GEN4' })}
      ability={ability({ storageId: 3 })}
      strategies={[strategy(), own]}
      onNewStrategy={vi.fn()}
      onClose={vi.fn()}
    />,
  );
  await expect.element(page.getByText('Filled in from the backup strategy of cluster prod.')).toBeVisible();
  await page.getByRole('tree', { name: 'Backup Objects' }).getByText('crm').click();
  await expect.element(page.getByText('Filled in from the backup strategy of tenant shop.')).toBeVisible();
  await start().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/12');
  expect(calls.find(({ call }) => call.endsWith('/backupNow'))?.body).toMatchObject({ obBackupServiceStorageConfig: { storageId: 4 } });
});

test('without a strategy the drawer leads to the form that creates one', async () => {
  const onNewStrategy = vi.fn();
  network(ANSWERS);
  stage(<BackUpNowDrawer cluster={cluster()} ability={ability()} strategies={[]} onNewStrategy={onNewStrategy} onClose={vi.fn()} />);
  await button('Create a backup strategy').click();
  expect(onNewStrategy).toHaveBeenCalledOnce();
});
