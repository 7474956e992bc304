import { me, network, type Answers } from '../../testing/network';

import { expect, test } from 'vitest';
import { page } from 'vitest/browser';

import { stage } from '../../testing/stage';
import StoragesPage from './StoragesPage';

const STORAGE = {
  storageId: 3,
  configName: 'nfs',
  uri: 'file:///obbackup/',
  createTime: '2026-11-25T10:00:00.000+08:00',
  obBackupStorageBaseInfo: { backupStorageType: 'BACKUP_STORAGE_FILE', storageUrl: '/obbackup/' },
};

async function remove(answer: Answers[string]) {
  network({
    ...me('BACKUP'),
    'GET /backup/storages': { data: { contents: [STORAGE], page: { number: 1, size: 2000, totalElements: 1, totalPages: 1 } } },
    'DELETE /backup/storages/3': answer,
  });
  stage(<StoragesPage />);
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).last().click();
}

test('a storage that is in use says what uses it and what to do', async () => {
  const message = 'The storage is in use by 2 backup sets: 3, 8';
  const action = 'Keep the configuration for as long as they may be needed.';
  await remove({ status: 409, error: { id: 'storage-in-use', message, action } });
  await expect.element(page.getByText(message)).toBeVisible();
  await expect.element(page.getByText(action)).toBeVisible();
});

test('a server that can’t be reached is said in words', async () => {
  await remove(() => {
    throw new TypeError('Failed to fetch');
  });
  await expect.element(page.getByText('The server does not answer')).toBeVisible();
  expect(page.getByText(/HTTP/).elements()).toEqual([]);
});

test('a scan begins at a press, and lists what it added and what it left out', async () => {
  const calls = network({
    ...me('BACKUP'),
    'GET /backup/storages': { data: { contents: [STORAGE], page: { number: 1, size: 2000, totalElements: 1, totalPages: 1 } } },
    'POST /backup/storages/3/scan': {
      data: {
        found: 3,
        known: 1,
        added: [{ backupSetId: 21, path: 'prod/12/1001/logical/a', origin: { signature: 'OWN', message: 'Signed by this installation' } }],
        leftOut: [{ path: 'prod/12/1001/logical/b', error: { id: 'dump-altered', message: 'The manifest was altered' } }],
      },
    },
  });
  stage(<StoragesPage />);
  await page.getByRole('button', { name: 'Scan' }).click();
  await expect.element(page.getByText('Scan nfs for backup sets')).toBeVisible();
  expect(calls.some(({ call }) => call.startsWith('POST'))).toBe(false);
  await page.getByRole('dialog').getByRole('button', { name: 'Scan' }).click();
  const result = page.getByTestId('scan');
  for (const words of ['3 found, 1 already known, 1 added, 1 left out.', 'prod/12/1001/logical/a', 'Signed by this installation', 'The manifest was altered']) {
    await expect.element(result).toHaveTextContent(words);
  }
});

test('a storage leads to the recovery of a tenant from it', async () => {
  network({
    ...me('BACKUP'),
    'GET /backup/storages': { data: { contents: [STORAGE], page: { number: 1, size: 2000, totalElements: 1, totalPages: 1 } } },
    'GET /ob/clusters': { data: { contents: [], page: { number: 1, size: 2000, totalElements: 0, totalPages: 1 } } },
  });
  stage(<StoragesPage />);
  await page.getByRole('button', { name: 'Recover Tenant' }).click();
  await expect.element(page.getByText('Recover a tenant from nfs')).toBeVisible();
});
