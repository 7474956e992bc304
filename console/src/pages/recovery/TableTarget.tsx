import { Form, Input } from '@oceanbase/design';

import type { Cluster } from '../../api/types';
import { useLabels } from '../../locales';
import { ClusterField } from './ClusterField';
import { selectionOf } from './tables';
import type { TenantWish } from './tenantRecovery';

interface TableTargetProps {
  wish: TenantWish;
  /** The generation of the cluster that was backed up; the target must have the same. */
  generation: Cluster['generation'];
  onChange: (part: Partial<TenantWish>) => void;
}

/** The tables to recover, the existing tenant to recover them into, and the pools that the database needs meanwhile. */
export function TableTarget({ wish, generation, onChange }: TableTargetProps) {
  const { recovery } = useLabels();
  const read = selectionOf(wish.objects);
  const said = 'wrongLine' in read ? recovery.tablesWrong(read.wrongLine) : undefined;
  return (
    <>
      <Form.Item
        label={recovery.objects}
        htmlFor="recovery-tables"
        extra={recovery.tableLines}
        {...(said ? { validateStatus: 'error' as const, help: said } : {})}
      >
        <Input.TextArea
          id="recovery-tables"
          rows={4}
          value={wish.objects}
          onChange={({ target }) => onChange({ objects: target.value })}
        />
      </Form.Item>
      <h3>{recovery.target}</h3>
      <div className="option-row">
        <ClusterField cluster={wish.cluster} generation={generation} onChange={(cluster) => onChange({ cluster })} />
        <Form.Item label={recovery.destinationTenant} htmlFor="recovery-old-tenant" extra={recovery.oldTenantHint}>
          <Input id="recovery-old-tenant" value={wish.name} onChange={({ target }) => onChange({ name: target.value })} />
        </Form.Item>
      </div>
      <Form.Item label={recovery.pools} htmlFor="recovery-aux-pools" extra={recovery.auxPoolsHint}>
        <Input id="recovery-aux-pools" value={wish.pools} onChange={({ target }) => onChange({ pools: target.value })} />
      </Form.Item>
    </>
  );
}
