import { me, network, type Answers, type Call } from '../../testing/network';

import { expect, test, vi } from 'vitest';
import { page, userEvent } from 'vitest/browser';

import type { Cluster } from '../../api/types';
import { cluster, run, strategy } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import { dateOf } from './days';
import { StrategyTab } from './StrategyTab';

const PATH = '/ob/clusters/7/backup/config/backupStrategy';
const list = (...contents: unknown[]) => ({
  data: { contents, page: { number: 1, size: 2000, totalElements: contents.length, totalPages: 1 }, unreadable: [] as unknown[] },
});
const paused = strategy({ nextRun: null, backupScheduleStatus: 'PAUSED' });
paused.obBackupScheduleConfig = { ...paused.obBackupScheduleConfig, backupScheduleEnabled: false };

/** Yesterday at noon: a moment of one day wherever the test runs. */
const yesterday = new Date();
yesterday.setDate(yesterday.getDate() - 1);
yesterday.setHours(12, 0, 0, 0);
const MISSED = run({
  dueTime: yesterday.toISOString(),
  status: 'MISSED',
  dataBackupMode: null,
  taskId: null,
  finishTime: null,
  reason: { id: 'run-hindered-paused', message: 'The strategy is paused' },
});

function open(answers: Answers, permissions = ['BACKUP'], part: Partial<Cluster> = {}) {
  const calls = network({
    ...me(...permissions),
    'GET /backup/strategies': list(strategy()),
    [`GET ${PATH}/runs`]: list(),
    [`POST ${PATH}/stopSchedule`]: { data: {} },
    [`POST ${PATH}/startSchedule`]: { data: {} },
    [`DELETE ${PATH}`]: { data: {} },
    ...answers,
  });
  const handlers = { onNew: vi.fn(), onModify: vi.fn() };
  stage(<StrategyTab cluster={cluster({ generation: 'GEN4', ...part })} {...handlers} />);
  return { calls, ...handlers };
}

const button = (name: string) => page.getByRole('button', { name, exact: true });
const dialog = () => page.getByRole('dialog');

test('a cluster without a strategy leads to the form', async () => {
  const asked: Array<string | null> = [];
  const { onNew } = open({
    'GET /backup/strategies': (query) => {
      asked.push(query.get('clusterId'));
      return list();
    },
  });
  await expect.element(page.getByText('This cluster has no backup strategy')).toBeVisible();
  await page.getByRole('button', { name: 'New Backup Strategy' }).click();
  expect(onNew).toHaveBeenCalledOnce();
  expect(asked).toEqual(['7']);
});

test('a strategy shows what it does and what comes next', async () => {
  open({ [`GET ${PATH}/nextRuns`]: { data: { contents: [strategy().nextRun], lastDayContinues: false } } });
  const shown = page.getByTestId('cluster-strategy');
  for (const words of ['Normal', '2026-11-29 Sun 02:00', 'Full: Sun', 'Incremental: Wed', 'nightly', 'eva']) {
    await expect.element(shown).toHaveTextContent(words);
  }
  await button('Show the next 30 runs').click();
  await expect.element(page.getByTestId('planned-runs')).toHaveTextContent('2026-11-29 Sun 02:00');
});

test('a strategy that breaks a newer rule is shown with the rule, and can be modified', async () => {
  const words = { id: 'schedule-window-too-short', message: 'The quiet window from 09:00:00 until 09:00:30 lasts less than a minute', action: 'Remove the window.' };
  const { onModify } = open({ 'GET /backup/strategies': list(strategy({ invalid: words })) });
  await expect.element(page.getByTestId('strategy-status')).toHaveTextContent('NormalInvalid');
  const note = page.getByTestId('invalid-strategy');
  await expect.element(note).toHaveTextContent('lasts less than a minute');
  await expect.element(note).toHaveTextContent('Remove the window.');
  await button('Modify').click();
  expect(onModify).toHaveBeenCalledOnce();
});

