import { useMemo } from 'react';
import { useSearchParams } from 'react-router';

/** The predefined periods of a list, in days. */
export const PERIODS = [1, 7, 30] as const;

/** The filter of a list, from the address. */
export interface ListFilter {
  page: number;
  size: number;
  /** The number of days up to now; replaces the two times. */
  days?: number;
  startTime?: string;
  endTime?: string;
  /** The values of the list's further filters, by name. */
  values: Record<string, string>;
}

/** A change of a filter; an empty value removes it. */
export type FilterChange = Record<string, string | number | undefined>;

const TIMES = ['days', 'from', 'until'];

/**
 * Returns the filter of a list in the address, and a function that changes it: a filtered list can be reloaded,
 * bookmarked and sent to others. Other parameters of the address stay.
 */
export function useListFilter(size: number, names: readonly string[]) {
  const [search, setSearch] = useSearchParams();
  const query = search.toString();
  const filter = useMemo(() => filterOf(new URLSearchParams(query), size, names), [query, size, names]);
  const change = (part: FilterChange) =>
    setSearch(
      (was) => {
        const next = new URLSearchParams(was);
        // A changed filter starts at the first page.
        if (!('page' in part)) next.delete('page');
        for (const [name, value] of Object.entries(part)) {
          if (value === undefined || value === '') next.delete(name);
          else next.set(name, String(value));
        }
        return next;
      },
      { replace: true },
    );
  const clear = () => change(Object.fromEntries([...TIMES, ...names].map((name) => [name, undefined])));
  return { filter, change, clear };
}

/** Reads a filter; invalid numbers and times in the address are ignored. */
export function filterOf(search: URLSearchParams, size: number, names: readonly string[], now = Date.now()): ListFilter {
  const days = numberOf(search.get('days'));
  const [from, until] = [search.get('from'), search.get('until')].map(timeOf);
  const startTime = days ? new Date(now - days * 86_400_000).toISOString() : from;
  const values = Object.fromEntries(names.flatMap((name) => (search.get(name) ? [[name, search.get(name) as string]] : [])));
  return {
    page: numberOf(search.get('page')) ?? 1,
    size: numberOf(search.get('size')) ?? size,
    ...(days ? { days } : {}),
    ...(startTime ? { startTime } : {}),
    ...(until && !days ? { endTime: until } : {}),
    values,
  };
}

function numberOf(text: string | null): number | undefined {
  return text && /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}

function timeOf(text: string | null): string | undefined {
  return text && !Number.isNaN(Date.parse(text)) ? text : undefined;
}

/** Returns whether a filter excludes rows. */
export function isFiltered({ startTime, endTime, values }: ListFilter): boolean {
  return Boolean(startTime ?? endTime) || Object.keys(values).length > 0;
}

/** Returns the page and the times in the API's format. */
export function pageAndTimes({ page, size, startTime, endTime }: ListFilter) {
  return { page, size, ...(startTime ? { startTime } : {}), ...(endTime ? { endTime } : {}) };
}

/** Returns the value if it is a known one; otherwise undefined. */
export function oneOf<T extends string>(value: string | undefined, known: Record<T, unknown>): T | undefined {
  return value !== undefined && Object.hasOwn(known, value) ? (value as T) : undefined;
}
