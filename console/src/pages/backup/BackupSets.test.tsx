import { me, network } from '../../testing/network';

import { expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';

import { backupSet } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import { BackupSets } from './BackupSets';

const LOST = { tenantName: 'shop', kind: 'tables', name: '`crm`.`old`', reason: 'The table crm.old is kept by MyISAM', agreed: false } as const;

test('a partial set says so with a word and a colour of its own, and what it lacks', async () => {
  const sets = [backupSet({ status: 'PARTIAL', leftOut: [LOST] }), backupSet({ backupSetId: 2 })];
  network({
    ...me('BACKUP'),
    'GET /ob/clusters/7/backup/sets': {
      data: { contents: sets, page: { number: 1, size: 10, totalElements: 2, totalPages: 1 } },
    },
  });
  stage(<BackupSets id={7} onRecover={vi.fn()} />);
  const partial = page.getByText('Partial', { exact: true });
  await expect.element(partial).toBeVisible();
  const colour = (text: string) => getComputedStyle(page.getByText(text, { exact: true }).element().querySelector('.status-sign') ?? document.body).color;
  expect(colour('Partial')).not.toBe(colour('Available'));
  document.querySelector<HTMLElement>('tr.ant-table-row td.ant-table-row-expand-icon-cell > *')?.click();
  await expect.element(page.getByTestId('left-out')).toHaveTextContent(LOST.reason);
});

const KEY = `ed25519:${'0f'.repeat(32)}`;
const origin = (signature: string, message: string, more = {}) => ({ data: { signature, message, ...more } });
const ALTERED = { id: 'dump-altered', message: 'manifest.json of the dump was altered', code: 20120, kind: 'refused' };
const AWAY = { id: 'storage-unreachable', message: 'The storage does not answer', code: 20120, kind: 'outside' };

test('the list shows where each set comes from, and asks nothing of sets without a signature', async () => {
  const sets = [
    ...[1, 2, 3, 4, 5, 6].map((backupSetId) => backupSet({ backupSetId })),
    backupSet({ backupSetId: 7, backupMode: 'PHYSICAL_BACKUP' }),
    backupSet({ backupSetId: 8, status: 'DELETED' }),
  ];
  const calls = network({
    ...me('BACKUP'),
    'GET /ob/clusters/7/backup/sets': {
      data: { contents: sets, page: { number: 1, size: 10, totalElements: 8, totalPages: 1 } },
    },
    'GET /backup/sets/1/origin': origin('OWN', 'signed by this installation', { key: KEY }),
    'GET /backup/sets/2/origin': origin('TRUSTED', 'signed with a trusted key', { key: KEY, keyName: 'berlin' }),
    'GET /backup/sets/3/origin': origin('UNKNOWN', `signed with ${KEY}`, { key: KEY }),
    'GET /backup/sets/4/origin': origin('UNSIGNED', 'nothing shows who wrote it'),
    'GET /backup/sets/5/origin': { status: 409, error: ALTERED },
    'GET /backup/sets/6/origin': { status: 502, error: AWAY },
  });
  stage(<BackupSets id={7} onRecover={vi.fn()} />);
  const row = (set: number) =>
    page.getByRole('row').filter({ has: page.getByRole('cell', { name: String(set), exact: true }) });
  for (const [set, word] of [
    [1, 'This installation'],
    [2, 'Trusted key berlin'],
    [3, 'Unknown key'],
    [4, 'Not signed'],
    [5, 'Altered'],
    [6, 'Unknown'],
  ] as const) {
    await expect.element(row(set)).toHaveTextContent(word);
  }
  expect(calls.filter(({ call }) => /sets\/[78]\/origin/.test(call))).toEqual([]);
  row(3).element().querySelector<HTMLElement>('.ant-table-row-expand-icon-cell > *')?.click();
  await expect.element(page.getByText(`signed with ${KEY}`)).toBeVisible();
});

test('a physical set shows the statements that restore it without Lifeboat, or why there are none', async () => {
  const sets = [backupSet({ backupSetId: 7, backupMode: 'PHYSICAL_BACKUP' }), backupSet({ backupSetId: 8, backupMode: 'PHYSICAL_BACKUP' })];
  const calls = network({
    ...me('BACKUP'),
    'GET /ob/clusters/7/backup/sets': {
      data: { contents: sets, page: { number: 1, size: 10, totalElements: 2, totalPages: 1 } },
    },
    'GET /backup/sets/7/restoreStatements': { data: { statements: ['ALTER SYSTEM RESTORE shop_restored', 'SELECT 1;'] } },
    'GET /backup/sets/8/restoreStatements': { status: 404, error: { id: 'cluster-missing', message: 'The cluster of the set was removed' } },
  });
  stage(<BackupSets id={7} onRecover={vi.fn()} />);
  const row = (set: number) => page.getByRole('row').filter({ has: page.getByRole('cell', { name: String(set), exact: true }) });
  await row(7).getByRole('button', { name: 'Expand row' }).click();
  const show = page.getByRole('button', { name: 'Show Restore Statements' });
  await expect.element(show).toBeVisible();
  expect(calls.some(({ call }) => call.endsWith('restoreStatements'))).toBe(false);
  await show.click();
  await expect.poll(() => page.getByRole('region', { name: 'Restore Statements' }).element().querySelector('pre')?.textContent).toBe(
    'ALTER SYSTEM RESTORE shop_restored;\nSELECT 1;',
  );
  await row(8).getByRole('button', { name: 'Expand row' }).click();
  await show.click();
  await expect.element(page.getByRole('alert')).toHaveTextContent('The cluster of the set was removed');
});

test('a logical set has no restore statements', async () => {
  network({
    ...me('BACKUP'),
    'GET /ob/clusters/7/backup/sets': {
      data: { contents: [backupSet()], page: { number: 1, size: 10, totalElements: 1, totalPages: 1 } },
    },
  });
  stage(<BackupSets id={7} onRecover={vi.fn()} />);
  await page.getByRole('button', { name: 'Expand row' }).click();
  await expect.element(page.getByText('SCN', { exact: true })).toBeVisible();
  expect(page.getByRole('button', { name: 'Show Restore Statements' }).elements()).toEqual([]);
});
