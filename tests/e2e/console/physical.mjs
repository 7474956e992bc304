// A DBA's work with clusters of OceanBase 4.x (WALK_VERSION), 3.1.5 and 2.2.77: physical backups, and the actions
// when a
// step fails.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import { openBrowser, picture, seriousFindings } from './browser.mjs';
import { PASSWORD, startLifeboat, startSimulator, until } from './servers.mjs';
import { PHYSICAL_WORDS, WORDS } from './words.mjs';

const language = process.env.WALK_LANGUAGE;
const version = process.env.WALK_VERSION;
const words = { ...WORDS[language], ...PHYSICAL_WORDS[language] };
const MANY = 500;
const TASKS = 10_000;

/** The time after which a user finds the console slow. */
const PATIENCE_MS = 10_000;

const simulator = await startSimulator(
  process.env.LIFEBOAT_SIM_BINARY,
  [
    { name: 'new', id: 11, version, zones: 3, tenants: [{ name: 'shop', data_mib: 512 }, { name: 'crm', data_mib: 256 }] },
    { name: 'old', id: 12, version: '3.1.5', zones: 3, tenants: [{ name: 'shop', data_mib: 512 }] },
    { name: 'oldest', id: 14, version: '2.2.77', zones: 3, tenants: [{ name: 'shop', data_mib: 512 }] },
    { name: 'mixed', id: 15, version, tenants: [{ name: 'data', data_mib: 8 }, { name: 'ora', mode: 'ORACLE', data_mib: 8 }] },
    { name: 'many', id: 13, version, tenants: Array.from({ length: MANY }, (_, n) => ({ name: `tenant_${n}`, data_mib: 8 })) },
  ],
  ['--speed', '60'],
);
const lifeboat = await startLifeboat(process.env.LIFEBOAT_BINARY);
const { page, faults, expected, close } = await openBrowser({
  url: lifeboat.url,
  locale: language === 'zh' ? 'zh-CN' : 'en-US',
});
// The browser itself logs every refused call in its console, and every call that reached no server.
expected.push(/status of (40[1349]|50\d)/, /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/);
const barriers = [];
const exactly = (name) =>
  new RegExp(`(^|\\s)${[...name].map((sign) => sign.replace(/[.*+?^${}()|[\]\\&]/g, '\\$&')).join('\\s?')}\\s*$`);
const button = (name, scope = page) => scope.getByRole('button', { name: exactly(name) });
const drawer = () => page.locator('.ant-drawer-content').last();
const dialog = () => page.locator('.ant-modal-content').last();
const ids = {};

async function look(name) {
  await picture(page, `physical-${name}`, language);
  barriers.push(...(await seriousFindings(page)).map((finding) => `${name}: ${finding}`));
  console.log(`${language}: ${name}`);
}

async function taskEnds(state, seconds = 240) {
  await page.waitForURL(/\/tasks\/\d+$/);
  await page.locator(`[data-testid=task-status][data-status=${state}]`).waitFor({ timeout: seconds * 1000 });
}

/** Presses a button in the confirmation dialog. */
async function confirm(name) {
  await button(name, dialog()).click();
  await dialog().waitFor({ state: 'hidden' });
}

async function begin() {
  for (const name of ['new', 'old', 'oldest', 'mixed', 'many']) {
    const found = await lifeboat.api('POST', '/api/v2/ob/clusters', {
      name,
      addresses: [`127.0.0.1:${simulator.port(name)}`],
      user: 'root@sys',
      password: '',
    });
    ids[name] = found.id;
  }
  await logOn('admin');
  await page.getByRole('link', { name: 'new', exact: true }).waitFor();
  await look('clusters');
}

async function logOn(name, password = PASSWORD) {
  await page.goto(lifeboat.url);
  await page.getByLabel(words.user, { exact: true }).fill(name);
  await page.getByLabel(words.password, { exact: true }).fill(password);
  await button(words.logOn).click();
}

