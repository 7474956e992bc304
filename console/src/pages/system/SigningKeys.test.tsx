import { me, network } from '../../testing/network';

import { expect, test } from 'vitest';
import { page } from 'vitest/browser';

import { stage } from '../../testing/stage';
import { SigningKeys } from './SigningKeys';

const key = (digit: string) => `ed25519:${digit.repeat(64)}`;
const BEFORE = { current: key('a'), retired: [], trusted: [{ name: 'berlin', key: key('b') }] };
const ROTATED = { ...BEFORE, current: key('c'), retired: [key('a')] };

test('the key is replaced only after a question, and the old one is listed among the earlier', async () => {
  const calls = network({
    ...me('MANAGE_USERS'),
    'GET /signingKeys': { data: BEFORE },
    'POST /signingKeys/rotate': { data: ROTATED },
  });
  stage(<SigningKeys />);
  await expect.element(page.getByText(key('a'))).toBeVisible();
  await page.getByRole('button', { name: 'Rotate Key' }).click();
  await expect.element(page.getByText('The old private key is deleted')).toBeVisible();
  expect(calls.some(({ call }) => call.startsWith('POST'))).toBe(false);
  await page.getByRole('dialog').getByRole('button', { name: 'Rotate Key' }).click();
  await expect.element(page.getByText(key('c'))).toBeVisible();
  await expect.element(page.getByRole('region', { name: 'Earlier Public Keys' })).toHaveTextContent(key('a'));
});

test('a key is trusted under a name, and a refusal stays beside the fields', async () => {
  const taken = { id: 'trust-key-name-taken', message: 'Another trusted key is called `berlin`', code: 1, kind: 'conflict' };
  let isTaken = true;
  const calls = network({
    ...me('MANAGE_USERS'),
    'GET /signingKeys': { data: BEFORE },
    'POST /signingKeys/trusted': () =>
      isTaken ? { status: 409, error: taken } : { data: { ...BEFORE, trusted: [...BEFORE.trusted, { name: 'rome', key: key('d') }] } },
  });
  stage(<SigningKeys />);
  await page.getByRole('button', { name: 'Trust a Key' }).click();
  const send = page.getByRole('dialog').getByRole('button', { name: 'Trust a Key' });
  await page.getByRole('textbox', { name: 'Name' }).fill('berlin');
  await page.getByRole('textbox', { name: 'Public Key' }).fill('ed25519:0f');
  await send.click();
  await expect.element(page.getByText('ed25519: followed by 64 hexadecimal digits')).toBeVisible();
  expect(calls.some(({ call }) => call.startsWith('POST'))).toBe(false);
  await page.getByRole('textbox', { name: 'Public Key' }).fill(` ${key('d')} `);
  await send.click();
  await expect.element(page.getByText('Another trusted key is called')).toBeVisible();
  isTaken = false;
  await page.getByRole('textbox', { name: 'Name' }).fill('rome');
  await send.click();
  await expect.element(page.getByRole('cell', { name: 'rome' })).toBeVisible();
  expect(calls.at(-1)?.body).toEqual({ name: 'rome', key: key('d') });
});

test('a trusted key is removed after a question', async () => {
  const calls = network({
    ...me('MANAGE_USERS'),
    'GET /signingKeys': { data: BEFORE },
    'DELETE /signingKeys/trusted/berlin': { data: { ...BEFORE, trusted: [] } },
  });
  stage(<SigningKeys />);
  await page.getByRole('button', { name: 'Remove' }).click();
  await expect.element(page.getByText('An ADMIN must then give consent')).toBeVisible();
  expect(calls.some(({ call }) => call.startsWith('DELETE'))).toBe(false);
  await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
  await expect.element(page.getByText('No trusted keys of other installations')).toBeVisible();
});

test('others than administrators see the keys and change none', async () => {
  network({ ...me('BACKUP'), 'GET /signingKeys': { data: BEFORE } });
  stage(<SigningKeys />);
  await expect.element(page.getByText(key('b'))).toBeVisible();
  await expect.element(page.getByRole('button', { name: 'Rotate Key' })).toBeDisabled();
  await expect.element(page.getByRole('button', { name: 'Trust a Key' })).toBeDisabled();
  expect(page.getByRole('button', { name: 'Remove' }).elements()).toEqual([]);
});
