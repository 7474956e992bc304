// The walk of a user who has just installed Lifeboat: log on, find the cluster, press Back up Now, watch the task,
// recover.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { openBrowser, picture, seriousFindings } from './browser.mjs';
import { WORDS } from './words.mjs';

const language = process.env.WALK_LANGUAGE;
const url = process.env.WALK_URL;
const data = process.env.WALK_DATA;
const database = process.env.WALK_DATABASE;
const words = WORDS[language];
const backups = join(data, 'backups');
const given = await firstPassword();
const chosen = 'a password of my own';

const { page, faults, expected, close } = await openBrowser({ url, locale: language === 'zh' ? 'zh-CN' : 'en-US' });
// The browser itself logs every refused call in its console.
expected.push(/status of 40[139]/);
const barriers = [];
const button = (name, scope = page) => scope.getByRole('button', { name: exactly(name) });
const drawer = () => page.locator('.ant-drawer-content').last();
// The design system puts a space between the two Chinese characters of a button.
function exactly(name) {
  return new RegExp(`(^|\\s)${[...name].map((sign) => sign.replace(/[.*+?^${}()|[\]\\&]/g, '\\$&')).join('\\s?')}\\s*$`);
}

async function firstPassword() {
  const file = join(data, 'data', 'initial-password');
  for (let left = 100; left > 0; left -= 1) {
    if (existsSync(file) && (await fetch(`${url}/healthz`).catch(() => undefined))?.ok) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return readFileSync(file, 'utf8').trim();
}

async function look(name) {
  await picture(page, name, language);
  barriers.push(...(await seriousFindings(page)).map((finding) => `${name}: ${finding}`));
  console.log(`${language}: ${name}`);
}

async function logOn() {
  await page.goto(url);
  await page.getByLabel(words.user, { exact: true }).fill('admin');
  await page.getByLabel(words.password, { exact: true }).fill('not the password');
  await button(words.logOn).click();
  assert.match(await page.getByRole('alert').first().innerText(), words.wrong);
  await look('log-on-wrong');
  await page.getByLabel(words.password, { exact: true }).fill(given);
  await button(words.logOn).click();
  await page.getByRole('heading', { name: words.activate }).waitFor();
  await look('activate');
  await page.getByLabel(words.newPassword, { exact: true }).fill(chosen);
  await page.getByLabel(words.repeat, { exact: true }).fill(chosen);
  await button(words.setPassword).click();
}

async function takeOver() {
  await button(words.takeOver).waitFor();
  await look('clusters-empty');
  await button(words.takeOver).click();
  await drawer().getByLabel(words.name, { exact: true }).fill('orders');
  await drawer().getByLabel(words.addresses, { exact: true }).fill(process.env.WALK_SEEKDB);
  await page.keyboard.press('Enter');
  await drawer().getByLabel(words.clusterUser, { exact: true }).fill('root');
  await drawer().getByText(words.someFailed).waitFor();
  await look('take-over-wrong-password');
  await drawer().getByLabel(words.password, { exact: true }).fill(readFileSync(process.env.WALK_SEEKDB_PASSWORD_FILE, 'utf8').trim());
  await drawer().getByText(words.allPassed).waitFor();
  await look('take-over');
  await button(words.takeOverSubmit, drawer()).click();
  await page.getByRole('heading', { name: 'orders' }).waitFor();
}

async function toBackup() {
  await page.getByRole('link', { name: words.clusters, exact: true }).first().click();
  await page.getByRole('heading', { name: words.clusters, level: 1 }).waitFor();
  await page.getByRole('link', { name: 'orders', exact: true }).waitFor();
  await look('clusters');
  await page.getByRole('link', { name: 'orders', exact: true }).click();
  await page.getByRole('heading', { name: 'orders' }).waitFor();
  await page.getByRole('cell', { name: 'sys', exact: true }).waitFor();
  await look('overview');
  await page.getByRole('link', { name: words.backup, exact: true }).click();
  await button(words.backUpNow).waitFor();
}

async function backUp() {
  await look('backup-empty');
  await button(words.backUpNow).click();
  const form = drawer();
  for (const label of [words.objects, words.version, words.backupCluster, words.method, words.storage, words.mode]) {
    await form.getByText(label, { exact: true }).first().waitFor();
  }
  await form.getByText(words.logical, { exact: true }).waitFor();
  await chooseDatabase(form);
  const start = button(words.backUpNow, form);
  assert.equal(await start.isDisabled(), true, 'nothing can start before there is a storage');
  await form.getByText(words.typed, { exact: true }).click();
  await form.getByLabel(words.directory, { exact: true }).fill('/etc/not-allowed');
  await button(words.test, form).click();
  await form.getByText(words.someFailed).or(form.getByRole('alert')).first().waitFor();
  assert.equal(await start.isDisabled(), true, 'a typed storage must be tested first');
  await look('back-up-now-wrong-storage');
  await form.getByLabel(words.directory, { exact: true }).fill(backups);
  await button(words.test, form).click();
  await form.getByText(words.allPassed).waitFor();
  assert.ok((await form.locator('.test-line').count()) >= 4, 'a line per check');
  assert.equal(await form.getByText(words.incremental, { exact: true }).count(), 0, 'logical backup offers only full');
  await form.getByText(words.full, { exact: true }).click();
  await button(words.plan, form).click();
  await form.getByTestId('plan').waitFor();
  assert.deepEqual(readdirSync(backups), [], 'a plan and a test leave nothing behind');
  await look('back-up-now');
  await start.click();
}

// A node of the object tree, by its name or by a pattern.
function treeNode(form, name) {
  const title = page.locator('.object-name', { hasText: typeof name === 'string' ? exactly(name) : name });
  return form.locator('.ant-tree-treenode').filter({ has: title });
}

async function chooseDatabase(form) {
  const node = (name) => treeNode(form, name);
  await node('orders').locator('.ant-tree-checkbox').click();
  await node('sys').locator('.ant-tree-switcher').click();
  await node(database).waitFor();
  await node(database).locator('.ant-tree-checkbox').click();
  await node(database).locator('.ant-tree-switcher').click();
}

async function watchTask(name, shown = words.successful) {
  await page.waitForURL(/\/tasks\/\d+$/);
  const status = page.getByTestId('task-status');
  await status.waitFor();
  if (name === 'task') await look('task-running');
  await status.filter({ hasText: shown }).waitFor({ timeout: 120_000 });
  await page.locator('.log-line').first().waitFor();
  await look(name);
}

async function checkTask() {
  const titles = await page.locator('.step-title, .step > .step-button .step-name').allInnerTexts();
  if (words.steps.length) assert.deepEqual(titles, words.steps);
  assert.equal(titles.length, 8, titles.join(', '));
  assert.ok(readdirSync(backups).length > 0, 'the backup lies where it was sent');
  await page.getByRole('link', { name: 'orders', exact: true }).first().click();
  await page.getByRole('cell', { name: words.successful }).first().waitFor();
  await page.locator('tr.ant-table-row td.ant-table-row-expand-icon-cell').first().locator('> *').click();
  await look('backup-tasks');
  await page.getByRole('tab', { name: words.backupSets }).click();
  await button(words.recover).waitFor();
  await look('backup-sets');
}

// The whole set is selected; `choose` changes the selection.
async function recover(picture, choose = async () => {}, ends = words.successful) {
  await button(words.recover).click();
  const form = drawer();
  await treeNode(form, database).waitFor();
  await choose(form);
  const target = `${database}_again_${Date.now()}`;
  await button(words.addRename, form).click();
  await form.getByLabel(words.oldName, { exact: true }).fill(database);
  await form.getByLabel(words.newName, { exact: true }).fill(target);
  await button(words.plan, form).click();
  await form.getByTestId('plan').waitFor();
  await look(picture);
  await button(words.initiateRecovery, form).click();
  await watchTask(`${picture}-task`, ends);
  return tablesOf(target);
}

async function recoverOneTable() {
  await page.goto(`${url}/clusters/1/backup`);
  await page.getByRole('tab', { name: words.backupSets }).click();
  const found = await recover('recovery-table', async (form) => {
    await treeNode(form, words.set).locator('.ant-tree-checkbox').click();
    assert.equal(await button(words.initiateRecovery, form).isDisabled(), true, 'nothing is chosen');
    await treeNode(form, database).locator('.ant-tree-switcher').click();
    await treeNode(form, 'orders').locator('.ant-tree-checkbox').click();
    await form.getByText(words.tablesHint).waitFor();
    await form.locator('.objects').scrollIntoViewIfNeeded();
    await look('recovery-tree');
  }, words.partial); // its foreign key needs a table that was not selected
  assert.deepEqual(found.map(({ name }) => name), ['orders'], 'one table came back, and nothing else');
  await page.goto(`${url}/clusters/1/backup`);
  await page.getByRole('tab', { name: words.recoveryTasks }).click();
  const restores = page.getByRole('tabpanel', { name: words.recoveryTasks });
  await restores.locator('tr.ant-table-row td.ant-table-row-expand-icon-cell').first().locator('> *').click();
  await page.getByText(/\(orders\)$/).waitFor();
  await look('recovery-tasks');
}

// Returns the current tables of a database, as the server reads them.
async function tablesOf(target) {
  const answer = await page.evaluate(
    (path) => fetch(path).then((response) => response.json()),
    `/api/v2/ob/clusters/1/tenants/1/databases/${target}/tables`,
  );
  return answer.data.contents;
}

async function theRest() {
  await page.goto(`${url}/storages`);
  await button(words.create).first().click();
  await drawer().getByLabel(words.configName, { exact: true }).fill('nightly');
  await drawer().getByLabel(words.directory, { exact: true }).fill(backups);
  await button(words.test, drawer()).click();
  await drawer().getByText(words.allPassed).waitFor();
  await look('storage-drawer');
  await button(words.save, drawer()).click();
  await page.getByRole('cell', { name: 'nightly' }).waitFor();
  await look('storages');
  for (const [path, name] of [['/backup', 'all-backups'], ['/backup/tenants', 'tenant-protection'], ['/backup/sets', 'all-sets'], ['/clusters/1/tenants/1', 'tenant'], ['/tasks', 'tasks'], ['/system', 'system']]) {
    await page.goto(url + path);
    await page.locator('.ant-table-row, .facts').first().waitFor();
    await page.waitForTimeout(300);
    await look(name);
  }
  await page.evaluate(() => localStorage.setItem('lifeboat.appearance', 'dark'));
  await page.goto(`${url}/clusters`);
  await page.getByRole('link', { name: 'orders', exact: true }).waitFor();
  await look('clusters-dark');
  await page.goto(`${url}/tasks/1`);
  await page.locator('.log-line').first().waitFor();
  await look('task-dark');
  await page.goto(`${url}/clusters/1/backup?backUpNow`);
  await page.locator('.object-name').first().waitFor();
  await look('back-up-now-dark');
  await page.keyboard.press('Escape');
  await drawer().waitFor({ state: 'hidden' });
}

async function logOff() {
  await page.getByRole('button', { name: new RegExp(`^${words.account}`) }).click();
  await page.getByRole('menuitem', { name: words.logOff }).click();
  await page.getByLabel(words.user, { exact: true }).waitFor();
  const cookies = await page.context().cookies(`${url}/api/`);
  assert.deepEqual(cookies, [], 'the cookie is gone');
  await page.getByLabel(words.user, { exact: true }).fill('admin');
  await page.getByLabel(words.password, { exact: true }).fill(chosen);
  await button(words.logOn).click();
  await page.getByRole('link', { name: 'orders', exact: true }).waitFor();
}

try {
  await logOn();
  await takeOver();
  await toBackup();
  await backUp();
  await watchTask('task');
  await checkTask();
  assert.ok((await recover('recovery')).length >= 5, 'all tables came back');
  await recoverOneTable();
  await theRest();
  await logOff();
  assert.deepEqual(barriers, [], 'axe found barriers');
  assert.deepEqual(faults, [], 'the browser complained');
  console.log(`${language}: the walk is done`);
} catch (error) {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, `failure-${language}.png`) }).catch(() => {});
  console.error(`${language}: at ${page.url()}\n${(await page.locator('body').innerText().catch(() => '')).slice(0, 1500)}`);
  console.error([...barriers, ...faults].join('\n'));
  throw error;
} finally {
  await close();
}
