import type { LogDelay } from '../../api/types';
import { greatestOf, writtenMoment, type Line } from '../../charts/timeline';
import type { ChartWords } from '../../charts/words';

/** Returns a line for each tenant, by ID. */
export function delayLines(delays: LogDelay[], nameOf: (tenant: number) => string): Line[] {
  const lines = new Map<number, Line>();
  for (const { tenantId, time, delaySeconds } of delays) {
    const line = lines.get(tenantId) ?? { key: String(tenantId), name: nameOf(tenantId), samples: [] };
    line.samples.push({ at: new Date(time).getTime() / 1000, value: delaySeconds });
    lines.set(tenantId, line);
  }
  return [...lines.values()].sort((a, b) => Number(a.key) - Number(b.key));
}

/** Returns a summary of the delays: the largest one, and for a single tenant the newest. */
export function delaySummary(lines: Line[], words: ChartWords, write: (seconds: number) => string): string {
  const greatest = greatestOf(lines);
  if (!greatest) return '';
  const { line, sample } = greatest;
  const at = writtenMoment(sample.at);
  if (lines.length > 1) return words.delayLargestOf(write(sample.value), line.name, at);
  const newest = line.samples.at(-1) ?? sample;
  return [words.delayLargest(write(sample.value), at), words.delayNewest(write(newest.value), writtenMoment(newest.at))].join(words.between);
}
