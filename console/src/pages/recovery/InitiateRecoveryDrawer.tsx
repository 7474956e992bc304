import { Alert, Button, Drawer, Form, Select } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';

import { answer, client } from '../../api/client';
import { keys } from '../../api/keys';
import type { BackupObject, BackupSet, Cluster, Restore, TenantWindow } from '../../api/types';
import { useLabels } from '../../locales';
import { useAllClusters } from '../../parts/ClusterSelector';
import { formatBytes, formatMoment } from '../../parts/format';
import { LeftOut } from '../../parts/LeftOut';
import { PlanAnswer } from '../../parts/PlanAnswer';
import { ProblemAlert } from '../../parts/ProblemAlert';
import { Nothing } from '../../parts/PageState';
import { useReturnFocus } from '../../parts/useReturnFocus';
import { needsConsent, useOrigin } from '../backup/Origin';
import { useMay } from '../logon/me';
import { Consent } from './Consent';
import { recoveryInfoQuery } from './queries';
import { isHalf, Renames, type Rename } from './Renames';
import { SetTree } from './SetTree';
import { TenantRecovery } from './TenantRecovery';
import { momentOf, momentProblem, NO_TENANT, tenantBody, type TenantWish } from './tenantRecovery';
import { useRecovery } from './useRecovery';
import { WithCode } from './WithCode';

interface InitiateRecoveryDrawerProps {
  /** The cluster that was backed up; undefined if it was removed. Then only the selected set can be recovered. */
  cluster?: Cluster;
  /** The selected backup set. */
  chosen: number | undefined;
  /** The tenant whose newest set is used if no set was selected. */
  tenant?: number | undefined;
  onClose: () => void;
}

interface Wish {
  set: number | undefined;
  /** The cluster to recover into. */
  cluster: number | undefined;
  tenant: number | undefined;
  /** The selected objects of the set; empty until its tree is loaded. */
  objects: BackupObject[];
  renames: Rename[];
  /** Whether a set without a trusted signature is accepted. */
  acceptForeign: boolean;
  /** Whether code, users and privileges are recovered too. */
  withCode: boolean;
  /** The values for a tenant from a physical backup; not used for a logical set. */
  tenantWish: TenantWish;
}

/**
 * The source, the target and the new names of a recovery from a logical backup set, or the time and the target of a
 * tenant from physical backups.
 */
export function InitiateRecoveryDrawer({ cluster, chosen, tenant: ofTenant, onClose }: InitiateRecoveryDrawerProps) {
  useReturnFocus();
  const { recovery, actions, backUpNow, leftOut, words } = useLabels();
  const sets = useSets(cluster?.id, chosen);
  const [wish, setWish] = useState<Wish>({
    set: chosen,
    cluster: cluster?.id,
    tenant: undefined,
    objects: [],
    renames: [],
    acceptForeign: false,
    withCode: false,
    tenantWish: { ...NO_TENANT, cluster: cluster?.id ?? NO_TENANT.cluster },
  });
  // The default is the newest set of the tenant.
  const newest = ofTenant === undefined ? undefined : sets.data?.find(({ tenantId }) => tenantId === ofTenant)?.backupSetId;
  const chosenSet = wish.set ?? newest;
  const set = sets.data?.find(({ backupSetId }) => backupSetId === chosenSet);
  // The default is the tenant that was backed up.
  const tenant = wish.tenant ?? (cluster && wish.cluster === cluster.id ? set?.tenantId : undefined);
  const { start, plan } = useRecovery();
  const change = (part: Partial<Wish>) => {
    setWish((was) => ({ ...was, ...part }));
    plan.reset();
    start.reset();
  };
  const isPhysical = set?.backupMode === 'PHYSICAL_BACKUP';
  const physical = usePhysical(cluster, isPhysical ? set : undefined, wish.tenantWish.cluster);
  const tenantWish = { ...wish.tenantWish, name: wish.tenantWish.name || defaultName(wish.tenantWish, set) };
  const body = isPhysical ? physicalBody(physical, tenantWish, set) : toBody({ ...wish, set: chosenSet }, tenant);
  const origin = useOrigin(set).data;
  const may = useMay();
  const isForeign = needsConsent(origin);
  const mayPlan = !isForeign || may.manageUsers;

  return (
    <Drawer
      open
      width={720}
      title={recovery.title}
      onClose={onClose}
      footer={
        <div className="drawer-foot">
          <Button onClick={onClose}>{actions.cancel}</Button>
          <Button disabled={!body || !mayPlan} loading={plan.isPending} onClick={() => body && plan.mutate(body)}>
            {backUpNow.showPlan}
          </Button>
          <Button
            type="primary"
            disabled={!body || (isForeign && !(may.manageUsers && wish.acceptForeign))}
            loading={start.isPending}
            onClick={() => body && start.mutate(body)}
          >
            {recovery.submit}
          </Button>
        </div>
      }
    >
      <p className="quiet">{isPhysical ? recovery.tenantIntro : recovery.intro}</p>
      {sets.data?.length === 0 ? (
        <Nothing text={recovery.noSets} />
      ) : (
        <Form layout="vertical" component="div" requiredMark={false}>
          <Form.Item label={recovery.set} htmlFor="recovery-set">
            <Select
              id="recovery-set"
              value={chosenSet}
              loading={sets.isPending}
              placeholder={recovery.chooseSet}
              options={sets.data?.map((found) => optionOf(found, words.backupMode[found.backupMode])) ?? []}
              onChange={(id: number) =>
                change({ set: id, objects: [], acceptForeign: false, tenantWish: { ...wish.tenantWish, set: undefined } })
              }
            />
          </Form.Item>
          {set && set.leftOut.length > 0 ? (
            <Alert
              className="problem"
              type={set.status === 'PARTIAL' ? 'warning' : 'info'}
              showIcon
              message={set.status === 'PARTIAL' ? leftOut.setPartial : leftOut.title}
              description={<LeftOut objects={set.leftOut} />}
            />
          ) : null}
          {origin && isForeign ? (
            <Consent
              origin={origin}
              isGiven={wish.acceptForeign}
              onChange={(acceptForeign) => change({ acceptForeign })}
            />
          ) : null}
          {isPhysical && cluster && physical.window ? (
            <TenantRecovery
              window={physical.window}
              wish={tenantWish}
              zones={physical.zones}
              generation={cluster.generation}
              onChange={(part) => change({ tenantWish: { ...tenantWish, ...part } })}
            />
          ) : null}
          {isPhysical ? null : <Target set={set} wish={wish} tenant={tenant} onChange={change} />}
          <ProblemAlert error={sets.error ?? physical.error} />
          <PlanAnswer plan={plan.data} error={plan.error ?? start.error} />
        </Form>
      )}
    </Drawer>
  );
}