test('the retention of a strategy shows, also of a tenant’s in the list, and it is paused only where that is chosen', async () => {
  const usual = strategy().obBackupScheduleConfig;
  const config = { ...usual, cleanEnabled: true, backupDataRetentionDays: 14, cleanScheduleTime: '04:30:00' };
  const logical = strategy({ backupMode: 'LOGICAL_BACKUP', obBackupScheduleConfig: config });
  const own = '/ob/clusters/7/tenants/1001/backup/config/backupStrategy';
  const { calls } = open({
    'GET /backup/strategies': list(logical, { ...logical, strategyId: 6, tenantId: 1001, tenantName: 'shop' }),
    [`GET ${own}/runs`]: list(),
  });
  const shown = page.getByTestId('cluster-strategy');
  await expect.element(shown).toHaveTextContent('14 days; deleted daily at 04:30 Asia/Shanghai');
  await expect.element(page.getByRole('row').filter({ hasText: 'shop' })).toHaveTextContent('14 days');
  await shown.getByRole('button', { name: 'Pause' }).click();
  await expect.element(logChoice()).not.toBeInTheDocument();
  await dialog().getByRole('checkbox', { name: 'Also pause clean-up' }).click();
  await dialog().getByRole('button', { name: 'Pause' }).click();
  await expect.poll(() => pauseBodies(calls)).toEqual([{ pauseLogBackup: false, pauseCleanUp: true }]);
});

test('the clean-up of a physical strategy is by the database, and a pause does not offer to pause it', async () => {
  const usual = strategy().obBackupScheduleConfig;
  const config = { ...usual, cleanEnabled: true, backupDataRetentionDays: 14 };
  open({ 'GET /backup/strategies': list(strategy({ obBackupScheduleConfig: config })) });
  const shown = page.getByTestId('cluster-strategy');
  await expect.element(shown).toHaveTextContent('14 days; deleted by the database');
  await shown.getByRole('button', { name: 'Pause' }).click();
  await expect.element(dialog()).toBeVisible();
  await expect.element(dialog().getByRole('checkbox', { name: 'Also pause clean-up' })).not.toBeInTheDocument();
});

test('a strategy without clean-up says that all is kept, and a physical one that Lifeboat deletes nothing', async () => {
  open({
    'GET /backup/strategies': list(strategy(), strategy({ backupMode: 'LOGICAL_BACKUP', strategyId: 6, tenantId: 1001, tenantName: 'shop' })),
    'GET /ob/clusters/7/tenants/1001/backup/config/backupStrategy/runs': list(),
  });
  await expect.element(page.getByTestId('cluster-strategy')).toHaveTextContent('Not by Lifeboat');
  await page.getByRole('row').filter({ hasText: 'shop' }).getByRole('button', { name: 'Expand row' }).click();
  await expect.element(page.getByText('Off: all backup sets are kept')).toBeVisible();
});

test('a run that is due and waits shows in the status, also after a run that failed', async () => {
  open({
    'GET /backup/strategies': list(strategy({ lastRun: run({ status: 'FAILED' }), backupScheduleStatus: 'WAITING' })),
  });
  await expect.element(page.getByTestId('strategy-status')).toHaveTextContent('Waiting');
});

test('a strategy whose last run failed is abnormal', async () => {
  open({ 'GET /backup/strategies': list(strategy({ lastRun: run({ status: 'FAILED' }), backupScheduleStatus: 'ABNORMAL' })) });
  await expect.element(page.getByTestId('strategy-status')).toHaveTextContent('Abnormal');
});

test('the list of runs has the missed ones with their reason, and the others with their task', async () => {
  open({ [`GET ${PATH}/runs`]: list(MISSED, run()) });
  const row = page.getByRole('row').filter({ hasText: 'Missed' });
  await expect.element(row).toHaveTextContent('The strategy is paused');
  await expect.element(page.getByRole('link', { name: '12', exact: true })).toHaveAttribute('href', '/tasks/12');
});

const calendar = () => page.getByRole('region', { name: 'The last 90 days' });
const cells = () => calendar().getByRole('gridcell').getByRole('button');
const dayOf = (back: number) => dateOf(new Date(yesterday.getFullYear(), yesterday.getMonth(), yesterday.getDate() + 1 - back));
const cellOf = (back: number) => calendar().element().querySelector<HTMLButtonElement>(`[data-day="${dayOf(back)}"]`);

test('the calendar has a cell for each day and says what became of its runs', async () => {
  open({ [`GET ${PATH}/runs`]: list(MISSED) });
  await expect.poll(() => cells().elements().length).toBe(90);
  expect([cellOf(1)?.dataset.state, cellOf(0)?.dataset.state]).toEqual(['missed', 'none']);
  expect(cellOf(1)?.getAttribute('aria-label')).toBe(`${dayOf(1)}: Missed (1 missed)`);
  await expect.element(calendar().getByRole('row').filter({ hasText: 'Monday' })).toBeInTheDocument();
});

