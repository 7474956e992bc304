import { Alert, Button, Checkbox, Drawer, Form, Input, InputNumber, Radio, Select } from '@oceanbase/design';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { DeletePolicy, DeletePolicyAsk, DeletePolicyPlan } from '../../api/types';
import { useLabels } from '../../locales';
import { formatBytes } from '../../parts/format';
import { MayButton } from '../../parts/MayButton';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { useReport } from '../../parts/report';
import { useDangerQuestion } from '../../parts/useDangerQuestion';
import { useReturnFocus } from '../../parts/useReturnFocus';
import { useMay } from '../logon/me';
import { useDeletePolicyWords } from './deletePolicyWords';
import { ExpiringSets } from './ExpiringSets';

const MOST_DAYS = 3660;

interface DeletePolicyDrawerProps {
  cluster: number;
  /** The tenant with its current policy. */
  tenant: DeletePolicy;
  onClose: () => void;
}

/** Sets, changes or drops the delete policy of a tenant. What the database would delete is shown before. */
export function DeletePolicyDrawer({ cluster, tenant, onClose }: DeletePolicyDrawerProps) {
  useReturnFocus();
  const words = useDeletePolicyWords();
  const { actions } = useLabels();
  const may = useMay();
  const [isDrop, setDrop] = useState(false);
  const [name, setName] = useState('default');
  const [days, setDays] = useState<number | null>(null);
  const [takesOver, setTakesOver] = useState(false);
  const [typed, setTyped] = useState('');
  const path = { params: { path: { id: cluster } } };
  const preview = useMutation({
    mutationFn: (body: DeletePolicyAsk) =>
      answer(client.POST('/api/v2/ob/clusters/{id}/backup/retention/deletePolicies/preview', { ...path, body })),
  });
  const change = useChange(cluster, onClose);
  const ask = useDangerQuestion();
  const body: DeletePolicyAsk = {
    tenantIdList: [tenant.tenantId],
    ...(isDrop ? { action: 'DROP' } : { action: 'SET', policyName: name, policy: { retentionDays: days } }),
  };
  // A preview is for the fields as they were; so is the consent to it.
  const edit = (apply: () => void) => {
    apply();
    preview.reset();
    change.reset();
    setTakesOver(false);
    setTyped('');
  };
  const plan = preview.data;
  const [planned] = plan?.contents ?? [];
  const isForeign = Boolean(planned?.policyName) && !planned?.setByLifeboat;
  const isConfirmed = (!isForeign || takesOver) && (isDrop || typed.trim() === tenant.tenantName);
  const confirm = (planHash: string) =>
    ask(
      isDrop ? words.dropTitle(tenant.tenantName) : words.setTitle(tenant.tenantName, days ?? 0),
      isDrop ? words.dropText : words.setText,
      isDrop ? words.drop : words.set,
      () => change.mutateAsync({ ...body, planHash, takeOver: takesOver }),
    );
  return (
    <Drawer
      open
      width={640}
      title={words.title(tenant.tenantName)}
      onClose={onClose}
      footer={
        <div className="drawer-foot">
          <Button onClick={onClose}>{actions.cancel}</Button>
          <Button
            disabled={Boolean(plan) || (!isDrop && days === null)}
            loading={preview.isPending}
            onClick={() => preview.mutate(body)}
          >
            {words.preview}
          </Button>
          <MayButton
            may={may.backUp}
            danger
            type="primary"
            disabled={!plan || planned?.action === 'NOTHING' || !isConfirmed}
            loading={change.isPending}
            onClick={() => plan && confirm(plan.planHash)}
          >
            {isDrop ? words.drop : words.set}
          </MayButton>
        </div>
      }
    >
      <p className="quiet">{words.intro}</p>
      <Form layout="vertical" component="div" requiredMark={false}>
        {tenant.policyName ? (
          <Form.Item>
            <Radio.Group value={isDrop} onChange={(event) => edit(() => setDrop(Boolean(event.target.value)))}>
              <Radio value={false}>{words.change}</Radio>
              <Radio value>{words.drop}</Radio>
            </Radio.Group>
          </Form.Item>
        ) : null}
        {isDrop ? null : (
          <>
            <Form.Item label={words.days} htmlFor="policy-days" extra={words.daysHint}>
              <InputNumber
                id="policy-days"
                min={1}
                max={MOST_DAYS}
                precision={0}
                value={days}
                onChange={(value) => edit(() => setDays(typeof value === 'number' ? value : null))}
              />
            </Form.Item>
            <Form.Item label={words.rule} htmlFor="policy-rule">
              <Select
                id="policy-rule"
                value={name}
                onChange={(value: string) => edit(() => setName(value))}
                options={[
                  { value: 'default', label: words.rules.default },
                  { value: 'log_only', label: words.rules.log_only },
                ]}
              />
            </Form.Item>
          </>
        )}
        {plan && planned ? (
          <>
            <Preview plan={plan} isDrop={isDrop} />
            {isForeign ? (
              <Form.Item>
                <Checkbox checked={takesOver} onChange={(event: { target: { checked: boolean } }) => setTakesOver(event.target.checked)}>
                  {words.takeOver(words.policy(planned.policyName ?? '', planned.recoveryWindow ?? ''))}
                </Checkbox>
              </Form.Item>
            ) : null}
            {isDrop || planned.action === 'NOTHING' ? null : (
              <Form.Item label={words.type(tenant.tenantName)} htmlFor="policy-tenant">
                <Input
                  id="policy-tenant"
                  autoComplete="off"
                  value={typed}
                  onChange={(event: React.ChangeEvent<HTMLInputElement>) => setTyped(event.target.value)}
                />
              </Form.Item>
            )}
          </>
        ) : null}
      </Form>
      <div aria-live="polite">
        <ProblemAlert error={preview.error ?? change.error} />
      </div>
    </Drawer>
  );
}

/** What a change does, and what the database deletes by it. */
function Preview({ plan: { contents }, isDrop }: { plan: DeletePolicyPlan; isDrop: boolean }) {
  const words = useDeletePolicyWords();
  const [planned] = contents;
  if (!planned) return null;
  const { action, expiring } = planned;
  const deletes = Boolean(expiring && expiring.sets.length + expiring.pieces > 0);
  return (
    <section aria-label={words.preview} className="retention-storage">
      <Alert
        type={deletes ? 'warning' : 'info'}
        showIcon
        message={words.actions[action]}
        description={
          isDrop ? (
            words.grows
          ) : (
            <>
              <p>{expiring && deletes ? words.deletes(expiring.sets.length, expiring.pieces, formatBytes(expiring.bytes)) : words.deletesNothing}</p>
              <ExpiringSets sets={expiring?.sets ?? []} />
              <p>{words.kernel}</p>
            </>
          )
        }
      />
    </section>
  );
}

/** Requests the change that was previewed. */
function useChange(cluster: number, onStarted: () => void) {
  const report = useReport();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: DeletePolicyAsk & { planHash: string; takeOver: boolean }) =>
      answer(
        client.POST('/api/v2/ob/clusters/{id}/backup/retention/deletePolicies/change', { params: { path: { id: cluster } }, body }),
      ),
    onSuccess: ({ backupObjectOpsResultList: [first] }) => {
      report.begun(first?.taskIdList[0]);
      onStarted();
    },
    onSettled: () => void queries.invalidateQueries({ queryKey: keys.backups(cluster) }),
  });
}
