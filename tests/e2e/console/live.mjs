// A page that stays open: after thousands of events it shows the current state, and uses no more memory than before.
import assert from 'node:assert/strict';

import { openBrowser } from './browser.mjs';
import { PASSWORD, startLifeboat, startSimulator, until } from './servers.mjs';
import { WORDS } from './words.mjs';

const words = WORDS.en;
const EVENTS = 2_000;
const GROWTH_MAX = 10 * 1024 * 1024;

const names = Array.from({ length: 8 }, (_, n) => `cluster-${n}`);
const simulator = await startSimulator(
  process.env.LIFEBOAT_SIM_BINARY,
  names.map((name, n) => ({ name, id: 20 + n, version: '4.2.5', tenants: [{ name: 'shop', data_mib: 8 }] })),
  ['--speed', '60'],
);
const lifeboat = await startLifeboat(process.env.LIFEBOAT_BINARY);
const { page, faults, expected, close } = await openBrowser({ url: lifeboat.url, locale: 'en-US' });
expected.push(/users\/me/); // nobody is logged on at first

/** Returns the bytes that the page's scripts use after a garbage collection. */
async function heap() {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.enable');
  for (let round = 0; round < 3; round += 1) await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize;
}

/** Counts the server's events, as the page receives them. */
async function countEvents(counted) {
  const answer = await fetch(`${lifeboat.url}/api/v2/events`, { headers: { authorization: `Basic ${btoa(`admin:${PASSWORD}`)}` } });
  const decoder = new TextDecoder();
  for await (const part of answer.body) counted.events += decoder.decode(part, { stream: true }).split('\ndata:').length - 1;
}

/** Starts a backup of a cluster; returns its task. */
async function backUp(cluster, storageId) {
  const asked = await lifeboat.api('POST', `/api/v2/ob/clusters/${cluster}/backup/backupNow`, {
    backupMode: 'PHYSICAL_BACKUP', dataBackupMode: 'FULL_BACKUP', obBackupServiceStorageConfig: { storageId },
  });
  return asked.backupObjectOpsResultList[0].taskIdList[0];
}

async function fails(task) {
  const ended = async () => (await lifeboat.api('GET', `/api/v2/tasks/instances/${task}`)).status !== 'RUNNING';
  await until(`task ${task} fails`, ended);
}

try {
  const clusters = [];
  for (const name of names) {
    const { id } = await lifeboat.api('POST', '/api/v2/ob/clusters', {
      name, addresses: [`127.0.0.1:${simulator.port(name)}`], user: 'root@sys', password: '',
    });
    clusters.push(id);
  }
  const { storageId } = await lifeboat.api('POST', '/api/v2/backup/storages', {
    configName: 'local', obBackupStorageBaseInfo: { backupStorageType: 'BACKUP_STORAGE_FILE', storageUrl: lifeboat.backups },
  });
  // Every task stops at its first step, even after a retry: this gives the most events for the least work.
  await simulator.control('POST', '/faults', { name: 'upgrade_mode' });
  const tasks = await Promise.all(clusters.map((cluster) => backUp(cluster, storageId)));
  await Promise.all(tasks.map(fails));

  await page.goto(lifeboat.url);
  await page.getByLabel(words.user, { exact: true }).fill('admin');
  await page.getByLabel(words.password, { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: words.logOn }).click();
  await page.getByRole('link', { name: names[0], exact: true }).waitFor();
  await page.getByRole('link', { name: words.tasks, exact: true }).first().click();
  await page.locator(`a[href$="/tasks/${tasks[0]}"]`).first().click();
  await page.locator('[data-testid=task-status][data-status=FAILED]').waitFor();

  const counted = { events: 0 };
  const counting = countEvents(counted).catch(() => undefined);
  const retried = async (task) => {
    await lifeboat.api('POST', `/api/v2/tasks/instances/${task}/retry`);
    await fails(task);
  };
  const round = () => Promise.all(tasks.map(retried));
  await round(); // files that are loaded only once are loaded before the measurement
  const before = await heap();
  const start = counted.events;
  while (counted.events - start < EVENTS) await round();
  const after = await heap();
  const mib = (bytes) => (bytes / 1024 / 1024).toFixed(1);
  console.log(`live: ${counted.events - start} events, heap ${mib(before)} MiB before, ${mib(after)} MiB after`);
  assert.ok(after - before < GROWTH_MAX, `the page's heap grew by ${mib(after - before)} MiB`);

  // The page has received all events: now it shows the end of the task.
  await simulator.control('DELETE', '/faults');
  await lifeboat.api('POST', `/api/v2/tasks/instances/${tasks[0]}/retry`);
  await page.locator('[data-testid=task-status][data-status=SUCCESSFUL]').waitFor({ timeout: 240_000 });
  assert.deepEqual(faults, []);
  await lifeboat.kill();
  await counting;
} catch (error) {
  console.error(error, lifeboat.tail());
  process.exitCode = 1;
} finally {
  await close();
  simulator.close();
  await lifeboat.close();
}