test('a run whose task waits in the queue shows for what, in the list, as the last one and in the calendar', async () => {
  const reason = { id: 'waits', message: 'Waits for another data backup of this cluster (task 26)' };
  const waits = run({ dueTime: yesterday.toISOString(), status: 'WAITING', finishTime: null, taskId: 27, reason });
  open({ 'GET /backup/strategies': list(strategy({ lastRun: waits })), [`GET ${PATH}/runs`]: list(waits) });
  const row = page.getByRole('row').filter({ hasText: reason.message });
  await expect.element(row).toHaveTextContent('Waiting');
  await expect.element(row.getByRole('link', { name: '27', exact: true })).toHaveAttribute('href', '/tasks/27');
  await expect.poll(() => page.getByText(reason.message).elements().length).toBe(2);
  await expect.poll(() => cellOf(1)?.dataset.state).toBe('waiting');
  expect(cellOf(1)?.getAttribute('aria-label')).toBe(`${dayOf(1)}: Waiting (1 waiting)`);
});

test('a run that is due and has no task shows why', async () => {
  const reason = { id: 'run-hindered-unreachable', message: 'The cluster does not answer' };
  open({ 'GET /backup/strategies': list(strategy({ waitingRun: { dueTime: yesterday.toISOString(), reason } })) });
  await expect.element(page.getByText('Waiting Run', { exact: true })).toBeVisible();
  await expect.element(page.getByText(reason.message)).toBeVisible();
});

test('a day of the calendar lists its runs alone, and all runs come back', async () => {
  const other = run({ dueTime: new Date(yesterday.getTime() - 3 * 86_400_000).toISOString(), status: 'FAILED', taskId: 13 });
  open({ [`GET ${PATH}/runs`]: list(MISSED, other) });
  await expect.poll(() => cells().elements().length).toBe(90);
  cellOf(1)?.click();
  const runs = page.getByRole('region', { name: `Runs of ${dayOf(1)}` });
  await expect.element(runs).toHaveTextContent('The strategy is paused');
  expect(runs.getByRole('link', { name: '13' }).elements()).toEqual([]);
  expect(document.activeElement?.textContent).toBe(`Runs of ${dayOf(1)}`);
  expect(cellOf(1)?.getAttribute('aria-pressed')).toBe('true');
  await button('Show all runs').click();
  await expect.element(page.getByRole('link', { name: '13', exact: true })).toBeVisible();
  expect(document.activeElement).toBe(cellOf(1));
});

test('a day without runs says so', async () => {
  open({ [`GET ${PATH}/runs`]: list(MISSED) });
  await expect.poll(() => cells().elements().length).toBe(90);
  cellOf(0)?.click();
  await expect.element(page.getByText('No run was due on this day')).toBeVisible();
});

test('one cell of the calendar is in the tab order, arrow keys reach the others, and Enter opens a day', async () => {
  open({ [`GET ${PATH}/runs`]: list(MISSED) });
  await expect.poll(() => cells().elements().length).toBe(90);
  expect(cells().elements().filter((cell) => (cell as HTMLElement).tabIndex === 0)).toEqual([cellOf(0)]);
  cellOf(0)?.focus();
  await userEvent.keyboard('{ArrowUp}');
  expect(document.activeElement).toBe(cellOf(1));
  await userEvent.keyboard('{ArrowLeft}');
  expect(document.activeElement).toBe(cellOf(8));
  await userEvent.keyboard('{ArrowRight}{Enter}');
  await expect.element(page.getByRole('region', { name: `Runs of ${dayOf(1)}` })).toBeVisible();
});

test('runs that can’t be read show why, with the way to try again', async () => {
  open({ [`GET ${PATH}/runs`]: { status: 500, error: { id: 'metadata-unreadable', message: 'The metadata can’t be read' } } });
  await expect.element(calendar().getByRole('alert')).toHaveTextContent('The metadata can’t be read');
  await expect.element(calendar().getByRole('button', { name: 'Reload' })).toBeVisible();
});

test('the calendar reads as many pages of runs as the days have, and none from before', async () => {
  const old = run({ dueTime: new Date(yesterday.getTime() - 5 * 86_400_000).toISOString(), status: 'FAILED' });
  const asked: Array<string | null> = [];
  const paged = (query: URLSearchParams) => {
    const number = Number(query.get('page'));
    if (query.get('size') === '2000') asked.push(query.get('startTime'));
    return { data: { contents: number === 2 ? [old] : [MISSED], page: { number, size: 2000, totalElements: 2, totalPages: 2 } } };
  };
  open({ [`GET ${PATH}/runs`]: paged });
  await expect.poll(() => cellOf(6)?.dataset.state).toBe('failed');
  expect(asked.length).toBe(2);
  expect((Date.now() - Date.parse(asked[0] ?? '')) / 86_400_000).toBeCloseTo(91, 1);
});

