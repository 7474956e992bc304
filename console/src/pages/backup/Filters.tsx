import { Button, DatePicker, Select } from '@oceanbase/design';
import dayjs from 'dayjs';
import type { ReactNode } from 'react';

import { useLabels } from '../../locales';
import { isFiltered, PERIODS, type FilterChange, type ListFilter } from '../../parts/useListFilter';

interface FiltersProps {
  filter: ListFilter;
  /** The possible statuses of rows; undefined without a filter by status. */
  states?: Record<string, string>;
  /** Whether there is a filter by time. */
  hasTime?: boolean;
  onChange: (part: FilterChange) => void;
  onClear: () => void;
  /** Further filters of the list. */
  children?: ReactNode;
}

/** The filter of a list: by time, by status, and by further values of the list. */
export function Filters({ filter, states, hasTime = true, onChange, onClear, children }: FiltersProps) {
  const { backup, filters, actions } = useLabels();
  return (
    <div className="filters">
      {children}
      {states ? (
        <Select
          aria-label={backup.status}
          value={filter.values.status ?? ''}
          options={[{ value: '', label: backup.anyStatus }, ...Object.entries(states).map(([value, label]) => ({ value, label }))]}
          className="filter-status"
          onChange={(status: string) => onChange({ status })}
        />
      ) : null}
      {hasTime ? (
        <>
          <Select
            aria-label={filters.period}
            value={filter.days ?? (filter.startTime || filter.endTime ? -1 : 0)}
            options={[
              { value: 0, label: filters.anyTime },
              ...PERIODS.map((days) => ({ value: days, label: filters.lastDays[days] })),
              { value: -1, label: filters.between },
            ]}
            className="filter-status"
            onChange={(days: number) =>
              onChange(
                days === -1
                  ? { days: undefined, from: filter.startTime ?? dayjs().subtract(1, 'day').toISOString() }
                  : { days: days || undefined, from: undefined, until: undefined },
              )
            }
          />
          {!filter.days && (filter.startTime || filter.endTime) ? (
            <DatePicker.RangePicker
              showTime
              allowEmpty={[true, true]}
              aria-label={`${backup.from} – ${backup.until}`}
              placeholder={[backup.from, backup.until]}
              value={[timeOf(filter.startTime), timeOf(filter.endTime)]}
              onChange={(range) => {
                const [from, until] = range ?? [];
                onChange({ days: undefined, from: from?.toISOString(), until: until?.toISOString() });
              }}
            />
          ) : null}
        </>
      ) : null}
      {isFiltered(filter) ? (
        <Button type="link" className="link-button" onClick={onClear}>
          {actions.reset}
        </Button>
      ) : null}
    </div>
  );
}

function timeOf(text: string | undefined) {
  return text ? dayjs(text) : null;
}
