// A DBA's work with the backup strategies of a cluster of OceanBase 4.x (WALK_VERSION): create one, check its
// defaults in
// Back up Now, watch a run, modify and pause it, and see the missed run with its reason.
import assert from 'node:assert/strict';

import { openBrowser, picture, seriousFindings } from './browser.mjs';
import { PASSWORD, startLifeboat, startSimulator, until } from './servers.mjs';
import { STRATEGY_WORDS, WORDS } from './words.mjs';

const language = process.env.WALK_LANGUAGE;
const words = { ...WORDS[language], ...STRATEGY_WORDS[language] };

/** The minimum time between the end of the form and the due time. */
const AHEAD_S = 45;

/** How long to wait for a due time and its run. */
const RUN_MS = 300_000;

const simulator = await startSimulator(
  process.env.LIFEBOAT_SIM_BINARY,
  [{ name: 'prod', id: 11, version: process.env.WALK_VERSION, zones: 3, tenants: [{ name: 'shop', data_mib: 64 }, { name: 'crm', data_mib: 64 }] }],
  ['--speed', '60'],
);
const lifeboat = await startLifeboat(process.env.LIFEBOAT_BINARY);
const { page, faults, expected, close } = await openBrowser({ url: lifeboat.url, locale: language === 'zh' ? 'zh-CN' : 'en-US' });
// The browser itself logs every refused call in its console.
expected.push(/status of 40[019]/);
const barriers = [];
// The design system puts a space between the two Chinese characters of a button.
const exactly = (name) => new RegExp(`(^|\\s)${[...name].map((sign) => sign.replace(/[.*+?^${}()|[\]\\&]/g, '\\$&')).join('\\s?')}\\s*$`);
const button = (name, scope = page) => scope.getByRole('button', { name: exactly(name) });
const drawer = () => page.locator('.ant-drawer-content').last();
const dialog = () => page.locator('.ant-modal-content').last();
const status = (state) => page.locator(`[data-testid=strategy-status][data-status=${state}]`);
let backupPage;

async function look(name) {
  await picture(page, `strategies-${name}`, language);
  barriers.push(...(await seriousFindings(page)).map((finding) => `${name}: ${finding}`));
  console.log(`${language}: ${name}`);
}

/** Presses a button in the confirmation dialog. */
async function confirm(name) {
  await button(name, dialog()).click();
  await dialog().waitFor({ state: 'hidden' });
}

async function leaveDrawer() {
  await page.keyboard.press('Escape');
  await drawer().waitFor({ state: 'hidden' });
}

/** Returns a cron expression that is due once an hour, first at the next full minute that is far enough away. */
function dueSoon() {
  const due = new Date(Math.ceil((Date.now() + AHEAD_S * 1000) / 60_000) * 60_000);
  return `${due.getUTCMinutes()} * * * *`;
}

async function begin() {
  const { id } = await lifeboat.api('POST', '/api/v2/ob/clusters', {
    name: 'prod',
    addresses: [`127.0.0.1:${simulator.port('prod')}`],
    user: 'root@sys',
    password: '',
  });
  backupPage = `${lifeboat.url}/clusters/${id}/backup`;
  await page.goto(lifeboat.url);
  await page.getByLabel(words.user, { exact: true }).fill('admin');
  await page.getByLabel(words.password, { exact: true }).fill(PASSWORD);
  await button(words.logOn).click();
  await page.getByRole('link', { name: 'prod', exact: true }).waitFor();
}

/** Without a strategy, the tab and Back up Now lead to the form. */
async function withoutStrategy() {
  await page.goto(backupPage);
  await page.getByRole('tab', { name: words.tab }).click();
  await page.getByText(words.none, { exact: true }).waitFor();
  await look('none');
  await button(words.backUpNow).click();
  await drawer().getByText(words.notFilledIn).waitFor();
  await look('back-up-now-without');
  await button(words.createLink, drawer()).click();
  await drawer().getByText(words.objectHint).waitFor();
}