test('a strategy is paused only after the dialog has said what that means', async () => {
  const { calls } = open({});
  await button('Pause').click();
  await expect.element(dialog()).toHaveTextContent('Runs that are due during the pause are recorded as missed.');
  expect(calls.some(({ call }) => call === `POST ${PATH}/stopSchedule`)).toBe(false);
  await dialog().getByRole('button', { name: 'Pause' }).click();
  await expect.poll(() => calls.some(({ call }) => call === `POST ${PATH}/stopSchedule`)).toBe(true);
});

const logChoice = () => dialog().getByRole('checkbox', { name: 'Also pause log backup' });
const pauseBodies = (calls: Call[]) => calls.filter(({ call }) => call === `POST ${PATH}/stopSchedule`).map(({ body }) => body);

test('log backup is paused with the strategy only where that is chosen', async () => {
  const { calls } = open({});
  await button('Pause').click();
  await expect.element(logChoice()).not.toBeChecked();
  await dialog().getByRole('button', { name: 'Pause' }).click();
  await expect.poll(() => pauseBodies(calls)).toEqual([{ pauseLogBackup: false, pauseCleanUp: false }]);
  await expect.element(dialog()).not.toBeInTheDocument();
  await button('Pause').click();
  await logChoice().click();
  await dialog().getByRole('button', { name: 'Pause' }).click();
  await expect.poll(() => pauseBodies(calls)).toEqual([
    { pauseLogBackup: false, pauseCleanUp: false },
    { pauseLogBackup: true, pauseCleanUp: false },
  ]);
});

test('a refusal to pause log backup shows in the server’s words, and the task that pauses it can be watched', async () => {
  let isBusy = true;
  const task = { beSuccessful: true, taskIdList: [31], obBackupObjectList: [] };
  open({
    [`POST ${PATH}/stopSchedule`]: () =>
      isBusy
        ? { status: 409, error: { id: 'log-backup-runs-already', message: 'Log backup is being changed', action: 'Wait for task 30.' } }
        : { data: { obBackupTaskType: 'PAUSE_LOG_BACKUP', backupObjectOpsResultList: [task] } },
  });
  const pause = async () => {
    await button('Pause').click();
    await logChoice().click();
    await dialog().getByRole('button', { name: 'Pause' }).click();
  };
  await pause();
  await expect.element(page.getByText('Wait for task 30.')).toBeVisible();
  await expect.element(dialog()).not.toBeInTheDocument();
  isBusy = false;
  await pause();
  await page.getByRole('button', { name: 'View task 31' }).click();
  await expect.element(page.getByTestId('place')).toHaveTextContent('/tasks/31');
});

test('a logical strategy and a cluster before 4.0 offer no pause of log backup', async () => {
  for (const [shown, generation] of [[strategy({ backupMode: 'LOGICAL_BACKUP' }), 'GEN4'], [strategy(), 'GEN3']] as const) {
    open({ 'GET /backup/strategies': list(shown) }, ['BACKUP'], { generation });
    await button('Pause').click();
    await expect.element(dialog()).toHaveTextContent('Running backup tasks and log backup continue.');
    expect(logChoice().elements()).toEqual([]);
    await dialog().getByRole('button', { name: 'Cancel' }).click();
    await expect.element(dialog()).not.toBeInTheDocument();
    document.body.replaceChildren();
  }
});

const UNREADABLE = {
  strategyId: 9,
  clusterId: 7,
  clusterName: 'prod',
  tenantId: null,
  tenantName: null,
  backupDimension: 'CLUSTER',
  reason: { id: 'strategy-unreadable', message: 'The settings of backup strategy 9 cannot be read', action: 'Delete it and create a new one.' },
};

