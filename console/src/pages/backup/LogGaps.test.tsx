import { network, type Answers } from '../../testing/network';

import { expect, test } from 'vitest';
import { page } from 'vitest/browser';

import type { LogGap } from '../../api/types';
import { cluster } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import { LogGaps } from './LogGaps';

const PATH = 'GET /ob/clusters/7/backup/logBackupGaps';
const list = (...contents: unknown[]) => ({
  data: { contents, page: { number: 1, size: 10, totalElements: contents.length, totalPages: 1 } },
});

function gap(part: Partial<LogGap> = {}): LogGap {
  return {
    tenantId: 1001,
    roundId: 3,
    startTime: '2026-11-25T10:00:00.000+08:00',
    endTime: null,
    comment: 'archive destination is full',
    foundTime: '2026-11-25T10:05:00.000+08:00',
    closed: false,
    ...part,
  };
}

function open(answers: Answers, generation: 'GEN3' | 'GEN4' = 'GEN4') {
  const calls = network({ 'GET /ob/clusters/7/tenants': list({ id: 1001, name: 'shop', mode: 'MYSQL' }), ...answers });
  stage(<LogGaps cluster={cluster({ generation })} />);
  return calls;
}

const row = (text: string) => page.getByRole('row').filter({ hasText: text });

test('an interruption shows from when on logs are missing, that it lasts, and what the database says', async () => {
  open({ [PATH]: list(gap()) });
  await expect.element(page.getByRole('region', { name: 'Gaps in Log Backup' })).toHaveTextContent('You cannot recover to a time');
  await expect.element(row('shop')).toHaveTextContent('Open');
  await expect.element(row('shop')).toHaveTextContent('Still interrupted');
  await expect.element(row('shop')).toHaveTextContent('None');
  await page.getByRole('button', { name: 'Expand row' }).click();
  await expect.element(page.getByText('archive destination is full')).toBeVisible();
});

test('a repair leads to its tasks, and a gap that is over is settled', async () => {
  open({ [PATH]: list(gap({ closed: true, endTime: '2026-11-25T11:00:00.000+08:00', stopTaskId: 41, startTaskId: 42, backupTaskId: 43 })) });
  await expect.element(row('shop')).toHaveTextContent('Closed');
  await expect.element(page.getByRole('link', { name: 'Stop (task 41)' })).toHaveAttribute('href', '/tasks/41');
  await expect.element(page.getByRole('link', { name: 'Full backup (task 43)' })).toHaveAttribute('href', '/tasks/43');
  expect(page.getByText('Still interrupted').elements()).toEqual([]);
});

test('before 4.0 a gap is one of the whole cluster', async () => {
  open({ [PATH]: list(gap({ tenantId: 1 })) }, 'GEN3');
  await expect.element(row('Whole cluster')).toHaveTextContent('Open');
});

test('gaps that cannot be read show why', async () => {
  open({ [PATH]: { status: 500, error: { id: 'metadata-unreadable', message: 'The metadata can’t be read' } } });
  await expect.element(page.getByRole('alert')).toHaveTextContent('The metadata can’t be read');
});
