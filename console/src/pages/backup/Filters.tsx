import { DatePicker, Select } from '@oceanbase/design';

import { useLabels } from '../../locales';
import type { Filter } from './queries';

interface FiltersProps {
  filter: Filter;
  states: Record<string, string>;
  /** Whether rows can be chosen by time. */
  hasTime?: boolean;
  onChange: (filter: Filter) => void;
}

/** Which rows of a list are wanted: by time and by state. */
export function Filters({ filter, states, hasTime = true, onChange }: FiltersProps) {
  const { backup } = useLabels();
  const options = [
    { value: '', label: backup.anyStatus },
    ...Object.entries(states).map(([value, label]) => ({ value, label })),
  ];
  const change = (part: Partial<Filter>) => onChange({ ...filter, ...part, page: 1 });
  return (
    <div className="filters">
      {hasTime ? <DatePicker.RangePicker
        showTime
        aria-label={`${backup.from} – ${backup.until}`}
        placeholder={[backup.from, backup.until]}
        onChange={(range) => {
          const { startTime, endTime, ...rest } = filter;
          const [from, until] = range ?? [];
          onChange({
            ...rest,
            page: 1,
            ...(from ? { startTime: from.toISOString() } : {}),
            ...(until ? { endTime: until.toISOString() } : {}),
          });
        }}
      /> : null}
      <Select
        aria-label={backup.status}
        value={filter.status ?? ''}
        options={options}
        className="filter-status"
        onChange={(status: string) => change({ status })}
      />
    </div>
  );
}

/** Tells whether rows are left out. */
export function isFiltered({ startTime, endTime, status }: Filter): boolean {
  return Boolean(startTime ?? endTime) || Boolean(status);
}

/** Returns a filter as the wire takes it: what is not asked about is left out. */
export function asQuery<S extends string>({ status, ...rest }: Filter): Omit<Filter, 'status'> & { status?: S } {
  return status ? { ...rest, status: status as S } : rest;
}
