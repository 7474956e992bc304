import { me, network } from '../../testing/network';

import { expect, test } from 'vitest';
import { page } from 'vitest/browser';

import { stage } from '../../testing/stage';
import { History } from './History';

test('each part says how much there is and how long it is kept', async () => {
  network({
    ...me('READ'),
    'GET /history': {
      data: {
        parts: [
          { part: 'LOGS', rows: 12345, oldestAt: '2026-11-01T02:00:00.000000+00:00', days: 90 },
          { part: 'RUNS', rows: 0, oldestAt: null, days: 1 },
          { part: 'AUDIT', rows: 3, oldestAt: '2025-01-01T00:00:00.000000+00:00', days: null },
        ],
      },
    },
  });
  stage(<History />);
  const row = (name: string) => page.getByRole('row', { name });
  await expect.element(row('Logs of tasks')).toHaveTextContent('12,345');
  await expect.element(row('Logs of tasks')).toHaveTextContent('90 days');
  await expect.element(row('Due times of strategies')).toHaveTextContent('1 day');
  await expect.element(row('Audit log')).toHaveTextContent('Unlimited');
});
