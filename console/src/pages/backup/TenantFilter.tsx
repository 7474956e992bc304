import { Select } from '@oceanbase/design';
import { useQuery } from '@tanstack/react-query';

import { useLabels } from '../../locales';
import { tenantsQuery } from './queries';

interface TenantFilterProps {
  id: number;
  value: number | undefined;
  onChange: (tenant: number | undefined) => void;
}

/** The filter by tenant. */
export function TenantFilter({ id, value, onChange }: TenantFilterProps) {
  const { backup, state } = useLabels();
  const tenants = useQuery(tenantsQuery(id));
  return (
    <Select
      aria-label={backup.tenant}
      className="filter-status"
      placeholder={backup.tenant}
      allowClear
      showSearch
      notFoundContent={state.noMatches}
      optionFilterProp="label"
      value={value}
      loading={tenants.isPending}
      options={tenants.data?.contents.map((tenant) => ({ value: tenant.id, label: tenant.name })) ?? []}
      onChange={(tenant?: number) => onChange(tenant)}
    />
  );
}
