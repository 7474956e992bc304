import { Button, Drawer, Form, InputNumber } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { RetentionAsk } from '../../api/types';
import { useLabels } from '../../locales';
import { Loaded } from '../../parts/PageState';
import { useReturnFocus } from '../../parts/useReturnFocus';
import { DeletePolicies } from './DeletePolicies';
import { RetentionPlan } from './RetentionPlan';
import { useRetentionWords } from './retentionWords';

const MOST_DAYS = 3660;

interface CleanUpDrawerProps {
  cluster: number;
  /** Whether the cluster has delete policies for physical backups: since 4.0. */
  hasPolicies?: boolean;
  onClose: () => void;
}

/** The expired logical backup sets, a button that deletes them, and the physical backups that the database deletes. */
export function CleanUpDrawer({ cluster, hasPolicies = false, onClose }: CleanUpDrawerProps) {
  useReturnFocus();
  const words = useRetentionWords();
  const { actions } = useLabels();
  const [days, setDays] = useState<number | null>(null);
  // The request of the plan below; undefined after a change of the field.
  const [asked, setAsked] = useState<RetentionAsk | undefined>({});
  const plan = useQuery({
    queryKey: keys.retentionPlan(cluster, asked),
    enabled: asked !== undefined,
    queryFn: () =>
      answer(client.POST('/api/v2/ob/clusters/{id}/backup/retention/plan', { params: { path: { id: cluster } }, body: asked ?? {} })),
    gcTime: 0,
  });
  return (
    <Drawer
      open
      width={880}
      title={words.title}
      onClose={onClose}
      footer={
        <div className="drawer-foot">
          <Button onClick={onClose}>{actions.close}</Button>
        </div>
      }
    >
      <p className="quiet">{words.intro}</p>
      <Form layout="vertical" component="div" requiredMark={false}>
        <Form.Item label={words.days} htmlFor="keep-days" extra={words.daysHint}>
          <InputNumber
            id="keep-days"
            min={1}
            max={MOST_DAYS}
            precision={0}
            value={days}
            onChange={(value) => {
              setDays(typeof value === 'number' ? value : null);
              setAsked(undefined);
            }}
          />
        </Form.Item>
        <Button disabled={asked !== undefined} onClick={() => setAsked(days === null ? {} : { policy: { retentionDays: days } })}>
          {words.show}
        </Button>
      </Form>
      {asked ? (
        <Loaded query={plan}>
          {({ contents }) => <RetentionPlan cluster={cluster} asked={asked} tenants={contents} onStarted={onClose} />}
        </Loaded>
      ) : null}
      {asked && hasPolicies ? <DeletePolicies cluster={cluster} days={asked.policy?.retentionDays ?? undefined} /> : null}
    </Drawer>
  );
}
