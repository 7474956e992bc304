import { network } from '../testing/network';

import { expect, test } from 'vitest';
import { page } from 'vitest/browser';

import { stage } from '../testing/stage';
import { Numbered } from './Numbered';

test('an address without a number is no page, and asks the server nothing', async () => {
  const calls = network({});
  stage(<Numbered />, { path: '/clusters/:clusterId', at: '/clusters/prod' });
  await expect.element(page.getByText('There is no such page')).toBeVisible();
  expect(calls).toEqual([]);
});
