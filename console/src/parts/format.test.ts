import { expect, test } from 'vitest';

import { en } from '../locales/en';
import { zh } from '../locales/zh';
import { formatAgo, formatBytes, formatBytesLike, formatLatency, formatMoment, formatRate, formatSeconds } from './format';

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.00 KiB'],
  [1536, '1.50 KiB'],
  [10.5 * 1024 ** 2, '10.5 MiB'],
  [250 * 1024 ** 3, '250 GiB'],
  [1024 ** 6, '1024 PiB'],
])('%d bytes are %s', (bytes, written) => expect(formatBytes(bytes)).toBe(written));

test.each([
  [0, '< 0.1 s'],
  [1.04, '1.0 s'],
  [59, '59 s'],
  [60, '1 min'],
  [3725, '1 h 2 min'],
  [90_000, '1 d 1 h'],
])('%d seconds are %s', (seconds, written) => expect(formatSeconds(seconds, en)).toBe(written));

test.each([
  [59, 'just now', '刚刚'],
  [60, '1 min ago', '1 分前'],
  [3 * 3600 + 59, '3 h ago', '3 小时前'],
  [2 * 86_400, '2 d ago', '2 天前'],
  [-7200, 'in 2 h', '2 小时后'],
  [40 * 86_400, undefined, undefined],
])('%d seconds ago is %s', (seconds, english, chinese) => {
  const now = Date.parse('2026-11-25T10:00:00Z');
  const at = new Date(now - seconds * 1000).toISOString();
  expect([formatAgo(at, en, now), formatAgo(at, zh, now)]).toEqual([english, chinese]);
});

test.each([
  [0, '< 1 ms'],
  [1500, '1.5 ms'],
  [40_000, '40 ms'],
  [2_500_000, '2.5 s'],
])('%d microseconds are %s', (us, written) => expect(formatLatency(us)).toBe(written));

test('the marks of an axis have one unit', () => {
  const mib = 1024 ** 2;
  expect([0, 500, 1000, 1500].map((n) => formatBytesLike(n * mib, 500 * mib))).toEqual(['0 MiB', '500 MiB', '1000 MiB', '1500 MiB']);
  expect([0, 100].map((n) => formatBytesLike(n, 100))).toEqual(['0 B', '100 B']);
});

test.each([
  [5, 8, '62%'],
  [999, 1000, '99%'],
  [1, 1, '100%'],
  [0, 0, '–'],
])('%d of %d is %s', (part, all, expected) => {
  expect(formatRate(part, all)).toBe(expected);
});

test('a moment names its zone, and what is no moment is shown as it came', () => {
  expect(formatMoment('2026-11-22T21:05:06Z')).toMatch(/^2026-11-2[123] \d\d:\d\d:06 [+-]\d\d:\d\d$/);
  expect(formatMoment('soon')).toBe('soon');
});

test('both languages have the same labels, none of them empty', () => {
  const keysOf = (labels: object, path = ''): string[] =>
    Object.entries(labels).flatMap(([key, value]) =>
      typeof value === 'object' && value !== null ? keysOf(value as object, `${path}${key}.`) : `${path}${key}`,
    );
  expect(keysOf(zh).sort()).toEqual(keysOf(en).sort());
  const empty = (labels: object): boolean =>
    Object.values(labels).some((value) => (typeof value === 'object' ? empty(value as object) : value === ''));
  expect(empty(zh) || empty(en)).toBe(false);
});
