import { Form, Input, Radio, Switch } from '@oceanbase/design';

import type { Cluster } from '../../api/types';
import { useLabels } from '../../locales';
import { useAllClusters } from '../../parts/ClusterSelector';
import { ClusterField } from './ClusterField';
import { onlyTablesOf } from './tables';
import type { TenantWish } from './tenantRecovery';
import { ZoneUnits } from './ZoneUnits';
import { ofOtherGeneration } from './zoneUnits';

interface TenantTargetProps {
  wish: TenantWish;
  /** The zones of the target cluster. */
  zones: string[];
  /** The generation of the cluster that was backed up; the target must have the same. Undefined if only a storage is left. */
  generation?: Cluster['generation'];
  onChange: (part: Partial<TenantWish>) => void;
}

/** The target of a tenant recovery: the cluster, the name, and the resources in each zone. */
export function TenantTarget({ wish, zones, generation, onChange }: TenantTargetProps) {
  const { recovery } = useLabels();
  const clusters = useAllClusters();
  const generationOf = (cluster: number | undefined) => generation ?? clusters.data?.contents.find(({ id }) => id === cluster)?.generation;
  const into = generationOf(wish.cluster);
  return (
    <>
      <h3>{recovery.target}</h3>
      <div className="option-row">
        <ClusterField
          cluster={wish.cluster}
          generation={generation}
          // A cluster of another generation may support neither standby tenants nor a choice of tables.
          onChange={(cluster) =>
            onChange(
              generationOf(cluster) === into
                ? { cluster }
                : { cluster, isStandby: false, onlyTables: '', zones: ofOtherGeneration(wish.zones) },
            )
          }
        />
        <Form.Item label={recovery.newTenant} htmlFor="recovery-new-tenant" extra={recovery.newTenantHint}>
          <Input id="recovery-new-tenant" value={wish.name} onChange={({ target }) => onChange({ name: target.value })} />
        </Form.Item>
      </div>
      {into === 'GEN3' ? <OnlyTables typed={wish.onlyTables} onChange={(onlyTables) => onChange({ onlyTables })} /> : null}
      {/* Before 4.0 no tenant can be a standby. */}
      {into === 'GEN4' ? (
        <Form.Item label={recovery.standby} htmlFor="recovery-standby" extra={recovery.standbyHint}>
          <Switch id="recovery-standby" checked={wish.isStandby} onChange={(isStandby) => onChange({ isStandby })} />
        </Form.Item>
      ) : null}
      <h3>{recovery.zones}</h3>
      <Form.Item>
        <Radio.Group
          value={wish.resources}
          options={[
            { value: 'units', label: recovery.newPools },
            { value: 'pools', label: recovery.oldPools },
          ]}
          onChange={({ target }) => onChange({ resources: target.value as TenantWish['resources'] })}
        />
      </Form.Item>
      {wish.resources === 'units' ? (
        <ZoneUnits
          wish={wish.zones}
          zones={zones}
          hasLogDisk={into === 'GEN4'}
          onChange={(part) => onChange({ zones: { ...wish.zones, ...part } })}
        />
      ) : (
        <Form.Item label={recovery.pools} htmlFor="recovery-pools" extra={recovery.poolsHint}>
          <Input id="recovery-pools" value={wish.pools} onChange={({ target }) => onChange({ pools: target.value })} />
        </Form.Item>
      )}
      <Form.Item label={recovery.primaryZone} htmlFor="recovery-primary-zone" extra={recovery.primaryZoneHint}>
        <Input
          id="recovery-primary-zone"
          value={wish.primaryZone}
          onChange={({ target }) => onChange({ primaryZone: target.value })}
        />
      </Form.Item>
    </>
  );
}

/** The only tables of a new tenant; since 4.0, tables are recovered into an existing one. */
function OnlyTables({ typed, onChange }: { typed: string; onChange: (typed: string) => void }) {
  const { recovery } = useLabels();
  const isWrong = onlyTablesOf(typed) === undefined;
  return (
    <Form.Item
      label={recovery.onlyTables}
      htmlFor="recovery-only-tables"
      extra={recovery.onlyTablesHint}
      {...(isWrong ? { validateStatus: 'error' as const, help: recovery.onlyTablesWrong } : {})}
    >
      <Input.TextArea id="recovery-only-tables" rows={3} value={typed} onChange={({ target }) => onChange(target.value)} />
    </Form.Item>
  );
}
