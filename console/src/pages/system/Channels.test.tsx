import { me, network } from '../../testing/network';

import { expect, test } from 'vitest';
import { page, userEvent } from 'vitest/browser';

import type { Channel, Notice } from '../../api/types';
import { cluster } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import { Channels } from './Channels';
import SystemPage from './SystemPage';

const DBA: Channel = {
  id: 3,
  name: 'dba',
  kind: 'WEBHOOK',
  endpoint: 'https://hooks.example.com',
  headerNames: ['Authorization'],
  signed: true,
  levels: [1],
  clusterIds: [7],
  recovered: true,
  language: 'en-US',
  enabled: true,
  createTime: '2026-11-25T10:00:00.000+08:00',
};

const NOTICE: Notice = { id: 9, event: 'RAISED', alarmId: 12, status: 'WAITING', tries: 2, createTime: '2026-11-25T10:00:00.000+08:00' };

const list = <T,>(...contents: T[]) => ({ data: { contents, page: { number: 1, size: 20, totalElements: contents.length, totalPages: 1 } } });

const CLUSTERS = { 'GET /ob/clusters': list(cluster()) };

test('a channel is created with its secrets, and a refusal stays beside the fields', async () => {
  const refused = { id: 'channel-url-refused', message: 'Connections to the address are refused', code: 1, kind: 'invalid' };
  let isRefused = true;
  const calls = network({
    ...me('MANAGE_USERS'),
    ...CLUSTERS,
    'GET /alarm/channels': () => (isRefused ? list() : list(DBA)),
    'POST /alarm/channels': () => (isRefused ? { status: 400, error: refused } : { data: DBA }),
  });
  stage(<Channels />);
  await expect.element(page.getByText('No channels')).toBeVisible();
  await page.getByRole('button', { name: 'Create Channel' }).click();
  const save = page.getByRole('button', { name: 'Save' });
  await page.getByRole('textbox', { name: 'Name' }).fill('dba');
  await page.getByLabelText('URL').fill('hooks.example.com');
  await save.click();
  await expect.element(page.getByText('An address that begins with')).toBeVisible();
  expect(calls.some(({ call }) => call.startsWith('POST'))).toBe(false);
  await page.getByLabelText('URL').fill('https://hooks.example.com/secret');
  await page.getByRole('button', { name: 'Add Header' }).click();
  await page.getByRole('textbox', { name: 'Header' }).fill('Authorization');
  await page.getByLabelText('Value').fill('Bearer x');
  await save.click();
  await expect.element(page.getByText('Connections to the address are refused')).toBeVisible();
  isRefused = false;
  await save.click();
  await expect.element(page.getByRole('cell', { name: 'dba' })).toBeVisible();
  const sent = calls.filter(({ call }) => call === 'POST /alarm/channels');
  expect(sent.at(-1)?.body).toEqual({
    name: 'dba',
    kind: 'WEBHOOK',
    url: 'https://hooks.example.com/secret',
    headers: [{ name: 'Authorization', value: 'Bearer x' }],
    levels: [],
    clusterIds: [],
    recovered: true,
    language: 'en-US',
  });
});

const MAIL: Channel = {
  ...DBA,
  id: 4,
  name: 'mail',
  kind: 'EMAIL',
  endpoint: 'smtp://smtp.example.com:587',
  headerNames: [],
  signed: false,
  email: { host: 'smtp.example.com', port: 587, tls: 'STARTTLS', user: 'lifeboat', from: 'lifeboat@example.com', to: ['dba@example.com'] },
};

test('an e-mail channel is created with its server, account and recipients', async () => {
  const calls = network({
    ...me('MANAGE_USERS'),
    ...CLUSTERS,
    'GET /alarm/channels': () => (calls.some(({ call }) => call.startsWith('POST')) ? list(MAIL) : list()),
    'POST /alarm/channels': { data: MAIL },
  });
  stage(<Channels />);
  await page.getByRole('button', { name: 'Create Channel' }).click();
  const save = page.getByRole('button', { name: 'Save' });
  await page.getByRole('textbox', { name: 'Name' }).fill('mail');
  await page.getByRole('radio', { name: 'E-mail' }).click();
  expect(page.getByLabelText('URL').elements()).toEqual([]);
  await page.getByRole('textbox', { name: 'Mail server' }).fill('smtp.example.com');
  await page.getByRole('radio', { name: 'Implicit TLS' }).click();
  await expect.element(page.getByRole('spinbutton', { name: 'Port' })).toHaveValue('465');
  await page.getByRole('textbox', { name: 'User' }).fill('lifeboat');
  await page.getByRole('textbox', { name: 'Sender' }).fill('lifeboat@example.com');
  const to = page.getByRole('combobox', { name: 'Recipients' });
  await to.fill('nobody,');
  await save.click();
  await expect.element(page.getByText('1 to 50 plain addresses')).toBeVisible();
  await expect.element(page.getByText('Required')).toBeVisible();
  expect(calls.some(({ call }) => call.startsWith('POST'))).toBe(false);
  await page.getByLabelText('Password').fill('secret');
  await to.click();
  await userEvent.keyboard('{Backspace}');
  await to.fill('dba@example.com,ops@example.com,');
  await save.click();
  await expect.element(page.getByRole('cell', { name: 'smtp://smtp.example.com:587 → dba@example.com' })).toBeVisible();
  expect(calls.findLast(({ call }) => call.startsWith('POST'))?.body).toEqual({
    name: 'mail',
    kind: 'EMAIL',
    email: {
      host: 'smtp.example.com',
      port: 465,
      tls: 'IMPLICIT',
      user: 'lifeboat',
      password: 'secret',
      from: 'lifeboat@example.com',
      to: ['dba@example.com', 'ops@example.com'],
    },
    levels: [],
    clusterIds: [],
    recovered: true,
    language: 'en-US',
  });
});