/** The walk: Clusters, the cluster, Backup & Recovery, Back up Now, objects, storage, Test, mode, Back up Now. */
async function openBackUpNow(cluster) {
  await page.getByRole('link', { name: words.clusters, exact: true }).first().click();
  await page.getByRole('heading', { name: words.clusters, exact: true, level: 1 }).waitFor(); // the page before links to it, too
  await page.getByRole('link', { name: cluster, exact: true }).click();
  await page.getByRole('heading', { name: cluster, level: 1 }).waitFor();
  await page.getByRole('link', { name: words.backup, exact: true }).click();
  await button(words.backUpNow).click();
  const form = drawer();
  await form.getByText(words.physical, { exact: true }).first().waitFor();
  return form;
}

async function typeStorage(form, directory) {
  await form.getByText(words.typed, { exact: true }).click();
  const field = form.getByLabel(words.directory, { exact: true });
  await field.fill('/etc');
  await button(words.test, form).click();
  // The directory may exist on the OBServers. The Lifeboat server cannot know that, and does not claim to.
  await form.getByText(words.notFromHere).waitFor();
  await form.getByTestId('test-lines').scrollIntoViewIfNeeded();
  await look('storage-out-of-reach');
  await field.fill(directory);
  await button(words.test, form).click();
  await form.getByText(words.allPassed).waitFor();
}

async function incrementalBeforeFull(cluster, mayCompact = true) {
  const form = await openBackUpNow(cluster);
  await typeStorage(form, lifeboat.backups);
  await button(words.plan, form).click();
  await form.getByTestId('plan').waitFor();
  await look(`${cluster}-plan`);
  await form.getByText(words.incremental, { exact: true }).click();
  // A plan runs the checks of the task, and shows the result before anything starts.
  await button(words.plan, form).click();
  await form.getByText(words.needsFull).waitFor();
  await look(`${cluster}-plan-needs-full`);
  if (!mayCompact) await form.getByText(words.autoCompaction, { exact: true }).click();
  await button(words.backUpNow, form).click();
  await taskEnds('FAILED');
  await page.getByText(words.needsFull).first().waitFor();
  await look(`${cluster}-needs-full`);
  if (cluster === 'new') await alarms();
  await button(words.inFull).click();
  await dialog().waitFor();
  await look(`${cluster}-in-full`);
  const failed = page.url();
  await confirm(words.inFull);
  await page.waitForURL((url) => String(url) !== failed);
  await look(`${cluster}-full-running`);
}

/** A failed backup is an alarm: a number on the page of clusters, a list, and a link to the task. */
async function alarms() {
  const failed = page.url();
  await page.getByRole('link', { name: words.clusters, exact: true }).first().click();
  await page.getByRole('button', { name: words.alarms('new') }).click();
  const items = drawer().getByRole('article');
  await items.first().waitFor();
  assert.equal(await items.count(), 2, 'one for each tenant');
  await items.first().getByText(words.needsFull).waitFor();
  await look('alarms');
  await page.keyboard.press('Escape');
  await drawer().waitFor({ state: 'hidden' });
  await page.getByRole('link', { name: 'new', exact: true }).click();
  await page.getByRole('article').first().waitFor();
  await look('overview-alarms');
  await page.getByRole('article').first().getByRole('link').click();
  assert.equal(page.url(), failed, 'an alarm leads to what it is about');
}

/** The first page with data: successful backups, and a failed one. */
async function clustersInUse() {
  await page.getByRole('link', { name: words.clusters, exact: true }).first().click();
  await page.getByRole('button', { name: /[:：] ?1$/ }).first().waitFor();
  await look('clusters-in-use');
  await page.goBack();
}

async function fullAndIncremental() {
  await incrementalBeforeFull('new');
  await taskEnds('SUCCESSFUL');
  await look('new-full-done');
  const form = await openBackUpNow('new');
  await form.getByText(words.incremental, { exact: true }).click();
  await button(words.backUpNow, form).click();
  await taskEnds('SUCCESSFUL');
  await page.getByRole('link', { name: 'new', exact: true }).first().click();
  await page.getByRole('cell', { name: words.successful }).first().waitFor();
  await look('new-data-backup-tasks');
  await page.getByRole('tab', { name: words.backupSets }).click();
  await page.locator('.ant-table-row:visible').first().waitFor();
  await look('new-backup-sets');
  await page.locator('.ant-table-row:visible').first().getByRole('button', { name: exactly(words.recover) }).click();
  await drawer().locator('.recovery-periods li').getByRole('button').first().waitFor();
  await look('new-recovery-periods');
  await page.keyboard.press('Escape');
  await drawer().waitFor({ state: 'hidden' });
  await page.getByRole('tab', { name: words.backupSets, selected: true }).waitFor();
}

