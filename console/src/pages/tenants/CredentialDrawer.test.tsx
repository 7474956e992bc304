import { me, network, type Answers } from '../../testing/network';

import { expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';

import type { Tenant } from '../../api/types';
import { stage } from '../../testing/stage';
import { CredentialDrawer } from './CredentialDrawer';

const PATH = '/ob/clusters/7/tenants/1002/credential';
const DENIED = { id: 'tenant-access-denied', code: 502, kind: 'outside', message: 'The tenant `shop` refuses the user `lifeboat@shop`' };

function tenant(part: Partial<Tenant> = {}): Tenant {
  return {
    id: 1002,
    obTenantId: 1002,
    name: 'shop',
    mode: 'MYSQL',
    status: 'NORMAL',
    role: 'PRIMARY',
    locked: false,
    primaryZone: 'RANDOM',
    locality: '',
    ...part,
  };
}

function open(shown: Tenant, answers: Answers) {
  const calls = network({ ...me('MANAGE_CLUSTERS'), ...answers });
  const onClose = vi.fn();
  stage(<CredentialDrawer clusterId={7} tenant={shown} onClose={onClose} />);
  return { calls, onClose };
}

const found = (passed: boolean) => ({
  user: 'lifeboat',
  tenantMode: 'MYSQL',
  test: {
    passed,
    lines: [
      { check: 'credential-log-on', name: 'Log on as the tenant’s user', outcome: passed ? 'PASSED' : 'FAILED', latencyUs: 900, ...(passed ? {} : { error: DENIED }) },
    ],
  },
});

test('a credential is tested as it was typed, refused with the reason, and the statements are for that user', async () => {
  const { calls } = open(tenant(), { [`POST ${PATH}/test`]: { data: found(false) } });
  await expect.element(page.getByTestId('grants')).toHaveTextContent("GRANT SELECT, SHOW VIEW, TRIGGER, EXECUTE ON *.* TO 'lifeboat';");
  await page.getByRole('textbox', { name: 'User', exact: true }).fill('backup');
  await page.getByLabelText('Password').fill('secret');
  await expect.element(page.getByTestId('grants')).toHaveTextContent("TO 'backup';");
  await page.getByRole('button', { name: 'Test', exact: true }).click();
  await expect.element(page.getByText('refuses the user')).toBeVisible();
  expect(calls.find(({ call }) => call.startsWith('POST'))?.body).toEqual({ credential: { user: 'backup', password: 'secret' } });
});

test('a credential that is kept is tested without its password, and replaced only by what was typed', async () => {
  const { calls, onClose } = open(tenant({ credentialUser: 'lifeboat' }), {
    [`POST ${PATH}/test`]: { data: found(true) },
    [`PUT ${PATH}`]: { data: found(true) },
  });
  await expect.element(page.getByText('Lifeboat connects to this tenant as lifeboat.')).toBeVisible();
  await expect.element(page.getByRole('button', { name: 'Replace' })).toBeDisabled();
  await page.getByRole('button', { name: 'Test Saved Account' }).click();
  await expect.element(page.getByText('All completed checks passed')).toBeVisible();
  expect(calls.find(({ call }) => call.startsWith('POST'))?.body).toEqual({});
  await page.getByLabelText('Password').fill('another');
  await page.getByRole('button', { name: 'Replace' }).click();
  await vi.waitFor(() => expect(onClose).toHaveBeenCalled());
  expect(calls.find(({ call }) => call.startsWith('PUT'))?.body).toEqual({ user: 'lifeboat', password: 'another' });
});
