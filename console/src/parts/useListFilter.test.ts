import { expect, test } from 'vitest';

import { filterOf, isFiltered, oneOf, pageAndTimes } from './useListFilter';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const read = (query: string) => filterOf(new URLSearchParams(query), 10, ['status', 'cluster'], NOW);

test('a filter is read from the address', () => {
  expect(read('status=FAILED&cluster=7&page=3&size=20&list=sets')).toEqual({ page: 3, size: 20, values: { status: 'FAILED', cluster: '7' } });
  expect(isFiltered(read('page=2'))).toBe(false);
  expect(isFiltered(read('status=FAILED'))).toBe(true);
});

test('a period looks back from now, and goes before two times', () => {
  expect(pageAndTimes(read('days=7&until=2026-11-01T00:00:00Z'))).toEqual({ page: 1, size: 10, startTime: '2026-11-18T12:00:00.000Z' });
});

test('what is no number or time is passed over', () => {
  expect(read('page=-1&size=all&days=0&from=yesterday')).toEqual({ page: 1, size: 10, values: {} });
});

test('a value that the list does not know is none', () => {
  expect(oneOf('FAILED', { FAILED: '' })).toBe('FAILED');
  expect(oneOf('toString', { FAILED: '' })).toBeUndefined();
});
