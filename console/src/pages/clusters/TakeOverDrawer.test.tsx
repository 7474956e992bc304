import { me, network, type Answers } from '../../testing/network';

import { expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';

import type { TestLine } from '../../api/types';
import { cluster } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import { TakeOverDrawer } from './TakeOverDrawer';

const DENIED = {
  id: 'database-access-denied',
  code: 502,
  kind: 'outside',
  message: '192.0.2.10:2881 refuses root@sys with that password',
  action: 'Check the user and the password.',
};
const CONNECT: TestLine = { check: 'takeover-connect', name: 'Connect to the server', outcome: 'PASSED', latencyUs: 900 };
const LOG_ON: TestLine = { check: 'takeover-log-on', name: 'Log on', outcome: 'FAILED', latencyUs: 1500, error: DENIED };
const VERSION: TestLine = { check: 'takeover-version', name: 'The server is an OceanBase with backup', outcome: 'NOT_CHECKED', latencyUs: 0 };

function open(answers: Answers) {
  const calls = network({ ...me('MANAGE_CLUSTERS'), ...answers });
  stage(<TakeOverDrawer onClose={vi.fn()} />, { path: '/clusters' });
  return calls;
}

async function fillIn() {
  await page.getByLabelText('Cluster name').fill('prod');
  await page.getByLabelText('Addresses').click();
  await userEvent.keyboard('192.0.2.10{Enter}');
}

const submit = () => page.getByRole('button', { name: 'Take over', exact: true });

test('the pre-check begins by itself, says what failed and what to do, and stops the take-over', async () => {
  open({ 'POST /ob/clusters/precheck': { data: { passed: false, lines: [CONNECT, LOG_ON, VERSION] } } });
  await expect.element(submit()).toBeEnabled();
  await fillIn();
  for (const words of ['Some checks failed', DENIED.message, DENIED.action]) {
    await expect.element(page.getByText(words)).toBeVisible();
  }
  const outcomes = page.getByRole('listitem').elements().map((line) => line.getAttribute('data-outcome'));
  expect(outcomes.filter(Boolean)).toEqual(['PASSED', 'FAILED', 'NOT_CHECKED']);
  await expect.element(submit()).toBeDisabled();
  await expect.element(page.getByRole('button', { name: 'Pre-check again' })).toBeEnabled();
});

test('a cluster that is known already is refused in the server’s words', async () => {
  const calls = open({
    'POST /ob/clusters/precheck': { data: { passed: true, lines: [CONNECT] } },
    'POST /ob/clusters': { status: 409, error: { id: 'cluster-known', message: 'That cluster is here already, as `main`', action: 'Use that one.' } },
  });
  await fillIn();
  await expect.element(page.getByText('All completed checks passed')).toBeVisible();
  await submit().click();
  await expect.element(page.getByRole('alert')).toHaveTextContent('That cluster is here already, as main');
  await expect.element(page.getByText('Use that one.')).toBeVisible();
  expect(calls.find(({ call }) => call === 'POST /ob/clusters')?.body).toMatchObject({
    name: 'prod',
    addresses: ['192.0.2.10'],
    user: 'root@sys',
  });
});

test('nothing is sent while a field is missing', async () => {
  const calls = open({});
  await submit().click();
  await expect.element(page.getByText('Enter: Cluster name')).toBeVisible();
  await expect.element(page.getByText('Enter: Addresses')).toBeVisible();
  expect(calls.filter(({ call }) => call.startsWith('POST'))).toEqual([]);
});

test('a cluster that was taken over is shown', async () => {
  open({
    'POST /ob/clusters/precheck': { data: { passed: true, lines: [CONNECT] } },
    'POST /ob/clusters': { data: cluster({ id: 9 }) },
  });
  await fillIn();
  await submit().click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/clusters/9');
});
