import { network } from '../../testing/network';

import { expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';

import { stage } from '../../testing/stage';
import { TokensModal } from './TokensModal';

const NEW = { id: 4, name: 'ci', createTime: '2026-11-25T10:00:00.000+08:00' };

test('a token is revoked only after a question, and is no longer shown then', async () => {
  let tokens = [] as unknown[];
  const calls = network({
    'GET /users/me/tokens': () => ({
      data: { contents: tokens, page: { number: 1, size: 10, totalElements: tokens.length, totalPages: 1 } },
    }),
    'POST /users/me/tokens': () => {
      tokens = [NEW];
      return { data: { ...NEW, token: 'lb_shown_once' } };
    },
    'DELETE /users/me/tokens/4': () => {
      tokens = [];
      return { data: {} };
    },
  });
  stage(<TokensModal onClose={vi.fn()} />);
  await page.getByLabelText('Token name').fill('ci');
  await page.getByRole('button', { name: 'Create Token' }).click();
  await expect.element(page.getByText('lb_shown_once')).toBeVisible();
  await page.getByRole('button', { name: 'Revoke' }).click();
  await expect.element(page.getByText('Programs that use the token are refused at once.')).toBeVisible();
  expect(calls.some(({ call }) => call.startsWith('DELETE'))).toBe(false);
  await page.getByRole('button', { name: 'Revoke' }).last().click();
  await expect.poll(() => page.getByText('lb_shown_once').elements()).toEqual([]);
  expect(calls.some(({ call }) => call === 'DELETE /users/me/tokens/4')).toBe(true);
});