/** Every part of the form: the storage with its test, the grids, what the server refuses, and the next 30 runs. */
async function create() {
  const form = drawer();
  await form.getByTestId('planned-runs').waitFor();
  assert.equal(await form.locator('.planned li').count(), 30);
  await form.getByLabel(words.directory, { exact: true }).fill(lifeboat.backups);
  assert.equal(await button(words.submit, form).isDisabled(), true, 'a typed storage must be tested first');
  await button(words.test, form).click();
  await form.getByTestId('test-lines').waitFor();
  await form.getByText(words.allPassed).waitFor();
  await form.getByLabel(words.configName, { exact: true }).fill('nightly');
  await look('form');
  await form.locator('.day-grid').scrollIntoViewIfNeeded();
  await look('form-week');
  await form.getByText(words.month, { exact: true }).click();
  await form.locator('.day[data-day=L]').click();
  await form.locator('.day-grid').scrollIntoViewIfNeeded();
  await look('form-month');
  await form.getByText(words.cron, { exact: true }).first().click();
  await form.locator('#schedule-cron').fill('* * * * *');
  await form.getByTestId('refused-cron').waitFor();
  await form.getByTestId('refused-cron').scrollIntoViewIfNeeded();
  await look('form-refused');
  await form.locator('#schedule-cron').fill(dueSoon());
  await form.locator('.planned li').nth(29).waitFor();
  await form.getByTestId('planned-runs').scrollIntoViewIfNeeded();
  await look('form-planned');
  const cleanUp = form.getByTestId('clean-up-fields');
  await cleanUp.scrollIntoViewIfNeeded();
  await cleanUp.getByRole('checkbox').check();
  await form.getByTestId('deleted-at-once').waitFor();
  await look('form-clean-up');
  await cleanUp.getByRole('checkbox').uncheck();
  await look('form-thresholds');
  // The pictures took some time, so set a new due time.
  await form.locator('#schedule-cron').fill(dueSoon());
  await button(words.submit, form).click();
  await form.waitFor({ state: 'hidden' });
  await status('NORMAL').waitFor();
  await look('created');
}

async function filledIn() {
  await page.goto(`${backupPage}?backUpNow`);
  const form = drawer();
  await form.getByText(words.filledIn).waitFor();
  await form.getByText(/^nightly · /).waitFor();
  assert.equal(await button(words.backUpNow, form).isEnabled(), true, 'a saved storage needs no test');
  await look('back-up-now');
  await leaveDrawer();
}

/** Opens the runs of a day by keyboard, and goes back to all. */
async function openDay(state, status) {
  const day = page.locator(`.history .day-cell[data-state=${state}]`).last();
  await day.focus();
  await page.keyboard.press('Enter');
  const runs = page.locator('.day-runs');
  await runs.getByText(status, { exact: true }).first().waitFor();
  await look(`day-${state}`);
  await runs.locator('.section-head button').click();
  await runs.waitFor({ state: 'hidden' });
  assert.equal(await day.evaluate((cell) => cell === document.activeElement), true, 'the focus is back on the day');
}

async function run() {
  await page.goto(`${backupPage}?list=strategy`);
  const row = page.locator('.history .ant-table-row').first();
  await row.getByText(words.successful).waitFor({ timeout: RUN_MS });
  await look('run');
  await page.locator('.history .day-cell[data-state=good]').first().waitFor();
  await openDay('good', words.successful);
  await row.getByRole('link').click();
  await page.locator('[data-testid=task-status][data-status=SUCCESSFUL]').waitFor();
  const [task] = (await lifeboat.api('GET', '/api/v2/tasks/instances')).contents;
  assert.equal(task.type, 'SCHEDULED');
  await page.goto(`${backupPage}?list=tasks`);
  await page.getByRole('cell', { name: words.scheduled, exact: true }).first().waitFor();
  await look('scheduled-task');
}

async function modifyAndPause() {
  await page.goto(`${backupPage}?list=strategy`);
  await button(words.modify).click();
  const form = drawer();
  await form.locator('.planned li').nth(29).waitFor();
  await look('modify');
  await form.locator('#schedule-cron').fill(dueSoon());
  await button(words.submit, form).click();
  await form.waitFor({ state: 'hidden' });
  await button(words.pause).first().click();
  await dialog().waitFor();
  await confirm(words.pause);
  await status('PAUSED').waitFor();
  await button(words.remove).first().click();
  await dialog().getByText(words.setsStay).waitFor();
  await look('delete');
  await button(words.goBack, dialog()).click();
  await dialog().waitFor({ state: 'hidden' });
}

