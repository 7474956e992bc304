import { me, network, type Answers } from '../../testing/network';

import { expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';

import { backupSet, cluster } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import { InitiateRecoveryDrawer } from './InitiateRecoveryDrawer';

const list = (contents: unknown[], totalPages = 1) => ({
  data: { contents, page: { number: 1, size: 2000, totalElements: contents.length, totalPages } },
});
const SHOP = { id: 1001, name: 'shop', mode: 'MYSQL', status: 'NORMAL', role: 'PRIMARY', locked: false };
const table = (name: string) => ({ name, rows: 1, bytes: 100 });

const ANSWERS: Answers = {
  ...me('BACKUP', 'MANAGE_USERS'),
  'GET /backup/sets/3/origin': { data: { signature: 'OWN', message: 'signed by this installation' } },
  'GET /ob/clusters': list([cluster()]),
  'GET /ob/clusters/7/tenants': list([SHOP]),
  'GET /ob/clusters/7/backup/sets': list([backupSet()]),
  'GET /backup/sets/3/databases': list([
    { name: 'orders', tables: 3, bytes: 300 },
    { name: 'people', tables: 1, bytes: 100 },
  ]),
  // Two pages: the rows of the second page must be shown too.
  'GET /backup/sets/3/databases/orders/tables': (query) =>
    query.get('page') === '1' ? list([table('line'), table('head')], 2) : list([table('late')], 2),
  'POST /ob/clusters/7/backup/restore': {
    data: { obBackupTaskType: 'RESTORE', backupObjectOpsResultList: [{ beSuccessful: true, taskIdList: [21], obBackupObjectList: [] }] },
  },
};

function open(answers: Answers = ANSWERS) {
  const calls = network(answers);
  stage(<InitiateRecoveryDrawer cluster={cluster()} chosen={3} onClose={vi.fn()} />);
  return calls;
}

const submit = () => page.getByRole('button', { name: 'Initiate Recovery', exact: true });
const row = (name: string) => page.getByRole('treeitem').filter({ hasText: name });
const mark = (name: string) => row(name).getByRole('checkbox').click();
const openUp = (name: string) => row(name).element().querySelector<HTMLElement>('.ant-tree-switcher')?.click();

test('all of the set is recovered until something of it is chosen', async () => {
  const calls = open();
  await expect.element(row('people')).toBeVisible();
  await submit().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/21');
  expect(calls.at(-1)?.body).toMatchObject({ backupSetId: 3, restoreTenantId: 1001, obBackupObjectList: [], rename: {} });
});

test('single tables are chosen out of what the set holds, to its last page, and sent by their names alone', async () => {
  const calls = open();
  await mark('Backup set 3');
  await expect.element(submit()).toBeDisabled();
  openUp('orders');
  await mark('late');
  await mark('people');
  await expect.element(page.getByText('Single tables are recovered without the views')).toBeVisible();
  await page.getByRole('button', { name: 'Recover a database under another name' }).click();
  await page.getByLabelText('In the backup set').fill('orders');
  await page.getByLabelText('Recovered as').fill('orders_again');
  await submit().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/21');
  expect(calls.at(-1)?.body).toEqual({
    backupSetId: 3,
    restoreTenantId: 1001,
    obBackupObjectList: [
      { backupDimension: 'TABLE', databaseName: 'orders', tableName: 'late' },
      { backupDimension: 'DATABASE', databaseName: 'people' },
    ],
    rename: { orders: 'orders_again' },
    dryRun: false,
  });
});

test('a set that can not be read says why', async () => {
  const gone = { id: 'storage-unreachable', message: 'The storage does not answer', cause: 'No route', action: 'Look at the network', code: 20120, kind: 'outside' };
  open({ ...ANSWERS, 'GET /backup/sets/3/databases': { status: 502, error: gone } });
  await expect.element(page.getByText(gone.message)).toBeVisible();
  await expect.element(page.getByText(gone.action)).toBeVisible();
});

test('a new name without an old one is an error, and is not left out', async () => {
  open();
  await expect.element(submit()).toBeEnabled();
  await page.getByRole('button', { name: 'Recover a database under another name' }).click();
  await page.getByLabelText('Recovered as').fill('orders_again');
  await expect.element(page.getByText('Enter both names, or remove the line.')).toBeVisible();
  await expect.element(submit()).toBeDisabled();
});

const UNSIGNED = 'The backup set is not signed: nothing shows who wrote it. Only an ADMIN may recover it';
const FOREIGN: Answers = { ...ANSWERS, 'GET /backup/sets/3/origin': { data: { signature: 'UNSIGNED', message: UNSIGNED } } };

test('an administrator accepts a set that no trusted key signed before it is recovered, and sees the plan without that', async () => {
  const calls = open(FOREIGN);
  await expect.element(page.getByText(UNSIGNED)).toBeVisible();
  await expect.element(page.getByRole('button', { name: 'Show Plan' })).toBeEnabled();
  await expect.element(submit()).toBeDisabled();
  await page.getByRole('checkbox', { name: 'I know the source of this backup set' }).click();
  await submit().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/21');
  expect(calls.at(-1)?.body).toMatchObject({ backupSetId: 3, acceptForeign: true });
});

test('others than administrators cannot recover a set that no trusted key signed, and are told so', async () => {
  open({ ...FOREIGN, ...me('BACKUP') });
  await expect.element(page.getByText('Only an ADMIN can recover this backup set.')).toBeVisible();
  await expect.element(row('people')).toBeVisible();
  await expect.element(submit()).toBeDisabled();
  expect(page.getByRole('checkbox', { name: 'I know where' }).elements()).toEqual([]);
});

test('code is recovered only when an administrator asks for it', async () => {
  const calls = open();
  await expect.element(submit()).toBeEnabled();
  await page.getByRole('checkbox', { name: 'Also recover code, users and privileges' }).click();
  await submit().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/21');
  expect(calls.at(-1)?.body).toMatchObject({ backupSetId: 3, withCode: true });
});

test('others than administrators cannot ask for code, and are told so', async () => {
  open({ ...ANSWERS, ...me('BACKUP') });
  await expect.element(page.getByText('Only an ADMIN can recover procedures')).toBeVisible();
  await expect.element(page.getByRole('checkbox', { name: 'Also recover code, users and privileges' })).toBeDisabled();
  await expect.element(submit()).toBeEnabled();
});
