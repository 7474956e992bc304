import { network, type Answers } from '../../testing/network';

import { expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';

import { cluster } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import { LogDelays } from './LogDelays';

const PATH = 'GET /ob/clusters/7/backup/logBackupDelays';
const NAMES = ['shop', 'crm', 'orders', 'billing', 'search', 'auth', 'mail'];
const delay = (tenantId: number, minutesAgo: number, delaySeconds: number) => ({
  tenantId,
  time: new Date(Date.now() - minutesAgo * 60_000).toISOString(),
  delaySeconds,
});
const samples = (...contents: unknown[]) => ({ data: { contents } });

function open(answers: Answers, generation: 'GEN3' | 'GEN4' = 'GEN4') {
  const tenants = NAMES.map((name, at) => ({ id: 1001 + at, name, mode: 'MYSQL' }));
  const calls = network({
    'GET /ob/clusters/7/tenants': { data: { contents: tenants, page: { number: 1, size: 2000, totalElements: tenants.length, totalPages: 1 } } },
    ...answers,
  });
  stage(<LogDelays cluster={cluster({ generation })} />);
  return calls;
}

const chart = () => page.getByRole('img', { name: 'Log Delay' });

test('the delays of each tenant are a line with its name, and the largest one is said', async () => {
  open({ [PATH]: samples(delay(1001, 10, 5), delay(1001, 5, 7), delay(1002, 10, 125), delay(1002, 5, 4)) });
  await expect.element(chart()).toHaveAttribute('data-state', 'drawn');
  await expect.element(page.getByText(/^The largest delay was 2 min 5 s, of crm at \d{4}-/)).toBeVisible();
  await expect.poll(() => document.querySelector('.chart-legend ul')?.textContent).toBe('shop 7 scrm 4 s');
});

test('nothing sampled is said, with what would be', async () => {
  open({ [PATH]: samples() });
  await expect.element(page.getByText('Nothing was sampled in this period.', { exact: false })).toBeVisible();
  expect(chart().elements()).toEqual([]);
});

test('samples that can’t be read show why, with the way to try again', async () => {
  let isAway = true;
  open({ [PATH]: () => (isAway ? { status: 500, error: { id: 'metadata-unreadable', message: 'The metadata can’t be read' } } : samples(delay(1001, 5, 7))) });
  await expect.element(page.getByRole('alert')).toHaveTextContent('The metadata can’t be read');
  isAway = false;
  await page.getByRole('button', { name: 'Reload' }).click();
  await expect.element(chart()).toHaveAttribute('data-state', 'drawn');
});

test('another period asks from another time', async () => {
  const asked: string[] = [];
  open({
    [PATH]: (query) => {
      asked.push(query.get('startTime') ?? '');
      return samples(delay(1001, 5, 7));
    },
  });
  await expect.element(chart()).toBeVisible();
  await page.getByText('7 days', { exact: true }).click();
  await expect.poll(() => asked.length).toBe(2);
  expect((Date.parse(asked[0] ?? '') - Date.parse(asked[1] ?? '')) / 86_400_000).toBeCloseTo(6, 2);
});

test('of many tenants those with the largest delays are shown, and others can be chosen', async () => {
  open({ [PATH]: samples(...NAMES.map((_, at) => delay(1001 + at, 5, 10 + at))) });
  const legend = () => document.querySelector('.chart-legend ul')?.textContent;
  await expect.element(page.getByText('The 6 of 7 tenants with the largest delay.')).toBeVisible();
  await expect.poll(legend).toMatch(/^crm 11 s.*mail 16 s$/);
  await page.getByRole('combobox', { name: 'Tenants, at most 6' }).click();
  await page.getByTitle('shop').click();
  await userEvent.keyboard('{Escape}');
  await expect.poll(legend).toBe('shop 10 s');
});

test('before 4.0 the line is the whole cluster’s, and a tenant that is gone keeps its number', async () => {
  open({ [PATH]: samples(delay(1, 5, 7)) }, 'GEN3');
  await expect.poll(() => document.querySelector('.chart-legend ul')?.textContent).toBe('Whole cluster 7 s');
  open({ [PATH]: samples(delay(1999, 5, 7)) });
  await expect.element(page.getByText('Tenant 1999 (dropped)')).toBeInTheDocument();
});
