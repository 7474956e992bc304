import type { StorageUsage } from '../../api/types';
import { writtenMoment, type Line } from '../../charts/timeline';
import type { ChartWords } from '../../charts/words';
import { formatBytes } from '../../parts/format';

/** The used space of a storage over time. */
export interface UsedStorage {
  id: number;
  name: string;
  usages: StorageUsage[];
}

/** Returns the storages, the one with the largest newest sample first. */
export function storagesOf(usages: StorageUsage[], unnamed: (id: number) => string): UsedStorage[] {
  const storages = new Map<number, UsedStorage>();
  for (const usage of usages) {
    const storage = storages.get(usage.storageId) ?? { id: usage.storageId, name: '', usages: [] };
    storage.name = usage.configName ?? unnamed(usage.storageId);
    storage.usages.push(usage);
    storages.set(usage.storageId, storage);
  }
  const size = ({ usages: all }: UsedStorage) => all.at(-1)?.totalBytes ?? 0;
  return [...storages.values()].sort((a, b) => size(b) - size(a));
}

/** Returns the lines of a storage: the total, the data and the logs. The space of logs is unknown before 4.0. */
export function usageLines({ usages }: UsedStorage, { storageLines }: ChartWords): Line[] {
  const line = (key: string, name: string, bytes: (usage: StorageUsage) => number | null | undefined): Line => ({
    key,
    name,
    samples: usages.flatMap((usage) => {
      const value = bytes(usage);
      return typeof value === 'number' ? [{ at: new Date(usage.time).getTime() / 1000, value }] : [];
    }),
  });
  const lines = [
    line('total', storageLines.total, ({ totalBytes }) => totalBytes),
    line('data', storageLines.data, ({ dataBytes }) => dataBytes),
    line('log', storageLines.log, ({ logBytes }) => logBytes),
  ];
  return lines.filter(({ samples }) => samples.length > 0);
}

/** Returns a summary: the used space, its growth, and if it is known, how full the file system is. */
export function usageSummary({ usages }: UsedStorage, words: ChartWords): string {
  const [first, newest] = [usages[0], usages.at(-1)];
  if (!first || !newest) return '';
  const moment = ({ time }: StorageUsage) => writtenMoment(new Date(time).getTime() / 1000);
  const [total, data] = [formatBytes(newest.totalBytes), formatBytes(newest.dataBytes)];
  const sentences = [
    typeof newest.logBytes === 'number'
      ? words.storageNow(total, data, formatBytes(newest.logBytes), moment(newest))
      : words.storageNoLogs(total, moment(newest)),
  ];
  const grown = newest.totalBytes - first.totalBytes;
  if (usages.length > 1) {
    const change = grown > 0 ? words.storageGrown : words.storageShrunk;
    sentences.push(grown === 0 ? words.storageSame(moment(first)) : change(formatBytes(Math.abs(grown)), moment(first)));
  }
  const { capacityBytes: capacity, usedBytes: used } = newest;
  if (typeof capacity === 'number' && typeof used === 'number' && capacity > 0) {
    sentences.push(words.storageFull(Math.round((used / capacity) * 100), formatBytes(used), formatBytes(capacity)));
  }
  return sentences.join(words.between);
}
