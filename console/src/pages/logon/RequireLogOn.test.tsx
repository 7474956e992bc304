import { me, network, type Answer, type Answers } from '../../testing/network';

import { expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';

import { stage } from '../../testing/stage';
import { StorageDrawer } from '../storages/StorageDrawer';
import { RequireLogOn } from './RequireLogOn';

const NOBODY: Answer = {
  status: 401,
  error: { id: 'not-logged-on', message: 'Nobody is logged on', action: 'Send a user name and a password with HTTP Basic authentication.' },
};

/** A server whose session can end and start again. */
function server() {
  const session = { name: 'eva' as string | undefined };
  const who = (name: string) => ({ data: { id: 1, name, role: 'ADMIN', mustChangePassword: false, permissions: ['READ', 'BACKUP'] } });
  const guarded = (answer: Answer) => () => (session.name ? answer : NOBODY);
  const answers: Answers = {
    ...me('BACKUP'),
    'GET /users/me': () => (session.name ? who(session.name) : NOBODY),
    'POST /session': () => {
      session.name = 'eva';
      return who('eva');
    },
    'POST /backup/storages/test': guarded({ data: { passed: true, lines: [] } }),
    'POST /backup/storages': guarded({ data: {} }),
  };
  return { session, calls: network(answers) };
}

test('a session that ends under a form keeps the form, and goes on with it after log-on', async () => {
  const { session, calls } = server();
  const onClose = vi.fn();
  stage(
    <RequireLogOn>
      <StorageDrawer storage={undefined} onClose={onClose} />
    </RequireLogOn>,
  );
  await page.getByLabelText('Configuration Name').fill('nfs');
  await page.getByLabelText('Storage Directory').fill('/obbackup/');
  session.name = undefined;
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect.element(page.getByText('Log On Again')).toBeVisible();
  expect(page.getByText(/HTTP Basic/).elements()).toEqual([]);
  expect(page.getByText('Nobody is logged on').elements()).toEqual([]);
  expect(page.getByLabelText('User name').element()).toHaveProperty('value', 'eva');
  await page.getByLabelText('Password', { exact: true }).fill('secret-word');
  await page.getByRole('button', { name: 'Log On', exact: true }).click();
  await expect.poll(() => page.getByText('Log On Again').elements()).toEqual([]);
  await expect.element(page.getByLabelText('Storage Directory')).toHaveValue('/obbackup/');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect.poll(() => onClose.mock.calls.length).toBe(1);
  expect(calls.filter(({ call }) => call === 'POST /backup/storages')).toHaveLength(2);
});