test('a strategy that cannot be read shows why and is deleted like another one', async () => {
  let isDeleted = false;
  const found = list();
  const { calls } = open({
    'GET /backup/strategies': () => ({ data: { ...found.data, unreadable: isDeleted ? [] : [UNREADABLE] } }),
    [`DELETE ${PATH}`]: () => {
      isDeleted = true;
      return { data: {} };
    },
  });
  const row = page.getByRole('region', { name: 'Unreadable Strategies' }).getByRole('row').filter({ hasText: 'Cluster prod' });
  await expect.element(row).toHaveTextContent('The settings of backup strategy 9 cannot be read');
  await expect.element(row).toHaveTextContent('Delete it and create a new one.');
  expect(page.getByText('This cluster has no backup strategy').elements()).toEqual([]);
  await row.getByRole('button', { name: 'Delete' }).click();
  await dialog().getByRole('button', { name: 'Delete' }).click();
  await expect.element(page.getByText('This cluster has no backup strategy')).toBeVisible();
  expect(calls.filter(({ call }) => call === `DELETE ${PATH}`)).toHaveLength(1);
  expect(page.getByRole('region', { name: 'Unreadable Strategies' }).elements()).toEqual([]);
});

test('a paused strategy has no next run and can be resumed', async () => {
  const { calls } = open({ 'GET /backup/strategies': list(paused) });
  await expect.element(page.getByTestId('strategy-status')).toHaveTextContent('Paused');
  await expect.element(page.getByText('None while paused')).toBeVisible();
  await button('Resume').click();
  await expect.element(dialog()).toHaveTextContent('runs have the permissions of your account');
  await dialog().getByRole('button', { name: 'Resume' }).click();
  await expect.poll(() => calls.some(({ call }) => call === `POST ${PATH}/startSchedule`)).toBe(true);
});

test('to delete a strategy says that backup sets stay', async () => {
  const { calls } = open({});
  await button('Delete').click();
  await expect.element(dialog()).toHaveTextContent('Backup sets stay in the storage.');
  await dialog().getByRole('button', { name: 'Delete' }).click();
  await expect.poll(() => calls.some(({ call }) => call === `DELETE ${PATH}`)).toBe(true);
});

test('nothing asks for the runs of a strategy that was deleted', async () => {
  let isDeleted = false;
  const { calls } = open({
    'GET /backup/strategies': () => (isDeleted ? list() : list(strategy())),
    [`DELETE ${PATH}`]: () => {
      isDeleted = true;
      return { data: {} };
    },
  });
  await button('Delete').click();
  await dialog().getByRole('button', { name: 'Delete' }).click();
  await expect.element(page.getByText('This cluster has no backup strategy')).toBeVisible();
  const made = calls.map(({ call }) => call);
  expect(made.slice(made.indexOf(`DELETE ${PATH}`)).filter((call) => call.endsWith('/runs'))).toEqual([]);
});

test('the strategy of a tenant is steered by its own path, and says that the cluster’s does not take over', async () => {
  const own = '/ob/clusters/7/tenants/1001/backup/config/backupStrategy';
  const { calls } = open({
    'GET /backup/strategies': list(strategy(), strategy({ strategyId: 6, tenantId: 1001, tenantName: 'shop' })),
    [`POST ${own}/stopSchedule`]: { data: {} },
  });
  const row = page.getByRole('row').filter({ hasText: 'shop' });
  await row.getByRole('button', { name: 'Pause' }).click();
  await expect.element(dialog()).toHaveTextContent('The strategy of the cluster does not take over');
  await dialog().getByRole('button', { name: 'Pause' }).click();
  await expect.poll(() => calls.some(({ call }) => call === `POST ${own}/stopSchedule`)).toBe(true);
});

test('the row of a tenant’s strategy opens by keyboard', async () => {
  const own = '/ob/clusters/7/tenants/1001/backup/config/backupStrategy';
  open({
    'GET /backup/strategies': list(strategy({ strategyId: 6, tenantId: 1001, tenantName: 'shop' })),
    [`GET ${own}/runs`]: list(MISSED),
  });
  const opener = page.getByRole('row').filter({ hasText: 'shop' }).getByRole('button', { name: 'Expand row' });
  await expect.element(opener).toHaveAttribute('aria-expanded', 'false');
  (opener.element() as HTMLElement).focus();
  await userEvent.keyboard('{Enter}');
  await expect.element(calendar()).toBeVisible();
  await expect.element(page.getByRole('button', { name: 'Collapse row' })).toHaveAttribute('aria-expanded', 'true');
});

test('a viewer sees the buttons off, with the reason', async () => {
  open({}, []);
  await expect.element(button('Pause')).toBeDisabled();
  await expect.element(page.getByRole('note', { name: 'Your role does not allow this. Ask an administrator.' }).first()).toBeVisible();
});