/** Returns the default target: a new tenant, or for tables the tenant that was backed up. */
function defaultName({ content }: TenantWish, set: BackupSet | undefined): string {
  if (!set) return '';
  return content === 'tables' ? set.tenantName : `${set.tenantName}_restored`;
}

interface Physical {
  /** The recoverable times of the tenant. */
  window: TenantWindow | undefined;
  /** The zones of the target cluster. */
  zones: string[];
  error: unknown;
}

/** Requests the recoverable times of a set's tenant, and the zones of the target cluster. */
function usePhysical(cluster: Cluster | undefined, set: BackupSet | undefined, into: number): Physical {
  const clusters = useAllClusters();
  const tenant = set?.tenantId ?? 0;
  const info = useQuery({ ...recoveryInfoQuery(cluster?.id ?? 0, tenant), enabled: cluster !== undefined && set !== undefined });
  const target = clusters.data?.contents.find(({ id }) => id === into);
  return {
    window: info.data?.tenants.find(({ tenantId }) => tenantId === tenant),
    zones: target?.zones.map(({ name }) => name) ?? [],
    error: info.error,
  };
}

function physicalBody({ window, zones }: Physical, wish: TenantWish, set: BackupSet | undefined) {
  if (!window || !set) return undefined;
  const moment = wish.until === 'time' && wish.time ? momentOf(wish.time) : undefined;
  if (moment && momentProblem(window, moment)) return undefined;
  const body = tenantBody(wish, { cluster: set.clusterId, tenant: set.tenantId }, zones);
  return body ? { cluster: wish.cluster, body } : undefined;
}

interface TargetProps {
  set: BackupSet | undefined;
  wish: Wish;
  tenant: number | undefined;
  onChange: (part: Partial<Wish>) => void;
}

/** The objects, the target and the new names of a recovery from a logical set. */
function Target({ set, wish, tenant, onChange }: TargetProps) {
  const { recovery } = useLabels();
  return (
    <>
      <Destination
        cluster={wish.cluster}
        tenant={tenant}
        onCluster={(id) => onChange({ cluster: id, tenant: undefined })}
        onTenant={(id) => onChange({ tenant: id })}
      />
      {set ? (
        <Form.Item label={recovery.objects} extra={hasTable(wish.objects) ? recovery.tablesHint : undefined}>
          <SetTree key={set.backupSetId} set={set} onChange={(objects) => onChange({ objects })} />
        </Form.Item>
      ) : null}
      <Form.Item
        label={recovery.rename}
        extra={recovery.renameHint}
        {...(wish.renames.some(isHalf) ? { validateStatus: 'error' as const, help: recovery.renameHalf } : {})}
      >
        <Renames renames={wish.renames} onChange={(renames) => onChange({ renames })} />
      </Form.Item>
      <WithCode isWanted={wish.withCode} onChange={(withCode) => onChange({ withCode })} />
    </>
  );
}