async function logBackup() {
  await page.goto(`${lifeboat.url}/clusters/${ids.new}/backup?list=logs`);
  const row = page.locator('.ant-table-row:visible').filter({ hasText: 'shop' });
  await row.getByText(words.logRunning).waitFor();
  await look('log-backup');
  for (const [press, state] of [[words.pause, words.logPaused], [words.resume, words.logRunning], [words.stop, words.logStopped]]) {
    await button(press, row).click();
    await confirm(press);
    await row.getByText(state).waitFor({ timeout: 240_000 });
    await until('the task has ended', async () => (await lifeboat.api('GET', '/api/v2/tasks/instances?status=RUNNING')).contents.length === 0);
  }
  await look('log-backup-stopped');
}

/** A version that needs a major compaction first, and a request that does not allow one. */
async function compactionNeeded(cluster) {
  await incrementalBeforeFull(cluster, false);
  await taskEnds('FAILED');
  await page.getByText(words.needsCompaction).first().waitFor();
  await look(`${cluster}-needs-compaction`);
  if (cluster === 'oldest') await clustersInUse();
  await button(words.compact).click();
  await page.waitForURL(/\/compaction\?task=\d+/);
  await page.getByText(words.taskWaits).waitFor();
  await look(`${cluster}-compaction`);
  await button(words.initiate).click();
  await confirm(words.initiate);
  await page.getByText(words.taskCanGoOn).waitFor({ timeout: 240_000 });
  await look(`${cluster}-compaction-ended`);
  await page.getByRole('link', { name: words.backToTask }).click();
  await button(words.retry, page.getByTestId('next-actions')).click();
  await taskEnds('SUCCESSFUL');
  await look(`${cluster}-done`);
}

/** Cancel and Retry on the page. A physical backup has no Roll back: changed destinations stay. */
async function steering() {
  const form = await openBackUpNow('new');
  await button(words.backUpNow, form).click();
  await page.waitForURL(/\/tasks\/\d+$/);
  await page.locator('[data-testid=task-status][data-status=RUNNING]').waitFor();
  await button(words.cancel).click();
  await confirm(words.cancelTask);
  await taskEnds('FAILED');
  await look('cancelled');
  // This retries the whole task: the button on a step retries only that tenant.
  await button(words.retry).first().click();
  await confirm(words.retry);
  await taskEnds('SUCCESSFUL');
  await look('gone-on');
}

/** A user who may only read sees every button in its place, disabled, with the reason. */
async function viewer() {
  const name = 'onlooker';
  const given = 'given by the admin';
  await lifeboat.api('POST', '/api/v2/users', { name, role: 'CLUSTER_VIEWER', password: given });
  await page.context().clearCookies();
  await logOn(name, given);
  await page.getByLabel(words.newPassword, { exact: true }).fill(PASSWORD);
  await page.getByLabel(words.repeat, { exact: true }).fill(PASSWORD);
  await button(words.setPassword).click();
  await page.getByRole('link', { name: 'new', exact: true }).waitFor();
  for (const [path, names] of [
    ['/clusters', [words.takeOver]],
    [`/clusters/${ids.new}/backup`, [words.backUpNow, words.initiateRecovery]],
    [`/clusters/${ids.new}/compaction`, [words.initiate]],
    ['/storages', [words.create]],
  ]) {
    await page.goto(`${lifeboat.url}${path}`);
    for (const label of names) {
      await page.getByRole('note', { name: words.mayNot }).filter({ has: button(label) }).first().waitFor();
      assert.equal(await button(label).first().isDisabled(), true, `${label} is off for a viewer`);
    }
    await look(`viewer${path.replaceAll('/', '-')}`);
  }
  await page.context().clearCookies();
  await logOn('admin');
  await page.getByRole('link', { name: 'new', exact: true }).waitFor();
}

