import { network, type Answers } from '../../testing/network';

import { expect, test } from 'vitest';
import { page } from 'vitest/browser';

import { stage } from '../../testing/stage';
import { StorageTrend } from './StorageTrend';

const PATH = 'GET /ob/clusters/7/backup/storageUsages';
const usage = (storageId: number, configName: string | null, hoursAgo: number, mebibytes: number) => ({
  storageId,
  configName,
  time: new Date(Date.now() - hoursAgo * 3_600_000).toISOString(),
  totalBytes: mebibytes * 1024 ** 2,
  dataBytes: (mebibytes - 1) * 1024 ** 2,
  logBytes: 1024 ** 2,
  capacityBytes: null,
  usedBytes: null,
});
const samples = (...contents: unknown[]) => ({ data: { contents } });

function open(answers: Answers) {
  const calls = network(answers);
  stage(<StorageTrend id={7} />);
  return calls;
}

const legend = () => document.querySelector('.chart-legend ul')?.textContent;

test('a storage shows its total, its data and its logs', async () => {
  open({ [PATH]: samples(usage(3, 'nightly', 2, 20), usage(3, 'nightly', 1, 30)) });
  await expect.element(page.getByRole('img', { name: 'Backup Storage Trend: nightly' })).toHaveAttribute('data-state', 'drawn');
  await expect.poll(legend).toBe('Total 30.0 MiBData Backup 29.0 MiBLog Backup 1.00 MiB');
  await expect.element(page.getByText('10.0 MiB more than at', { exact: false })).toBeVisible();
  expect(page.getByRole('combobox').elements()).toEqual([]);
});

test('of several storages the fullest is shown, and another can be chosen', async () => {
  open({ [PATH]: samples(usage(3, 'nightly', 1, 20), usage(4, null, 1, 30)) });
  await expect.poll(legend).toContain('Total 30.0 MiB');
  await expect.element(page.getByRole('combobox', { name: 'Storage Configuration' })).toBeInTheDocument();
  await page.getByTitle('Storage 4').click();
  await page.getByTitle('nightly').click();
  await expect.poll(legend).toContain('Total 20.0 MiB');
});

test('nothing sampled is said, with what would be', async () => {
  open({ [PATH]: samples() });
  await expect.element(page.getByText('Nothing was sampled in this period.', { exact: false })).toBeVisible();
});

test('what can’t be read shows why', async () => {
  open({ [PATH]: { status: 500, error: { id: 'metadata-unreadable', message: 'The metadata can’t be read' } } });
  await expect.element(page.getByRole('alert')).toHaveTextContent('The metadata can’t be read');
});
