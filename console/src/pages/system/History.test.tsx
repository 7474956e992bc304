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
          { part: 'LOGS', rows: 12345, days: 90 },
          { part: 'RUNS', rows: 0, days: null },
          { part: 'AUDIT', rows: 3, days: null },
        ],
      },
    },
  });
  stage(<History />);
  const row = (name: string) => page.getByRole('row', { name });
  await expect.element(row('Logs of tasks')).toHaveTextContent('12,345');
  await expect.element(row('Logs of tasks')).toHaveTextContent('90 days');
  await expect.element(row('Due times of strategies')).toHaveTextContent('No age limit');
  await expect.element(row('Audit log')).toHaveTextContent('No age limit');
});