/** A tenant credential: refused, tested, saved, removed; and what can be backed up logically with and without one. */
async function credentials() {
  const overview = `${lifeboat.url}/clusters/${ids.mixed}`;
  const methods = async () => {
    await page.goto(`${overview}/backup`);
    await button(words.backUpNow).click();
    return drawer().getByRole('radio', { name: words.logical, exact: true });
  };
  assert.equal(await (await methods()).isDisabled(), true, 'nothing can be read yet');
  await drawer().getByTestId('no-logical').filter({ hasText: words.noAccountOfData }).waitFor();
  await look('no-logical');

  await page.goto(overview);
  await page.getByRole('note', { name: /Oracle/ }).waitFor();
  await page.getByTestId('credential-data').click();
  const form = drawer();
  await form.getByTestId('grants').filter({ hasText: "GRANT SELECT, SHOW VIEW, TRIGGER, EXECUTE ON *.* TO 'lifeboat';" }).waitFor();
  await form.locator('#credential-password').fill('not it');
  await button(words.test, form).click();
  await form.getByText(words.refusesUser).waitFor();
  await look('credential-refused');
  await form.locator('#credential-user').fill('root');
  await form.locator('#credential-password').fill('');
  await button(words.test, form).click();
  await form.getByText(words.allPassed).waitFor();
  await look('credential-tested');
  await button(words.save, form).click();
  await page.getByTestId('credential-data').filter({ hasText: 'root' }).waitFor();
  await look('credential-kept');

  await (await methods()).check();
  await drawer().getByTestId('object-reason').filter({ hasText: 'Oracle' }).waitFor();
  await drawer().getByText(words.oneTenant).waitFor();
  await look('logical-objects');

  await page.goto(overview);
  await page.getByTestId('credential-data').click();
  await button(words.removeCredential, drawer()).click();
  await confirm(words.removeCredential);
  await page.getByTestId('credential-data').filter({ hasNotText: 'root' }).waitFor();
}

async function upgrading() {
  await simulator.control('POST', '/faults', { name: 'upgrade_mode', cluster: 'new' });
  await page.goto(`${lifeboat.url}/clusters/${ids.new}`);
  await button(words.refresh).click();
  await page.getByText(words.upgrading).first().waitFor();
  await page.getByRole('link', { name: words.backup, exact: true }).click();
  await page.getByRole('alert').first().waitFor();
  assert.equal(await button(words.backUpNow).isDisabled(), true, 'nothing begins while the cluster is upgraded');
  await look('upgrading');
  await simulator.control('DELETE', '/faults');
  await page.goto(`${lifeboat.url}/clusters/${ids.new}`);
  await button(words.refresh).click();
  await page.locator('.status-good').first().waitFor();
}

async function fiveHundredTenants() {
  await page.goto(`${lifeboat.url}/clusters/${ids.many}`);
  await page.getByRole('cell', { name: 'tenant_0', exact: true }).waitFor();
  assert.ok((await page.locator('.ant-table-row:visible').count()) < 60, 'a page of tenants, not all of them');
  await look('many-overview');
  await page.getByRole('link', { name: words.backup, exact: true }).click();
  await button(words.backUpNow).click();
  await drawer().locator('.object-name').filter({ hasText: 'tenant_1' }).first().waitFor();
  assert.ok((await drawer().locator('.ant-tree-treenode').count()) < 60, 'what is not seen is not drawn');
  await drawer().getByLabel(words.findObject).fill('tenant_499');
  await drawer().locator('.object-name').filter({ hasText: exactly('tenant_499') }).waitFor();
  await look('many-objects');
  await page.keyboard.press('Escape');
}

