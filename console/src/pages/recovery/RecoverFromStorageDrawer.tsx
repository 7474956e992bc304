import { Button, Drawer, Form, Input, InputNumber, Radio } from '@oceanbase/design';
import { useState } from 'react';

import type { Storage } from '../../api/types';
import { useLabels } from '../../locales';
import { PlanAnswer } from '../../parts/PlanAnswer';
import { useAllClusters } from '../../parts/useAllClusters';
import { useReturnFocus } from '../../parts/useReturnFocus';
import { FoundTenants } from './FoundTenants';
import { NO_SOURCE, storageBody, type StorageSource } from './storageRecovery';
import { useStorageRecoveryWords } from './storageRecoveryWords';
import { isScn, NO_TENANT, type TenantWish, type Until } from './tenantRecovery';
import { TenantTarget } from './TenantTarget';
import { useRecovery } from './useRecovery';

/** The form that recovers a tenant from physical backups in a storage, without the cluster that was backed up. */
export function RecoverFromStorageDrawer({ storage, onClose }: { storage: Storage; onClose: () => void }) {
  useReturnFocus();
  const words = useStorageRecoveryWords();
  const { recovery, actions, backUpNow } = useLabels();
  const [source, setSource] = useState<StorageSource>({ ...NO_SOURCE, storage: storage.storageId });
  const [wish, setWish] = useState<TenantWish>(NO_TENANT);
  const clusters = useAllClusters();
  const zones = clusters.data?.contents.find(({ id }) => id === wish.cluster)?.zones.map(({ name }) => name) ?? [];
  const { start, plan } = useRecovery();
  const reset = () => {
    plan.reset();
    start.reset();
  };
  const change = (part: Partial<TenantWish>) => {
    setWish((was) => ({ ...was, ...part }));
    reset();
  };
  const changeSource = (part: Partial<StorageSource>) => {
    setSource((was) => ({ ...was, ...part }));
    reset();
  };
  const body = storageBody(source, wish, zones);
  const ask = body && { cluster: wish.cluster, body };
  return (
    <Drawer
      open
      width={720}
      title={words.title(storage.configName ?? storage.uri)}
      onClose={onClose}
      footer={
        <div className="drawer-foot">
          <Button onClick={onClose}>{actions.cancel}</Button>
          <Button disabled={!ask} loading={plan.isPending} onClick={() => ask && plan.mutate(ask)}>
            {backUpNow.showPlan}
          </Button>
          <Button type="primary" disabled={!ask} loading={start.isPending} onClick={() => ask && start.mutate(ask)}>
            {recovery.submit}
          </Button>
        </div>
      }
    >
      <p className="quiet">{words.intro}</p>
      <Form layout="vertical" component="div" requiredMark={false}>
        <h3>{words.source}</h3>
        <FoundTenants storage={storage.storageId} source={source} onChange={changeSource} />
        <SourceFields source={source} onChange={changeSource} />
        <MomentFields wish={wish} onChange={change} />
        <TenantTarget wish={wish} zones={zones} onChange={change} />
        <PlanAnswer plan={plan.data} error={plan.error ?? start.error} />
      </Form>
    </Drawer>
  );
}

interface SourceFieldsProps {
  source: StorageSource;
  onChange: (part: Partial<StorageSource>) => void;
}

/** The owner of the backups, and their folders. */
function SourceFields({ source, onChange }: SourceFieldsProps) {
  const words = useStorageRecoveryWords();
  const text = (name: 'clusterName' | 'tenantName' | 'dataFolder' | 'logFolder', hint: string) => (
    <Form.Item label={words[name]} htmlFor={`source-${name}`} extra={hint}>
      <Input id={`source-${name}`} autoComplete="off" value={source[name]} onChange={({ target }) => onChange({ [name]: target.value })} />
    </Form.Item>
  );
  const number = (name: 'clusterId' | 'tenantId') => (
    <Form.Item label={words[name]} htmlFor={`source-${name}`}>
      <InputNumber
        id={`source-${name}`}
        min={1}
        precision={0}
        value={source[name]}
        onChange={(id) => onChange({ [name]: typeof id === 'number' ? id : null })}
      />
    </Form.Item>
  );
  return (
    <div className="option-row">
      {text('clusterName', words.clusterNameHint)}
      {number('clusterId')}
      {text('tenantName', words.tenantNameHint)}
      {number('tenantId')}
      {text('dataFolder', words.folderHint)}
      {text('logFolder', words.folderHint)}
    </div>
  );
}

interface MomentFieldsProps {
  wish: TenantWish;
  onChange: (part: Partial<TenantWish>) => void;
}

/** The time, and the password. Only the storage shows whether the backups are encrypted. */
function MomentFields({ wish, onChange }: MomentFieldsProps) {
  const words = useStorageRecoveryWords();
  const { recovery } = useLabels();
  const isWrong = wish.scn !== '' && !isScn(wish.scn);
  return (
    <>
      <Form.Item label={words.until}>
        <Radio.Group
          value={wish.until}
          options={(['time', 'scn'] as const).map((value) => ({ value, label: words[value] }))}
          onChange={({ target }) => onChange({ until: target.value as Until })}
        />
      </Form.Item>
      {wish.until === 'scn' ? (
        <Form.Item label="SCN" htmlFor="source-scn" {...(isWrong ? { validateStatus: 'error' as const, help: recovery.scnWrong } : {})}>
          <Input id="source-scn" inputMode="numeric" autoComplete="off" value={wish.scn} onChange={({ target }) => onChange({ scn: target.value })} />
        </Form.Item>
      ) : (
        <Form.Item label={recovery.moment} htmlFor="source-moment" extra={words.timeHint}>
          <Input id="source-moment" type="datetime-local" step="0.001" value={wish.time} onChange={({ target }) => onChange({ time: target.value })} />
        </Form.Item>
      )}
      <Form.Item label={recovery.password} htmlFor="source-password" extra={words.passwordHint}>
        <Input.Password id="source-password" autoComplete="off" value={wish.password} onChange={({ target }) => onChange({ password: target.value })} />
      </Form.Item>
    </>
  );
}
