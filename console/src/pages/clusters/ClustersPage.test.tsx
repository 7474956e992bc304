import { me, network, type Answers } from '../../testing/network';

import { expect, onTestFinished, test } from 'vitest';
import { page } from 'vitest/browser';

import { cluster } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import ClustersPage from './ClustersPage';

const list = (...contents: unknown[]) => ({
  data: { contents, page: { number: 1, size: 2000, totalElements: contents.length, totalPages: 1 } },
});
const last = { finishTime: new Date().toISOString(), ageSeconds: 5 };
const tenant = (tenantId: number, part: object = {}) => ({ clusterId: 7, clusterName: 'prod', tenantId, tenantName: `t${tenantId}`, ...part });

function open(answers: Answers = {}) {
  network({
    ...me(),
    'GET /ob/clusters': list(cluster({ updateTime: new Date().toISOString() })),
    'GET /backup/overview': { data: { clusters: [], recentSuccessfulCount: 1, recentFailedCount: 1 } },
    'GET /backup/objects': list(tenant(1001), tenant(1002), tenant(1003, { full: last })),
    'GET /alarm/alarms': list(),
    ...answers,
  });
  stage(<ClustersPage />);
}

/** Shows the page as wide as a phone until the test has ended. */
async function onPhone() {
  await page.viewport(390, 844);
  onTestFinished(() => page.viewport(1280, 800));
}

test('tenants with and without a backup are counted, and each number leads to them', async () => {
  open();
  await expect.element(page.getByRole('link', { name: '2', exact: true })).toHaveAttribute('href', '/backup/tenants?state=NONE');
  await expect.element(page.getByRole('link', { name: '1', exact: true })).toHaveAttribute('href', '/backup/tenants?state=BACKED_UP');
  await expect.element(page.getByRole('link', { name: '50%' })).toHaveAttribute('href', '/tasks');
});

test('on a telephone the status of a cluster is in sight', async () => {
  await onPhone();
  open();
  const status = page.getByRole('cell').filter({ hasText: 'Running' });
  await expect.element(status).toBeVisible();
  expect(status.element().getBoundingClientRect().right).toBeLessThanOrEqual(390);
});
