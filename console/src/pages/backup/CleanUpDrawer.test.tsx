import { me, network, type Answers } from '../../testing/network';

import { expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';

import type { PlannedSet } from '../../api/types';
import { stage } from '../../testing/stage';
import { CleanUpDrawer } from './CleanUpDrawer';

const PLAN = '/ob/clusters/7/backup/retention/plan';
const POLICIES = 'GET /ob/clusters/7/backup/retention/deletePolicies';
const APPLY = '/ob/clusters/7/backup/retention/apply';

function set(backupSetId: number, part: Partial<PlannedSet> = {}): PlannedSet {
  return {
    backupSetId,
    consistentTime: '2026-11-25T10:00:00.000+08:00',
    finishTime: '2026-11-25T10:00:05.000+08:00',
    bytes: 4096,
    status: 'AVAILABLE',
    action: 'KEEP',
    reasons: [{ id: 'retention-keep-last', message: 'It is one of the newest sets' }],
    ...part,
  };
}

const expired = (id: number) =>
  set(id, { action: 'DELETE', reasons: [{ id: 'retention-delete-expired', message: 'It has expired: no rule keeps it' }] });
const tenant = (storageId: number, name: string, sets: PlannedSet[]) => {
  const deleted = sets.filter(({ action }) => action === 'DELETE');
  return {
    storageId,
    storageName: name,
    storageUri: `file:///${name}`,
    tenantId: 1002,
    tenantName: 'shop',
    policy: { minimumSets: 1, zone: 'UTC' },
    deleteCount: deleted.length,
    deleteBytes: deleted.length * 4096,
    sets,
  };
};
const plan = (...contents: unknown[]) => ({ data: { contents } });

function open(answers: Answers, ...permissions: string[]) {
  const calls = network({ ...me(...permissions), ...answers });
  const onClose = vi.fn();
  stage(<CleanUpDrawer cluster={7} hasPolicies={POLICIES in answers} onClose={onClose} />);
  return { calls, onClose };
}

const dialog = (name: string) => page.getByRole('dialog').filter({ hasText: name });
const row = (id: number) => page.getByRole('row').filter({ has: page.getByRole('cell', { name: String(id), exact: true }) });

test('the plan shows each set with its reasons, and after asking the shown sets of one storage are deleted', async () => {
  const { calls, onClose } = open(
    {
      [`POST ${PLAN}`]: (_, body) =>
        (body as { policy?: unknown }).policy
          ? plan(tenant(2, 'nightly', [set(9), expired(8), expired(7)]), tenant(3, 'other', [expired(5)]))
          : plan(tenant(2, 'nightly', [set(9), set(8), set(7)])),
      [`POST ${APPLY}`]: {
        data: { obBackupTaskType: 'CLEAN_UP', backupObjectOpsResultList: [{ beSuccessful: true, taskIdList: [41], obBackupObjectList: [] }] },
      },
    },
    'BACKUP',
  );
  await expect.element(page.getByRole('button', { name: 'Delete 0 Backup Sets' })).toBeDisabled();
  await page.getByLabelText('Retention Period (days)').fill('7');
  expect(page.getByRole('button', { name: /^Delete/ }).elements()).toEqual([]);
  await page.getByRole('button', { name: 'Show Plan' }).click();
  await expect.element(row(9)).toHaveTextContent('KeepIt is one of the newest sets');
  await expect.element(row(8)).toHaveTextContent('DeleteIt has expired: no rule keeps it');
  await page.getByRole('region', { name: 'Storage nightly' }).getByRole('button', { name: 'Delete 2 Backup Sets' }).click();
  const asks = dialog('Delete 2 backup sets (');
  await expect.element(asks).toHaveTextContent('IDs of the backup sets to delete: 8, 7.');
  expect(calls.some(({ call }) => call === `POST ${APPLY}`)).toBe(false);
  await asks.getByRole('button', { name: 'Delete' }).click();
  await expect.poll(() => onClose).toHaveBeenCalledOnce();
  expect(calls.find(({ call }) => call === `POST ${APPLY}`)?.body).toEqual({
    policy: { retentionDays: 7 },
    storageId: 2,
    backupSetIdList: [8, 7],
  });
  await expect.element(page.getByRole('button', { name: 'View task 41' })).toBeVisible();
});

test('a refused clean-up shows why, and the plan stays', async () => {
  const { onClose } = open(
    {
      [`POST ${PLAN}`]: plan(tenant(2, 'nightly', [expired(8)])),
      [`POST ${APPLY}`]: { status: 409, error: { id: 'clean-up-set-kept', message: 'Backup set 8 is kept' } },
    },
    'BACKUP',
  );
  await page.getByRole('button', { name: 'Delete 1 Backup Set' }).click();
  await dialog('Delete 1 backup set (').getByRole('button', { name: 'Delete' }).click();
  await expect.element(page.getByText('Backup set 8 is kept')).toBeVisible();
  expect(onClose).not.toHaveBeenCalled();
});

test('a set is held with a reason, and released', async () => {
  let hold: PlannedSet['hold'] = null;
  const held = { backupSetId: 8, reason: 'audit', owner: 'eva', startTime: '2026-11-27T10:00:00.000+08:00' };
  const { calls } = open(
    {
      [`POST ${PLAN}`]: () => plan(tenant(2, 'nightly', [set(8, { hold })])),
      'PUT /backup/sets/8/hold': () => ({ data: (hold = held) }),
      'DELETE /backup/sets/8/hold': () => {
        hold = null;
        return { data: held };
      },
    },
    'BACKUP',
  );
  await row(8).getByRole('button', { name: 'Hold' }).click();
  const asks = dialog('Hold backup set 8');
  await expect.element(asks.getByRole('button', { name: 'Hold' })).toBeDisabled();
  await asks.getByLabelText('Reason').fill(' audit ');
  await asks.getByRole('button', { name: 'Hold' }).click();
  await expect.element(row(8)).toHaveTextContent('Held by eva: audit');
  expect(calls.find(({ call }) => call.startsWith('PUT'))?.body).toEqual({ reason: 'audit' });
  await row(8).getByRole('button', { name: 'Release' }).click();
  await expect.element(row(8).getByRole('button', { name: 'Hold' })).toBeVisible();
  expect(row(8).element().textContent).not.toContain('Held by');
});

test('a viewer sees the plan, and can neither delete nor hold', async () => {
  open({ [`POST ${PLAN}`]: plan(tenant(2, 'nightly', [expired(8)])) });
  await expect.element(page.getByRole('button', { name: 'Delete 1 Backup Set' })).toBeDisabled();
  expect(page.getByRole('button', { name: 'Hold' }).elements()).toEqual([]);
});

test('of physical backups the policies of the database show, and what they delete', async () => {
  const asked: Array<string | null> = [];
  const goes = {
    firstKeptSet: 6,
    sets: [{ obBackupSetId: 5, dataBackupTaskType: 'FULL_BACKUP', consistentTime: '2026-11-18T02:00:00.000+08:00', bytes: 2048 }],
    pieces: 2,
    bytes: 4096,
  };
  open({
    [`POST ${PLAN}`]: plan(),
    [POLICIES]: (query) => {
      asked.push(query.get('retentionDays'));
      return plan(
        { tenantId: 1002, tenantName: 'shop', policyName: 'default', recoveryWindow: '7d', setByLifeboat: true, expiring: goes },
        { tenantId: 1004, tenantName: 'crm', policyName: null, recoveryWindow: null, setByLifeboat: false, expiring: null },
        { tenantId: 1006, tenantName: 'hr', policyName: 'mine', recoveryWindow: '7d', setByLifeboat: false, expiring: null },
      );
    },
  });
  const of = (name: string) => page.getByRole('row').filter({ has: page.getByRole('cell', { name, exact: true }) });
  await expect.element(of('shop')).toHaveTextContent('default (7d)1 backup set, 2 log pieces4.00 KiBLifeboat6');
  await expect.element(of('crm')).toHaveTextContent('None: the database deletes nothingNothing');
  await expect.element(of('hr')).toHaveTextContent('Not known');
  await of('shop').getByRole('button', { name: 'Expand row' }).click();
  await expect.element(page.getByRole('listitem').filter({ hasText: '5 · Full' })).toHaveTextContent('2.00 KiB');
  await page.getByLabelText('Retention Period (days)').fill('14');
  await page.getByRole('button', { name: 'Show Plan' }).click();
  await expect.element(page.getByText('a delete policy with a retention period of 14 days would delete', { exact: false })).toBeVisible();
  expect(asked).toEqual([null, '14']);
});

test('a cluster whose database has no delete policies is not asked for them', async () => {
  const { calls } = open({ [`POST ${PLAN}`]: plan(tenant(2, 'nightly', [expired(8)])) });
  await expect.element(row(8)).toBeVisible();
  expect(calls.filter(({ call }) => call === POLICIES)).toEqual([]);
});
