import { me, network, type Answer, type Answers, type Call } from '../../testing/network';

import { expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';

import type { Strategy } from '../../api/types';
import { ability, cluster, strategy } from '../../testing/nouns';
import { stage } from '../../testing/stage';
import { StrategyDrawer } from './StrategyDrawer';

const PATH = '/ob/clusters/7/backup/config/backupStrategy';
const POLICIES = '/ob/clusters/7/backup/retention/deletePolicies';
const list = (...contents: unknown[]) => ({
  data: { contents, page: { number: 1, size: 2000, totalElements: contents.length, totalPages: 1 } },
});
const done = { data: { obBackupTaskType: 'CREATE_BACKUP_STRATEGY', backupObjectOpsResultList: [] } };
const refusal = (id: string, message: string, action: string): Answer => ({ status: 400, error: { id, message, action } });

/** Saturday night in Shanghai, and one that the quiet window moves. */
const PLANNED = [
  { dueTime: '2026-11-28T02:00:00+08:00', startTime: '2026-11-28T02:00:00+08:00', zone: 'Asia/Shanghai', dataBackupMode: 'FULL_BACKUP', replacedRuns: 0 },
  { dueTime: '2026-11-29T10:00:00+08:00', startTime: '2026-11-29T20:00:00+08:00', zone: 'Asia/Shanghai', dataBackupMode: 'INCREMENTAL_BACKUP', replacedRuns: 2 },
];

const ANSWERS: Answers = {
  ...me('BACKUP'),
  'GET /ob/clusters/7/tenants': list({ id: 1001, name: 'shop', mode: 'MYSQL' }, { id: 1002, name: 'crm', mode: 'MYSQL' }),
  'GET /backup/storages': list({ storageId: 3, configName: 'nightly', uri: 'file:///obbackup/' }, { storageId: 4, configName: 'other', uri: 'file:///other/' }),
  'POST /backup/strategies/nextRuns': { data: { contents: PLANNED, lastDayContinues: true } },
  'POST /ob/clusters/7/backup/storage/test': { data: { passed: true, lines: [] } },
  [`POST ${PATH}`]: done,
  [`PATCH ${PATH}`]: done,
  'POST /ob/clusters/7/tenants/1002/backup/config/backupStrategy': done,
};

interface Opened {
  answers?: Answers;
  storageId?: number;
  generation?: 'GEN3' | 'GEN4';
  strategies?: Strategy[];
  changed?: Strategy;
}

function open({ answers = {}, storageId = 3, generation = 'GEN4', strategies = [], changed }: Opened = {}) {
  const calls = network({ ...ANSWERS, ...answers });
  const onSaved = vi.fn();
  const both = ability({ ...(storageId ? { storageId } : {}), backupAbility: 'LOGICAL_AND_PHYSICAL' });
  stage(
    <StrategyDrawer
      cluster={cluster({ generation })}
      ability={both}
      strategies={strategies}
      strategy={changed}
      onSaved={onSaved}
      onClose={vi.fn()}
    />,
  );
  return { calls, onSaved };
}

const button = (name: string) => page.getByRole('button', { name, exact: true });
const submit = () => button('Submit');
const bodyOf = (calls: Call[], call: string) => calls.findLast((made) => made.call === call)?.body;

test('a strategy is created from what the form shows, and shows how it will run before that', async () => {
  const { calls, onSaved } = open();
  const planned = page.getByTestId('planned-runs');
  await expect.element(planned).toHaveTextContent('2026-11-28 Sat 02:00');
  await expect.element(planned).toHaveTextContent('starts at 20:00');
  await expect.element(planned).toHaveTextContent('replaces 2 earlier runs');
  const calendar = page.getByRole('table', { name: 'November 2026, Asia/Shanghai' });
  await expect.element(calendar.getByRole('cell', { name: '2026-11-28: Full at 02:00' })).toHaveTextContent('F 02:00');
  await expect.element(calendar.getByRole('cell', { name: /^2026-11-29: Incremental at 10:00, starts at 20:00, replaces 2 earlier runs; More runs follow/ })).toHaveTextContent('I ≥1×');
  await expect.element(button('Next month')).toBeDisabled();
  await button('Tuesday: Incremental').click();
  await button('Wednesday: Incremental').click();
  await button('Wednesday: No backup').click();
  await submit().click();
  await expect.poll(() => onSaved.mock.calls.length).toBe(1);
  expect(bodyOf(calls, `POST ${PATH}`)).toMatchObject({
    backupMode: 'PHYSICAL_BACKUP',
    obBackupScheduleConfig: {
      backupScheduleMode: 'WEEK',
      dayAndDataBackupModelMap: { 1: 'INCREMENTAL_BACKUP', 3: 'FULL_BACKUP', 7: 'FULL_BACKUP' },
      startLogBackup: true,
    },
    obBackupServiceStorageConfig: { storageId: 3 },
  });
  expect(bodyOf(calls, `POST ${PATH}`)).not.toHaveProperty('obBackupScheduleConfig.dayAndDataBackupModelMap.2');
});

test('what the server refuses of a schedule stands at its field before anything is saved', async () => {
  const often = refusal('schedule-too-often', 'It is due at 00:00 and again at 00:01', 'Choose fewer times.');
  open({ answers: { 'POST /backup/strategies/nextRuns': often } });
  await page.getByText('Cron expression', { exact: true }).click();
  await page.getByLabelText('Cron Expression', { exact: true }).fill('* * * * *');
  await expect.element(page.getByTestId('refused-cron')).toHaveTextContent('It is due at 00:00 and again at 00:01. Choose fewer times.');
  await page.getByLabelText('Cron Expression', { exact: true }).fill('');
  await expect.element(page.getByTestId('refused-cron')).not.toBeInTheDocument();
  await expect.element(submit()).toBeDisabled();
});

test('what the server refuses when it saves stands at its field, and goes when something is changed', async () => {
  open({ answers: { [`POST ${PATH}`]: refusal('storage-outside-roots', 'Not below a root', 'Choose another directory.') } });
  await submit().click();
  await expect.element(page.getByTestId('refused-storage')).toHaveTextContent('Not below a root. Choose another directory.');
  await button('Monday: Incremental').click();
  await expect.element(page.getByTestId('refused-storage')).not.toBeInTheDocument();
});

test('a refusal that is about no field is said at the foot of the form', async () => {
  open({ answers: { [`POST ${PATH}`]: refusal('strategy-changed-meanwhile', 'Changed at the same time', 'Read it again.') } });
  await submit().click();
  await expect.element(page.getByRole('alert')).toHaveTextContent('Changed at the same time');
});

test('a storage that is typed in must be tested, and gets a name', async () => {
  const { calls, onSaved } = open({ storageId: 0 });
  await page.getByLabelText('Storage Directory').fill('/obbackup/');
  await expect.element(submit()).toBeDisabled();
  await button('Test').click();
  await page.getByLabelText('Configuration Name').fill('nightly');
  await submit().click();
  await expect.poll(() => onSaved.mock.calls.length).toBe(1);
  expect(bodyOf(calls, `POST ${PATH}`)).toMatchObject({
    obBackupServiceStorageConfig: { configName: 'nightly', obBackupStorageBaseInfo: { storageUrl: '/obbackup/' } },
  });
});

test('where the cluster has a strategy a new one is for a tenant without one', async () => {
  const strategies = [strategy(), strategy({ strategyId: 6, tenantId: 1001, tenantName: 'shop' })];
  const { calls, onSaved } = open({ strategies });
  await expect.element(submit()).toBeDisabled();
  await page.getByRole('combobox', { name: 'Backup Object' }).click();
  await expect.element(page.getByTitle('Tenant shop · has its own strategy')).toHaveClass(/disabled/);
  await page.getByTitle('Tenant crm').click();
  await submit().click();
  await expect.poll(() => onSaved.mock.calls.length).toBe(1);
  expect(calls.some(({ call }) => call.includes('/tenants/1002/'))).toBe(true);
});

test('before 4.0 only the cluster can be chosen, and the form says so', async () => {
  const { calls } = open({ generation: 'GEN3' });
  await expect.element(page.getByText('Before OceanBase 4.0, only a whole cluster can have a strategy.')).toBeVisible();
  expect(calls.some(({ call }) => call.endsWith('/tenants'))).toBe(false);
});

test('logical backup turns incremental days into full ones and leaves log backup out', async () => {
  const { calls, onSaved } = open();
  await page.getByText('Logical', { exact: true }).click();
  await expect.element(button('Monday: Full')).toBeVisible();
  expect(page.getByText('Also start log backup').elements()).toEqual([]);
  await submit().click();
  await expect.poll(() => onSaved.mock.calls.length).toBe(1);
  expect(bodyOf(calls, `POST ${PATH}`)).toMatchObject({ backupMode: 'LOGICAL_BACKUP' });
});

const cleanUp = () => page.getByRole('checkbox', { name: 'Delete expired backups' });
const days = () => page.getByLabelText('Retention Period (days)');
const cleaning = { cleanEnabled: true, backupDataRetentionDays: 14, cleanScheduleTime: '04:30:00' };

/** A saved logical strategy, with what a test is about in its schedule. */
function logical(part: Partial<Strategy['obBackupScheduleConfig']>) {
  const usual = strategy().obBackupScheduleConfig;
  const config = { ...usual, dayAndDataBackupModelMap: { 7: 'FULL_BACKUP' as const }, startLogBackup: false, ...part };
  return strategy({ backupMode: 'LOGICAL_BACKUP', obBackupScheduleConfig: config });
}

test('before 4.0, clean-up of physical backup is off and says who deletes instead', async () => {
  const { calls, onSaved } = open({ generation: 'GEN3' });
  await expect.element(cleanUp()).toBeDisabled();
  await expect.element(page.getByTestId('no-clean-up')).toHaveTextContent('the database deletes them by auto_delete_obsolete_backup');
  await submit().click();
  await expect.poll(() => onSaved.mock.calls.length).toBe(1);
  const sent = (bodyOf(calls, `POST ${PATH}`) as Record<'obBackupScheduleConfig', object>).obBackupScheduleConfig;
  expect(sent).toMatchObject({ cleanEnabled: false });
  expect(sent).not.toHaveProperty('backupDataRetentionDays');
});

test('clean-up of physical backup shows what the database would delete, and replaces foreign policies only with consent', async () => {
  const sets = [{ obBackupSetId: 1, dataBackupTaskType: 'FULL_BACKUP', consistentTime: '2026-11-01T00:00:00Z', bytes: 2048 }];
  const policies = {
    contents: [
      {
        tenantId: 1001,
        tenantName: 'shop',
        policyName: 'default',
        recoveryWindow: '14d',
        setByLifeboat: false,
        takeOverNeeded: true,
        expiring: { firstKeptSet: 2, sets, pieces: 3, bytes: 2048 },
      },
      { tenantId: 1002, tenantName: 'crm', policyName: null, recoveryWindow: null, setByLifeboat: false, takeOverNeeded: false, expiring: null },
    ],
  };
  const { calls, onSaved } = open({
    answers: { [`GET ${POLICIES}`]: (query) => ({ data: { ...policies, planHash: `seen-${query.get('retentionDays')}` } }) },
  });
  await cleanUp().click();
  await expect.element(page.getByRole('region', { name: 'Deleted at Once' })).toHaveTextContent('shop: 1 backup set and 3 log pieces (2.00 KiB)');
  expect(page.getByLabelText('Clean-up Time').elements()).toEqual([]);
  const consent = page.getByRole('checkbox', { name: 'I know who set or dropped these policies' });
  await expect.element(page.getByTestId('foreign-policies')).toHaveTextContent('shop: default 14d');
  await consent.click();
  // A consent is for the days that were shown.
  await days().fill('14');
  await expect.element(consent).not.toBeChecked();
  await consent.click();
  await submit().click();
  await expect.poll(() => onSaved.mock.calls.length).toBe(1);
  const sent = bodyOf(calls, `POST ${PATH}`) as Record<'obBackupScheduleConfig', object>;
  expect(sent).toMatchObject({ takeOverDeletePolicies: true, deletePolicyPlanHash: 'seen-14', obBackupScheduleConfig: { cleanEnabled: true, backupDataRetentionDays: 14 } });
  expect(sent.obBackupScheduleConfig).not.toHaveProperty('cleanScheduleTime');
});

test('what would be deleted is shown again when it has changed, and the strategy is saved with what was shown last', async () => {
  let looks = 0;
  const changed: Answer = { status: 409, error: { id: 'strategy-policies-changed', message: 'They have changed since the preview', action: 'Check a new preview.' } };
  const { calls, onSaved } = open({
    answers: {
      [`GET ${POLICIES}`]: () => ({ data: { planHash: `look-${++looks}`, contents: [] } }),
      [`POST ${PATH}`]: (_, body) => ((body as Record<string, unknown>).deletePolicyPlanHash === 'look-1' ? changed : done),
    },
  });
  await cleanUp().click();
  await expect.element(page.getByTestId('deleted-at-once')).toBeVisible();
  await submit().click();
  await expect.element(page.getByRole('alert').filter({ hasText: 'They have changed since the preview' })).toBeVisible();
  await expect.poll(() => looks).toBeGreaterThan(1);
  await expect
    .poll(async () => {
      if (onSaved.mock.calls.length === 0) await submit().click();
      return onSaved.mock.calls.length;
    })
    .toBeGreaterThan(0);
  // A click before the new preview is there is refused, and asks for another one.
  expect(bodyOf(calls, `POST ${PATH}`)).toMatchObject({ deletePolicyPlanHash: expect.stringMatching(/^look-[2-9]$/) as string });
});

test('clean-up of logical backup has days and a time, says what is always kept, and is saved', async () => {
  const { calls, onSaved } = open();
  await page.getByText('Logical', { exact: true }).click();
  expect(page.getByTestId('no-clean-up').elements()).toEqual([]);
  expect(days().elements()).toEqual([]);
  await cleanUp().click();
  await expect.element(page.getByTestId('always-kept')).toHaveTextContent('Always kept: the newest good backup set of each tenant');
  await days().fill('');
  await expect.element(page.getByText('Enter a number of days from 1 to 3660.')).toBeVisible();
  await expect.element(submit()).toBeDisabled();
  await days().fill('14');
  await expect.element(page.getByLabelText('Clean-up Time')).toHaveValue('03:00');
  await submit().click();
  await expect.poll(() => onSaved.mock.calls.length).toBe(1);
  expect(bodyOf(calls, `POST ${PATH}`)).toMatchObject({
    backupMode: 'LOGICAL_BACKUP',
    obBackupScheduleConfig: { cleanEnabled: true, backupDataRetentionDays: 14, cleanScheduleTime: '03:00' },
  });
});

test('the clean-up of a strategy opens as it is saved, and nothing of it is sent once it is off', async () => {
  const saved = logical(cleaning);
  const { calls, onSaved } = open({ changed: saved, strategies: [saved] });
  await expect.element(days()).toHaveValue('14');
  await expect.element(page.getByLabelText('Clean-up Time')).toHaveValue('04:30');
  await expect.element(page.getByText('Every day, in Asia/Shanghai.', { exact: false })).toBeVisible();
  await cleanUp().click();
  await submit().click();
  await expect.poll(() => onSaved.mock.calls.length).toBe(1);
  const sent = (bodyOf(calls, `PATCH ${PATH}`) as Record<'obBackupScheduleConfig', object>).obBackupScheduleConfig;
  expect(sent).toMatchObject({ cleanEnabled: false });
  expect(Object.keys(sent).filter((field) => field.includes('Retention') || field.startsWith('cleanSchedule'))).toEqual([]);
});

test('what the server refuses of clean-up stands at its field', async () => {
  const few = refusal('strategy-retention-days-out-of-range', 'Clean-up needs a retention period', 'Choose 1 to 30 days.');
  const saved = logical(cleaning);
  open({ changed: saved, strategies: [saved], answers: { [`PATCH ${PATH}`]: few } });
  await submit().click();
  await expect.element(page.getByTestId('refused-retentionDays')).toHaveTextContent('Clean-up needs a retention period. Choose 1 to 30 days.');
  await days().fill('20');
  await expect.element(page.getByTestId('refused-retentionDays')).not.toBeInTheDocument();
});

test('the restart of interrupted log backup stays when something else is modified, and can be switched off', async () => {
  const saved = strategy();
  saved.obBackupScheduleConfig = { ...saved.obBackupScheduleConfig, restartInterruptedLogBackup: true };
  const { calls, onSaved } = open({ changed: saved, strategies: [saved] });
  const restart = page.getByRole('checkbox', { name: 'Restart interrupted log backup' });
  await expect.element(restart).toBeChecked();
  await button('Monday: No backup').click();
  await submit().click();
  await expect.poll(() => onSaved.mock.calls.length).toBe(1);
  expect(bodyOf(calls, `PATCH ${PATH}`)).toMatchObject({ obBackupScheduleConfig: { restartInterruptedLogBackup: true } });
  await restart.click();
  await submit().click();
  await expect.poll(() => onSaved.mock.calls.length).toBe(2);
  expect(bodyOf(calls, `PATCH ${PATH}`)).toMatchObject({ obBackupScheduleConfig: { restartInterruptedLogBackup: false } });
});

test('at most ten days of a month can be chosen', async () => {
  open();
  await page.getByText('Month', { exact: true }).click();
  for (const day of [2, 3, 4, 5, 6, 7, 8, 9]) await button(`Day ${day}: No backup`).click();
  await expect.element(button('Day 10: No backup')).toBeDisabled();
  await expect.element(button('Last day of the month: No backup')).toBeDisabled();
  await button('Day 2: Full').click();
  await button('Day 2: Incremental').click();
  await expect.element(button('Last day of the month: No backup')).toBeEnabled();
});

test('a timeout that is saved is removed when its field is emptied', async () => {
  const saved = strategy({ obBackupThresholdConfig: { dataBackupTimeoutMinutes: 120 } });
  const { calls, onSaved } = open({ changed: saved, strategies: [saved] });
  await page.getByLabelText('Data Backup Timeout (min)').fill('');
  await submit().click();
  await expect.poll(() => onSaved.mock.calls.length).toBe(1);
  expect(bodyOf(calls, `PATCH ${PATH}`)).toMatchObject({ obBackupThresholdConfig: { dataBackupTimeoutMinutes: 0 } });
});

test('another storage is saved only after the dialog has said what it means for recovery', async () => {
  const saved = strategy();
  const move: Answer = { status: 409, error: { id: 'strategy-storage-move', message: 'Only when you accept', cause: 'To recover, both storages are needed.' } };
  const change = (_: URLSearchParams, body: unknown): Answer => ((body as { acceptStorageMove?: boolean }).acceptStorageMove ? done : move);
  const { calls, onSaved } = open({ changed: saved, strategies: [saved], answers: { [`PATCH ${PATH}`]: change } });
  await page.getByTitle('nightly · file:///obbackup/').click();
  await page.getByTitle('other · file:///other/').click();
  await submit().click();
  const dialog = page.getByRole('dialog').filter({ hasText: 'To recover, both storages are needed.' }).last();
  await expect.element(dialog).toBeVisible();
  expect(onSaved).not.toHaveBeenCalled();
  expect(page.getByText('Only when you accept').elements()).toEqual([]);
  await dialog.getByRole('button', { name: 'Submit' }).click();
  await expect.poll(() => onSaved.mock.calls.length).toBe(1);
  expect(bodyOf(calls, `PATCH ${PATH}`)).toMatchObject({ acceptStorageMove: true, obBackupServiceStorageConfig: { storageId: 4 } });
});

test('a strategy that is modified opens as it is saved, and says what another storage means', async () => {
  const saved = strategy();
  const { calls, onSaved } = open({ changed: saved, strategies: [saved] });
  await expect.element(page.getByText('Modify the backup strategy of cluster prod')).toBeVisible();
  await expect.element(page.getByLabelText('Backup Time', { exact: true })).toHaveValue('02:00');
  await page.getByTitle('nightly · file:///obbackup/').click();
  await page.getByTitle('other · file:///other/').click();
  await expect.element(page.getByText('Existing backup sets stay in the old storage.', { exact: false })).toBeVisible();
  await submit().click();
  await expect.poll(() => onSaved.mock.calls.length).toBe(1);
  expect(bodyOf(calls, `PATCH ${PATH}`)).toMatchObject({
    obBackupServiceStorageConfig: { storageId: 4 },
    obBackupScheduleConfig: { dayAndDataBackupModelMap: { 3: 'INCREMENTAL_BACKUP', 7: 'FULL_BACKUP' } },
  });
  expect(bodyOf(calls, `PATCH ${PATH}`)).not.toHaveProperty('obBackupScheduleConfig.backupScheduleEnabled');
});
