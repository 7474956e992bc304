import { network } from '../testing/network';

import { expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';

import { stage } from '../testing/stage';
import { Chart } from './Chart';

// As if the server does not answer, or has another build meanwhile.
vi.mock('./plot', () => ({
  draw: () => {
    throw new Error('nothing to draw with');
  },
}));

test('a chart that can’t be drawn says so, and its values are there all the same', async () => {
  network({});
  const lines = [{ key: 'shop', name: 'shop', samples: [{ at: 1_795_000_000, value: 7 }] }];
  const measure = { steps: [1], least: 1, write: String };
  stage(
    <Chart title="Log Delay" summary="The largest delay was 7 s." lines={lines} span={[1_794_990_000, 1_795_000_000]} farthest={645} measure={measure} write={(value) => `${value} s`} gapsHint="" />,
  );
  await expect.element(page.getByText('The chart could not be loaded. The table below has the same values.')).toBeVisible();
  await page.getByText('Show as a table').click();
  await expect.element(page.getByRole('row').filter({ hasText: '7 s' })).toBeVisible();
});
