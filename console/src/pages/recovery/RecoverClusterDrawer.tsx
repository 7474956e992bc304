import { Button, Checkbox, Drawer, Form, Input, InputNumber, Switch, Tooltip } from '@oceanbase/design';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useNavigate } from 'react-router';

import { answer, client } from '../../api/client';
import type { Cluster, ClusterRestore } from '../../api/types';
import { useLabels } from '../../locales';
import { Answered } from '../../parts/Answered';
import { Loaded, Nothing } from '../../parts/PageState';
import { useReturnFocus } from '../../parts/useReturnFocus';
import { tenantsQuery } from '../backup/queries';
import { ClusterField } from './ClusterField';
import { ClusterPlan } from './ClusterPlan';
import { clusterBody, type ClusterWish, PARALLEL_MAX, zonesOf } from './clusterRecovery';
import { useClusterRecoveryWords } from './clusterRecoveryWords';

/** The ID of the sys tenant, which is not recovered. */
const SYS = 1;

/** The form that recovers the tenants of a cluster in one go. The plan is shown before the recovery can start. */
export function RecoverClusterDrawer({ cluster, onClose }: { cluster: Cluster; onClose: () => void }) {
  useReturnFocus();
  const words = useClusterRecoveryWords();
  const { recovery, actions, backUpNow } = useLabels();
  const found = useQuery(tenantsQuery(cluster.id));
  const tenants = (found.data?.contents ?? []).filter(({ id }) => id !== SYS);
  const all = tenants.map(({ id }) => id);
  const [left, setLeft] = useState<number[]>([]);
  const [wish, setWish] = useState<Omit<ClusterWish, 'tenants'>>({
    cluster: cluster.id,
    time: '',
    suffix: '',
    zones: '',
    parallel: 2,
    isStandby: false,
    password: '',
  });
  const { plan, start } = useClusterRecovery(cluster.id);
  const reset = () => {
    plan.reset();
    start.reset();
  };
  const change = (part: Partial<ClusterWish>) => {
    setWish((was) => ({ ...was, ...part }));
    reset();
  };
  const chosen = all.filter((id) => !left.includes(id));
  const body = clusterBody(cluster.id, all, { ...wish, tenants: chosen });
  const error = plan.error ?? start.error;
  return (
    <Drawer
      open
      width={840}
      title={words.title(cluster.name)}
      onClose={onClose}
      footer={
        <div className="drawer-foot">
          <Button onClick={onClose}>{actions.cancel}</Button>
          <Button disabled={!body} loading={plan.isPending} onClick={() => body && plan.mutate(body)}>
            {backUpNow.showPlan}
          </Button>
          <Tooltip title={plan.data ? undefined : words.submitHint}>
            <Button type="primary" disabled={!body || !plan.data} loading={start.isPending} onClick={() => body && start.mutate(body)}>
              {recovery.submit}
            </Button>
          </Tooltip>
        </div>
      }
    >
      <p className="quiet">{words.intro}</p>
      <Form layout="vertical" component="div" requiredMark={false}>
        <Form.Item label={words.tenants} extra={words.tenantsHint}>
          <Loaded query={found}>
            {() =>
              tenants.length === 0 ? (
                <Nothing text={words.noTenants} />
              ) : (
                <>
                  <Checkbox
                    checked={left.length === 0}
                    indeterminate={left.length > 0 && chosen.length > 0}
                    onChange={({ target }: { target: { checked: boolean } }) => {
                      setLeft(target.checked ? [] : all);
                      reset();
                    }}
                  >
                    {words.all}
                  </Checkbox>
                  <Checkbox.Group
                    value={chosen}
                    options={tenants.map(({ id, name }) => ({ value: id, label: name }))}
                    onChange={(ids: number[]) => {
                      setLeft(all.filter((id) => !ids.includes(id)));
                      reset();
                    }}
                  />
                </>
              )
            }
          </Loaded>
        </Form.Item>
        <TargetFields wish={wish} generation={cluster.generation} onChange={change} />
        <Answered error={error}>{plan.data ? <ClusterPlan plan={plan.data} /> : null}</Answered>
      </Form>
    </Drawer>
  );
}

interface TargetFieldsProps {
  wish: Omit<ClusterWish, 'tenants'>;
  generation: Cluster['generation'];
  onChange: (part: Partial<ClusterWish>) => void;
}

/** The target, the time, and how the tenants are recovered. */
function TargetFields({ wish, generation, onChange }: TargetFieldsProps) {
  const words = useClusterRecoveryWords();
  const { recovery } = useLabels();
  const areZonesWrong = zonesOf(wish.zones) === undefined;
  return (
    <>
      <div className="option-row">
        <ClusterField cluster={wish.cluster} generation={generation} onChange={(cluster) => onChange({ cluster })} />
        <Form.Item label={words.suffix} htmlFor="whole-suffix" extra={words.suffixHint}>
          <Input id="whole-suffix" autoComplete="off" value={wish.suffix} onChange={({ target }) => onChange({ suffix: target.value })} />
        </Form.Item>
      </div>
      <div className="option-row">
        <Form.Item label={words.time} htmlFor="whole-time" extra={words.timeHint}>
          <Input id="whole-time" type="datetime-local" step="0.001" value={wish.time} onChange={({ target }) => onChange({ time: target.value })} />
        </Form.Item>
        <Form.Item label={words.parallel} htmlFor="whole-parallel">
          <InputNumber
            id="whole-parallel"
            min={1}
            max={PARALLEL_MAX}
            precision={0}
            value={wish.parallel}
            onChange={(parallel) => onChange({ parallel: Number(parallel) || 1 })}
          />
        </Form.Item>
      </div>
      <Form.Item
        label={words.zones}
        htmlFor="whole-zones"
        extra={words.zonesHint}
        {...(areZonesWrong ? { validateStatus: 'error' as const, help: words.zonesWrong } : {})}
      >
        <Input id="whole-zones" autoComplete="off" value={wish.zones} onChange={({ target }) => onChange({ zones: target.value })} />
      </Form.Item>
      {/* Before 4.0 no tenant can be a standby. */}
      {generation === 'GEN4' ? (
        <Form.Item label={recovery.standby} htmlFor="whole-standby" extra={words.standbyHint}>
          <Switch id="whole-standby" checked={wish.isStandby} onChange={(isStandby) => onChange({ isStandby })} />
        </Form.Item>
      ) : null}
      <Form.Item label={recovery.password} htmlFor="whole-password" extra={words.passwordHint}>
        <Input.Password id="whole-password" autoComplete="off" value={wish.password} onChange={({ target }) => onChange({ password: target.value })} />
      </Form.Item>
    </>
  );
}

/** Returns the mutations that plan and start the recovery. A started recovery opens the page of its task. */
function useClusterRecovery(cluster: number) {
  const navigate = useNavigate();
  const params = { path: { id: cluster } };
  const plan = useMutation({
    mutationFn: (body: ClusterRestore) =>
      answer(client.POST('/api/v2/ob/clusters/{id}/backup/restore/cluster/preview', { params, body })),
  });
  const start = useMutation({
    mutationFn: (body: ClusterRestore) =>
      answer(client.POST('/api/v2/ob/clusters/{id}/backup/restore/cluster', { params, body })),
    onSuccess: ({ backupObjectOpsResultList: [first] }) => {
      const task = first?.taskIdList[0];
      void navigate(task === undefined ? '/tasks' : `/tasks/${task}`);
    },
  });
  return { plan, start };
}