test('an e-mail channel is changed without its password, and without encryption nobody logs on', async () => {
  const calls = network({
    ...me('MANAGE_USERS'),
    ...CLUSTERS,
    'GET /alarm/channels': list(MAIL),
    'PATCH /alarm/channels/4': { data: MAIL },
  });
  stage(<Channels />);
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('textbox', { name: 'Sender' }).fill('db@example.com');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect.element(page.getByText('Channel saved')).toBeVisible();
  const rule = { name: 'mail', levels: [1], clusterIds: [7], recovered: true, language: 'en-US' };
  const email = { host: 'smtp.example.com', port: 587, tls: 'STARTTLS', user: 'lifeboat', from: 'db@example.com', to: ['dba@example.com'] };
  expect(calls.findLast(({ call }) => call.startsWith('PATCH'))?.body).toEqual({ ...rule, email });
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('radio', { name: 'None' }).click();
  await expect.element(page.getByText('nobody logs on')).toBeVisible();
  expect(page.getByLabelText('Password').elements()).toEqual([]);
  await page.getByRole('button', { name: 'Save' }).click();
  await expect
    .poll(() => calls.findLast(({ call }) => call.startsWith('PATCH'))?.body)
    .toEqual({ ...rule, email: { ...email, from: 'lifeboat@example.com', port: 25, tls: 'NONE', user: '' } });
});

test('a change keeps the secrets unless all of them are replaced', async () => {
  const calls = network({
    ...me('MANAGE_USERS'),
    ...CLUSTERS,
    'GET /alarm/channels': list(DBA),
    'PATCH /alarm/channels/3': { data: DBA },
  });
  stage(<Channels />);
  await expect.element(page.getByText('Stopped, prod · with recoveries')).toBeVisible();
  await page.getByRole('button', { name: 'Edit' }).click();
  expect(page.getByLabelText('URL', { exact: true }).elements()).toEqual([]);
  await page.getByRole('textbox', { name: 'Name' }).fill('team');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect.element(page.getByText('Channel saved')).toBeVisible();
  const rule = { name: 'team', levels: [1], clusterIds: [7], recovered: true, language: 'en-US' };
  expect(calls.findLast(({ call }) => call.startsWith('PATCH'))?.body).toEqual(rule);
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill('team');
  await page.getByRole('checkbox', { name: 'Replace the URL' }).click();
  await page.getByLabelText('URL', { exact: true }).fill('https://other.example/');
  await page.getByRole('button', { name: 'Save' }).click();
  await expect
    .poll(() => calls.findLast(({ call }) => call.startsWith('PATCH'))?.body)
    .toEqual({ ...rule, url: 'https://other.example/', headers: [], signatureSecret: '' });
});

test('a channel is disabled and deleted only after a question', async () => {
  const calls = network({
    ...me('MANAGE_USERS'),
    ...CLUSTERS,
    'GET /alarm/channels': list(DBA),
    'PATCH /alarm/channels/3': { data: { ...DBA, enabled: false } },
    'DELETE /alarm/channels/3': { data: DBA },
  });
  stage(<Channels />);
  await page.getByRole('button', { name: 'Disable' }).click();
  await expect.element(page.getByText('Waiting notifications are discarded')).toBeVisible();
  expect(calls.some(({ call }) => call.startsWith('PATCH'))).toBe(false);
  await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
  await expect.poll(() => calls.find(({ call }) => call.startsWith('PATCH'))?.body).toEqual({ enabled: false });
  await expect.poll(() => page.getByRole('dialog').elements()).toEqual([]);
  await page.getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await expect.element(page.getByText('Channel deleted')).toBeVisible();
});

test('a test shows its answer, and the deliveries show their state and last error', async () => {
  const problem = { id: 'notice-not-accepted', message: 'The receiver answers HTTP 500', action: 'Check its log.' };
  let status = 500;
  network({
    ...me('MANAGE_USERS'),
    ...CLUSTERS,
    'GET /alarm/channels': list(DBA),
    'POST /alarm/channels/3/test': () => ({
      data: { ...NOTICE, event: 'TEST', alarmId: null, tries: 1, httpStatus: status, ...(status === 500 ? { status: 'FAILED', problem } : { status: 'DELIVERED' }) },
    }),
    'GET /alarm/channels/3/outbox': list({ ...NOTICE, problem }),
  });
  stage(<Channels />);
  const test = page.getByRole('button', { name: 'Test' });
  await test.click();
  await expect.element(page.getByRole('alert')).toHaveTextContent('The receiver answers HTTP 500');
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  status = 204;
  await test.click();
  await expect.element(page.getByText('accepted the message (HTTP 204)')).toBeVisible();
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click();
  await page.getByRole('button', { name: 'Deliveries' }).click();
  await expect.element(page.getByRole('cell', { name: 'Raised · alarm 12' })).toBeVisible();
  await expect.element(page.getByRole('cell', { name: 'Waiting' })).toBeVisible();
  await expect.element(page.getByRole('cell', { name: 'The receiver answers HTTP 500' })).toBeVisible();
});

test('others than administrators see a hint and request nothing', async () => {
  const calls = network({ ...me('BACKUP') });
  stage(<SystemPage />, { path: '/system/:tab?', at: '/system/channels' });
  await expect.element(page.getByText('Your role does not allow this')).toBeVisible();
  expect(calls.some(({ call }) => call.includes('channels'))).toBe(false);
});
