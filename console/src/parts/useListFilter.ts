import { useMemo } from 'react';
import { useSearchParams } from 'react-router';

/** How far back a list can look at a press. */
export const PERIODS = [1, 7, 30] as const;

/** Which rows of a list are wanted, as the address says it. */
export interface ListFilter {
  page: number;
  size: number;
  /** The number of days up to now; replaces the two times. */
  days?: number;
  startTime?: string;
  endTime?: string;
  /** By the names that the list has besides. */
  values: Record<string, string>;
}

/** What of a filter is changed; an empty value takes it away. */
export type FilterChange = Record<string, string | number | undefined>;

const TIMES = ['days', 'from', 'until'];

/**
 * Returns the filter of a list that the address holds, and how to change it: a list that was looked for can be reloaded,
 * bookmarked and sent to others. Whatever else the address holds stays.
 */
export function useListFilter(size: number, names: readonly string[]) {
  const [search, setSearch] = useSearchParams();
  const query = search.toString();
  const filter = useMemo(() => filterOf(new URLSearchParams(query), size, names), [query, size, names]);
  const change = (part: FilterChange) =>
    setSearch(
      (was) => {
        const next = new URLSearchParams(was);
        // Another filter begins at its first page.
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

/** Reads a filter; what is no number or time of an address somebody typed is passed over. */
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

/** Tells whether a filter leaves rows out. */
export function isFiltered({ startTime, endTime, values }: ListFilter): boolean {
  return Boolean(startTime ?? endTime) || Object.keys(values).length > 0;
}

/** Returns page and times as the wire takes them. */
export function pageAndTimes({ page, size, startTime, endTime }: ListFilter) {
  return { page, size, ...(startTime ? { startTime } : {}), ...(endTime ? { endTime } : {}) };
}

/** Returns one of the values a list knows; nothing where the address names another. */
export function oneOf<T extends string>(value: string | undefined, known: Record<T, unknown>): T | undefined {
  return value !== undefined && Object.hasOwn(known, value) ? (value as T) : undefined;
}
