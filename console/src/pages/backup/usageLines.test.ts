import { expect, test } from 'vitest';

import type { StorageUsage } from '../../api/types';
import { enChart as words } from '../../charts/words';
import { storagesOf, usageLines, usageSummary } from './usageLines';

const GIB = 1024 ** 3;
const usage = (hour: number, data: number, log: number, part: Partial<StorageUsage> = {}): StorageUsage => ({
  storageId: 3,
  configName: 'nightly',
  time: new Date(2026, 10, 27, hour).toISOString(),
  totalBytes: (data + log) * GIB,
  dataBytes: data * GIB,
  logBytes: log * GIB,
  capacityBytes: null,
  usedBytes: null,
  ...part,
});
const storage = (...usages: StorageUsage[]) => ({ id: 3, name: 'nightly', usages });

test('the storage that holds most comes first, and one without a name has its number', () => {
  const small = { storageId: 4, configName: null };
  const found = storagesOf([usage(1, 5, 1), usage(2, 6, 1), usage(1, 30, 0, small), usage(2, 1, 0, small)], words.unnamed);
  expect(found.map(({ id, name, usages }) => [id, name, usages.length])).toEqual([
    [3, 'nightly', 2],
    [4, 'Storage 4', 2],
  ]);
});

test('a storage has three lines', () => {
  const lines = usageLines(storage(usage(1, 5, 1), usage(2, 6, 2)), words);
  expect(lines.map(({ name, samples }) => [name, samples.map(({ value }) => value / GIB)])).toEqual([
    ['Total', [6, 8]],
    ['Data Backup', [5, 6]],
    ['Log Backup', [1, 2]],
  ]);
});

test('before 4.0 nothing is said of logs, and they have no line', () => {
  const old = storage(usage(1, 5, 0, { logBytes: null }));
  expect(usageLines(old, words).map(({ key }) => key)).toEqual(['total', 'data']);
  expect(usageSummary(old, words)).toBe('5.00 GiB at 2026-11-27 01:00. Before OceanBase 4.0, the size of log backups is not known.');
});

test('the summary says how much there is, how it changed, and how full the file system is', () => {
  const full = { capacityBytes: 1000 * GIB, usedBytes: 601 * GIB };
  expect(usageSummary(storage(usage(1, 5, 1), usage(2, 8, 2, full)), words)).toBe(
    '10.0 GiB at 2026-11-27 02:00: 8.00 GiB of data backups and 2.00 GiB of log backups. 4.00 GiB more than at 2026-11-27 01:00. The file system is 60 % full: 601 GiB of 1000 GiB.',
  );
  expect(usageSummary(storage(usage(1, 5, 1), usage(2, 2, 1)), words)).toContain('3.00 GiB less than at 2026-11-27 01:00.');
  expect(usageSummary(storage(usage(1, 5, 1), usage(2, 5, 1)), words)).toContain('Unchanged since 2026-11-27 01:00.');
  expect(usageSummary(storage(usage(1, 5, 1)), words)).toBe('6.00 GiB at 2026-11-27 01:00: 5.00 GiB of data backups and 1.00 GiB of log backups.');
  expect(usageSummary(storage(), words)).toBe('');
});