/** Years of tasks: the page opens, filters and pages as fast as on the first day. */
async function tenThousandTasks() {
  const failed = async () => (await lifeboat.api('GET', '/api/v2/tasks/instances?status=FAILED')).contents.length > 0;
  if (!(await failed())) {
    await lifeboat.api('POST', `/api/v2/ob/clusters/${ids.new}/backup/backupNow`, {
      backupMode: 'PHYSICAL_BACKUP', dataBackupMode: 'INCREMENTAL_BACKUP',
      obBackupServiceStorageConfig: { obBackupStorageBaseInfo: { backupStorageType: 'BACKUP_STORAGE_FILE', storageUrl: lifeboat.backups } },
    });
    await until('a task has failed', failed);
  }
  const script = fileURLToPath(new URL('many-tasks.py', import.meta.url));
  const newest = Number(execFileSync('python3', [script, lifeboat.metadata, String(TASKS)]));
  const shown = (n) => page.locator(`.ant-table-row a[href$="/tasks/${n}"]`).first().waitFor({ timeout: PATIENCE_MS });
  const rows = page.locator('.ant-table-row:visible');

  await page.goto(`${lifeboat.url}/tasks`);
  await shown(newest);
  assert.equal(await rows.count(), 20, 'a page of tasks, not all of them');
  await look('many-tasks');
  await page.locator('.ant-pagination-item').last().click();
  await shown(1);
  await page.locator('.filter-status').last().click();
  await page.locator('.ant-select-item-option').filter({ hasText: words.failed }).click();
  await shown(newest);
  await until('only failed tasks are listed', async () => (await rows.locator('.status-bad').count()) === 20, PATIENCE_MS / 1000);
  await look('many-tasks-failed');

  await page.goto(`${lifeboat.url}/tasks/${newest}`);
  const lanes = page.locator('.lanes .step-button');
  await lanes.filter({ hasText: 'many_7' }).first().waitFor({ timeout: PATIENCE_MS });
  assert.ok((await lanes.count()) < 20, 'of 500 tenants those are listed that want to be looked at');
  await page.getByTestId('log').waitFor();
  await look('task-of-many-tenants');
  await page.goto(`${lifeboat.url}/clusters`);
  await page.getByRole('link', { name: 'new', exact: true }).waitFor({ timeout: PATIENCE_MS });
}

async function serverKilled() {
  await page.goto(`${lifeboat.url}/clusters`);
  await page.getByRole('link', { name: 'new', exact: true }).waitFor();
  await lifeboat.kill();
  await page.getByText(words.disconnected).waitFor();
  await look('server-killed');
  await page.getByRole('link', { name: words.tasks, exact: true }).click();
  await page.getByRole('heading', { name: words.tasks, level: 1 }).waitFor();
  await lifeboat.start();
  await page.getByText(words.disconnected).waitFor({ state: 'hidden', timeout: 60_000 });
  await page.locator('.ant-table-row:visible').first().waitFor();
  await look('server-back');
}

/** Measures the files that a browser loads until the first page can be read. Files loaded later do not count. */
async function weighFirstPage() {
  const bytes = await page.evaluate(() => {
    const [ahead] = performance.getEntriesByName('loads-ahead');
    return [...performance.getEntriesByType('resource'), ...performance.getEntriesByType('navigation')]
      .filter(({ name, startTime }) => !name.includes('/api/') && startTime < ahead.startTime)
      .map(({ name, encodedBodySize }) => [name, encodedBodySize]);
  });
  const sum = (entries) => entries.reduce((total, [, size]) => total + size, 0);
  const total = sum(bytes);
  console.log(`${language}: the list of clusters is ${Math.round(total / 1000)} kB, fonts included`);
  const heaviest = bytes.sort(([, a], [, b]) => b - a).slice(0, 8);
  assert.ok(total < 400_000, `the list of clusters is ${total} bytes: ${heaviest.join(' ')}`);
}

const only = process.env.WALK_ONLY?.split(',');
async function part(name, walk) {
  if (!only || only.includes(name)) await walk();
}

try {
  await begin();
  await weighFirstPage();
  await part('data', fullAndIncremental);
  await part('logs', logBackup);
  await part('compaction', () => compactionNeeded('old'));
  await part('oldest', () => compactionNeeded('oldest'));
  await part('steering', steering);
  await part('credentials', credentials);
  await part('upgrading', upgrading);
  await part('viewer', viewer);
  await part('many', fiveHundredTenants);
  await part('history', tenThousandTasks);
  await part('killed', serverKilled);
  assert.deepEqual(barriers, [], 'axe found barriers');
  assert.deepEqual(faults, [], 'the browser complained');
  console.log(`${language}: the walk is done`);
} catch (error) {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/failure-physical-${language}.png` }).catch(() => {});
  console.error(`${language}: at ${page.url()}\n${(await page.locator('body').innerText().catch(() => '')).slice(0, 2500)}`);
  console.error([...barriers, ...faults].join('\n'), lifeboat.tail());
  throw error;
} finally {
  await close();
  await lifeboat.close();
  simulator.close();
}
