import { me, network, type Answers } from '../../testing/network';

import { expect, test, vi } from 'vitest';
import { page } from 'vitest/browser';

import type { DeletePolicy } from '../../api/types';
import { stage } from '../../testing/stage';
import { DeletePolicyDrawer } from './DeletePolicyDrawer';

const PREVIEW = 'POST /ob/clusters/7/backup/retention/deletePolicies/preview';
const CHANGE = 'POST /ob/clusters/7/backup/retention/deletePolicies/change';

const shop: DeletePolicy = {
  tenantId: 1002,
  tenantName: 'shop',
  policyName: 'default',
  recoveryWindow: '30d',
  setByLifeboat: true,
  takeOverNeeded: false,
  expiring: null,
};
const goes = {
  firstKeptSet: 6,
  sets: [{ obBackupSetId: 5, dataBackupTaskType: 'FULL_BACKUP', consistentTime: '2026-11-18T02:00:00.000+08:00', bytes: 2048 }],
  pieces: 2,
  bytes: 4096,
};
const plan = (planHash: string, part: Record<string, unknown>) => ({
  data: { planHash, contents: [{ ...shop, action: 'REPLACE', expiring: goes, ...part }] },
});
const task = (obBackupTaskType: string) => ({
  data: { obBackupTaskType, backupObjectOpsResultList: [{ beSuccessful: true, taskIdList: [41], obBackupObjectList: [] }] },
});

function open(answers: Answers, tenant: Partial<DeletePolicy> = {}, permission = 'BACKUP') {
  const calls = network({ ...me(permission), ...answers });
  const onClose = vi.fn();
  stage(<DeletePolicyDrawer cluster={7} tenant={{ ...shop, ...tenant }} onClose={onClose} />);
  const sent = (call: string) => calls.filter((one) => one.call === call).map(({ body }) => body);
  return { sent, onClose };
}

const button = (name: string) => page.getByRole('button', { name, exact: true });
const asks = (name: string) => page.getByRole('dialog').filter({ hasText: name });

test('a policy is set only after its preview, the name of the tenant, and a question', async () => {
  const { sent, onClose } = open({
    [PREVIEW]: (_, body) => plan((body as { policy: { retentionDays: number } }).policy.retentionDays === 7 ? 'seven' : 'other', {}),
    [CHANGE]: task('SET_DELETE_POLICY'),
  });
  await expect.element(button('Preview')).toBeDisabled();
  await page.getByLabelText('Retention Period (days)').fill('8');
  await button('Preview').click();
  const preview = page.getByRole('region', { name: 'Preview' });
  await expect.element(preview).toHaveTextContent('expected to delete 1 backup set and 2 log pieces (4.00 KiB)');
  await expect.element(preview).toHaveTextContent('5 · Full');
  await expect.element(preview).toHaveTextContent('This is a prediction: the database decides');
  await page.getByLabelText('Type shop to confirm').fill('shop');
  await expect.element(button('Set Policy')).toBeEnabled();

  // Another window needs another preview and another confirmation.
  await page.getByLabelText('Retention Period (days)').fill('7');
  await expect.element(button('Set Policy')).toBeDisabled();
  await button('Preview').click();
  const name = page.getByLabelText('Type shop to confirm');
  await expect.element(name).toHaveValue('');
  await name.fill('shopp');
  await expect.element(button('Set Policy')).toBeDisabled();
  await name.fill('shop');
  await button('Set Policy').click();
  const question = asks('Set the delete policy of shop to 7 days?');
  await expect.element(question).toHaveTextContent('The database deletes expired backups at once.');
  expect(sent(CHANGE)).toEqual([]);
  await question.getByRole('button', { name: 'Set Policy' }).click();
  await expect.poll(() => onClose).toHaveBeenCalledOnce();
  expect(sent(CHANGE)).toEqual([
    { tenantIdList: [1002], action: 'SET', policyName: 'default', policy: { retentionDays: 7 }, planHash: 'seven', takeOver: false },
  ]);
  await expect.element(page.getByRole('button', { name: 'View task 41' })).toBeVisible();
});

test('a policy of somebody else is dropped only after consent', async () => {
  const { sent, onClose } = open(
    { [PREVIEW]: plan('drop', { action: 'DROP', setByLifeboat: false, expiring: null }), [CHANGE]: task('DROP_DELETE_POLICY') },
    { setByLifeboat: false },
  );
  await page.getByRole('radio', { name: 'Drop Policy' }).click();
  await button('Preview').click();
  await expect.element(page.getByText('the storage grows', { exact: false })).toBeVisible();
  await expect.element(button('Drop Policy')).toBeDisabled();
  await page.getByRole('checkbox', { name: 'Lifeboat did not set the policy default (30d)' }).click();
  await button('Drop Policy').click();
  await asks('Drop the delete policy of shop?').getByRole('button', { name: 'Drop Policy' }).click();
  await expect.poll(() => onClose).toHaveBeenCalledOnce();
  expect(sent(CHANGE)).toEqual([{ tenantIdList: [1002], action: 'DROP', planHash: 'drop', takeOver: true }]);
});

test('a refusal shows its reason and what to do, and nothing is changed', async () => {
  const { sent, onClose } = open(
    {
      [PREVIEW]: plan('seven', { action: 'ADD', policyName: null, recoveryWindow: null, setByLifeboat: false, expiring: { ...goes, sets: [], pieces: 0 } }),
      [CHANGE]: { status: 409, error: { id: 'delete-policy-plan-changed', message: 'The backups have changed since the preview' } },
    },
    { policyName: null, recoveryWindow: null, setByLifeboat: false },
  );
  expect(page.getByRole('radio').elements()).toEqual([]);
  await page.getByLabelText('Retention Period (days)').fill('7');
  await button('Preview').click();
  await expect.element(page.getByText('expected to delete nothing', { exact: false })).toBeVisible();
  await page.getByLabelText('Type shop to confirm').fill('shop');
  await button('Set Policy').click();
  await asks('Set the delete policy of shop').getByRole('button', { name: 'Set Policy' }).click();
  await expect.element(page.getByText('The backups have changed since the preview')).toBeVisible();
  expect(onClose).not.toHaveBeenCalled();
  expect(sent(CHANGE)).toHaveLength(1);
});

test('a policy that the tenant has already is not sent again', async () => {
  open({ [PREVIEW]: plan('same', { action: 'NOTHING' }) });
  await page.getByLabelText('Retention Period (days)').fill('30');
  await button('Preview').click();
  await expect.element(page.getByText('nothing changes', { exact: false })).toBeVisible();
  await expect.element(button('Set Policy')).toBeDisabled();
});