/** The run during the pause is missed, shows its reason, and is in the calendar. */
async function missed() {
  const row = page.locator('.history .ant-table-row').first();
  await row.getByText(words.missed, { exact: true }).waitFor({ timeout: RUN_MS });
  await row.getByText(words.whyMissed).waitFor();
  await page.locator('.history .day-cell[data-state=partly]').first().waitFor();
  await openDay('partly', words.missed);
  await look('missed');
  await page.locator('.history').scrollIntoViewIfNeeded();
  await look('missed-history');
  await page.goto(`${lifeboat.url}/backup`);
  await page.getByText(words.paused, { exact: true }).first().waitFor();
  await look('all-backups');
  await page.goto(`${backupPage}?list=strategy`);
  await button(words.resume).first().click();
  await dialog().waitFor();
  await look('resume');
  await confirm(words.resume);
  await page.locator('[data-testid=strategy-status]:not([data-status=PAUSED])').waitFor();
}

/** The run has started log backup, and its delay is sampled since then: a chart, and the same values as a table. */
async function logDelay() {
  await page.goto(`${backupPage}?list=logs`);
  await page.locator('.plot[data-state=drawn]').waitFor({ timeout: RUN_MS });
  await page.locator('.chart').scrollIntoViewIfNeeded();
  await look('log-delay');
  await page.locator('.chart-values summary').focus();
  await page.keyboard.press('Enter');
  await page.locator('.chart-values .ant-table-row').first().waitFor();
}

async function ofTenant() {
  await page.goto(`${backupPage}?list=strategy`);
  await button(words.forTenant).click();
  const form = drawer();
  await form.getByRole('combobox', { name: words.object }).click();
  await page.locator('.ant-select-item-option').filter({ hasText: 'crm' }).click();
  await button(words.submit, form).click();
  const row = page.locator('.tenant-strategies .ant-table-row').filter({ hasText: 'crm' });
  await row.waitFor();
  await row.locator('.ant-table-row-expand-icon-cell > *').click();
  await page.locator('.row-details .day-cells').waitFor();
  await row.scrollIntoViewIfNeeded();
  await look('tenant');
  await button(words.remove, row).click();
  await confirm(words.remove);
  await row.waitFor({ state: 'hidden' });
}

async function dark() {
  await page.evaluate(() => localStorage.setItem('lifeboat.appearance', 'dark'));
  await page.goto(`${backupPage}?list=strategy`);
  await page.locator('.history .day-cell').first().waitFor();
  await page.locator('.history').scrollIntoViewIfNeeded();
  await look('dark');
  await page.goto(`${backupPage}?modifyStrategy=cluster`);
  await drawer().locator('.planned li').nth(29).waitFor();
  await drawer().getByText(words.week, { exact: true }).click();
  await drawer().locator('.day-grid').scrollIntoViewIfNeeded();
  await look('form-dark');
}

try {
  await begin();
  await withoutStrategy();
  await create();
  await filledIn();
  await run();
  await modifyAndPause();
  await missed();
  await logDelay();
  await ofTenant();
  await dark();
  assert.deepEqual(barriers, [], 'axe found barriers');
  assert.deepEqual(faults, [], 'the browser complained');
  const runs = await until('the runs are there', async () => (await lifeboat.api('GET', `${new URL(backupPage).pathname.replace('/clusters', '/api/v2/ob/clusters')}/config/backupStrategy/runs`)).contents);
  assert.deepEqual(runs.slice(-2).map((each) => each.status), ['MISSED', 'SUCCESSFUL']);
  console.log(`${language}: the walk is done`);
} catch (error) {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/failure-strategies-${language}.png` }).catch(() => {});
  console.error(`${language}: at ${page.url()}\n${(await page.locator('body').innerText().catch(() => '')).slice(0, 2500)}`);
  console.error([...barriers, ...faults].join('\n'), lifeboat.tail());
  throw error;
} finally {
  await close();
  await lifeboat.close();
  simulator.close();
}