function hasTable(objects: BackupObject[]): boolean {
  return objects.some(({ backupDimension }) => backupDimension === 'TABLE');
}

interface DestinationProps {
  cluster: number | undefined;
  tenant: number | undefined;
  onCluster: (id: number) => void;
  onTenant: (id: number) => void;
}

function Destination({ cluster, tenant, onCluster, onTenant }: DestinationProps) {
  const { recovery } = useLabels();
  const clusters = useAllClusters();
  const tenants = useQuery({
    queryKey: keys.tenants(cluster ?? 0),
    enabled: cluster !== undefined,
    queryFn: () => answer(client.GET('/api/v2/ob/clusters/{id}/tenants', { params: { path: { id: cluster ?? 0 } } })),
  });
  const running = clusters.data?.contents.filter(({ status }) => status === 'RUNNING') ?? [];
  return (
    <div className="option-row">
      <Form.Item label={recovery.destinationCluster} htmlFor="recovery-cluster">
        <Select
          id="recovery-cluster"
          value={cluster}
          options={running.map(({ id, name }) => ({ value: id, label: name }))}
          onChange={onCluster}
        />
      </Form.Item>
      <Form.Item label={recovery.destinationTenant} htmlFor="recovery-tenant">
        <Select
          id="recovery-tenant"
          value={tenant}
          loading={tenants.isLoading}
          options={
            tenants.data?.contents
              .filter(({ mode }) => mode === 'MYSQL')
              .map(({ id, name, logicalDisabled: why }) => ({
                value: id,
                label: name,
                disabled: Boolean(why),
                ...(why ? { title: why.message } : {}),
              })) ?? []
          }
          onChange={onTenant}
        />
      </Form.Item>
    </div>
  );
}

function optionOf(set: BackupSet, mode: string) {
  const label = `${set.backupSetId} · ${set.tenantName} · ${mode} · ${formatMoment(set.consistentTime)} · ${formatBytes(set.bytes)}`;
  return { value: set.backupSetId, label };
}

function toBody(wish: Wish, tenant: number | undefined): { cluster: number; body: Restore } | undefined {
  if (wish.set === undefined || wish.cluster === undefined || tenant === undefined) return undefined;
  if (wish.objects.length === 0) return undefined;
  if (wish.renames.some(isHalf)) return undefined;
  const renames = wish.renames.filter(({ from, to }) => from.trim() && to.trim());
  const body: Restore = {
    backupSetId: wish.set,
    restoreTenantId: tenant,
    obBackupObjectList: partsOf(wish.objects),
    rename: Object.fromEntries(renames.map(({ from, to }) => [from.trim(), to.trim()])),
    ...(wish.acceptForeign ? { acceptForeign: true } : {}),
    ...(wish.withCode ? { withCode: true } : {}),
  };
  return { cluster: wish.cluster, body };
}

/** Returns the databases and tables without the cluster and tenant of the set; empty means the whole set. */
function partsOf(objects: BackupObject[]): BackupObject[] {
  if (objects.some(({ backupDimension }) => backupDimension === 'TENANT')) return [];
  return objects.map(({ databaseName, tableName, backupDimension }) => ({
    backupDimension,
    ...(databaseName ? { databaseName } : {}),
    ...(tableName ? { tableName } : {}),
  }));
}

/** Requests the sets of a cluster; if it was removed, only the selected set. */
function useSets(id: number | undefined, chosen: number | undefined) {
  const filter = { page: 1, size: 200 };
  const alone = { page: 1, size: 1, ...(chosen === undefined ? {} : { backupSetId: chosen }) };
  return useQuery({
    queryKey: id === undefined ? keys.allBackupSets(alone) : keys.backupSets(id, filter),
    queryFn: () =>
      id === undefined
        ? answer(client.GET('/api/v2/backup/sets', { params: { query: alone } }))
        : answer(client.GET('/api/v2/ob/clusters/{id}/backup/sets', { params: { path: { id }, query: filter } })),
    select: ({ contents }) => contents.filter(({ status }) => status !== 'DELETED'),
  });
}
