import { partsOfMoment } from '../parts/format';

/** A value that was measured at a time. */
export interface Sample {
  /** In seconds since 1970. */
  at: number;
  value: number;
}

/** The samples of one object, oldest first. */
export interface Line {
  key: string;
  name: string;
  samples: Sample[];
}

/** Lines over the same times. */
export interface Timeline {
  /** In seconds since 1970, oldest first. */
  times: number[];
  /**
   * A row for each line: its value at each time, `null` in a gap of its samples, `undefined` if it only has no sample
   * at that time.
   */
  values: Array<Array<number | null | undefined>>;
}

/**
 * The patterns of lines, so that colour is not the only difference between them. The style sheet has the same
 * patterns.
 */
export const DASHES: ReadonlyArray<readonly number[]> = [[], [8, 4], [2, 3], [12, 3, 2, 3], [5, 2], [7, 3, 1, 3, 1, 3]];

/** The maximum number of distinguishable lines. */
export const LINES_MAX = DASHES.length;

/** The maximum number of parts into which the server divides a span of time: it returns one sample of each part. */
const PARTS = 500;

/**
 * Returns the maximum distance of two neighbouring samples of a span, in seconds. If they are farther apart, samples
 * are missing between them.
 */
export function farthestApart(spanSeconds: number, everySeconds: number): number {
  const part = Math.max(spanSeconds / PARTS, everySeconds);
  // A sample may be a little late, and the sample of a part may be from any time in it.
  return part + everySeconds * 1.15;
}

/** Combines lines over the same times, with a gap wherever neighbouring samples are farther apart than `farthest`. */
export function timelineOf(lines: Line[], farthest: number): Timeline {
  const gaps = lines.map(({ samples }) => gapsOf(samples, farthest));
  // Every gap needs at least one time, even if no other line has a sample in it.
  const middles = gaps.flat().map(([from, until]) => (from + until) / 2);
  const times = [...new Set([...lines.flatMap(({ samples }) => samples.map(({ at }) => at)), ...middles])].sort((a, b) => a - b);
  const places = new Map(times.map((time, at) => [time, at]));
  const values = lines.map(({ samples }, line) => {
    const row = new Array<number | null | undefined>(times.length).fill(undefined);
    for (const { at, value } of samples) row[places.get(at) ?? 0] = value;
    for (const [from, until] of gaps[line] ?? []) row.fill(null, (places.get(from) ?? 0) + 1, places.get(until));
    return row;
  });
  return { times, values };
}

/** Returns the start and end times of gaps between samples. */
export function gapsOf(samples: Sample[], farthest: number): Array<[number, number]> {
  return samples.flatMap(({ at }, index): Array<[number, number]> => {
    const next = samples[index + 1];
    return next && next.at - at > farthest ? [[at, next.at]] : [];
  });
}

/**
 * Returns the positions of values with a gap on either side: no line goes through them, so they are drawn as points.
 */
export function lonelyOf(row: ArrayLike<number | null | undefined>): number[] {
  const known = Array.from(row, (value, at) => ({ value, at })).filter(({ value }) => value !== undefined);
  const isGap = (at: number) => typeof known[at]?.value !== 'number';
  return known.flatMap(({ at, value }, index) => (typeof value === 'number' && isGap(index - 1) && isGap(index + 1) ? [at] : []));
}

/** Returns the greatest sample of all lines, and its line. */
export function greatestOf(lines: Line[]): { line: Line; sample: Sample } | undefined {
  let greatest: { line: Line; sample: Sample } | undefined;
  for (const line of lines) {
    for (const sample of line.samples) {
      if (!greatest || sample.value > greatest.sample.value) greatest = { line, sample };
    }
  }
  return greatest;
}

/** Returns the lines with the greatest values, in their original order. */
export function worstOf(lines: Line[], most: number): Line[] {
  const worst = (line: Line) => greatestOf([line])?.sample.value ?? -Infinity;
  const kept = new Set([...lines].sort((a, b) => worst(b) - worst(a)).slice(0, most));
  return lines.filter((line) => kept.has(line));
}

/** Returns the time in RFC 3339. */
export function rfc3339(at: number): string {
  return new Date(at * 1000).toISOString();
}

const two = (n: number) => String(n).padStart(2, '0');

/** Formats a time in the reader's zone, for a sentence; the zone is shown below the sentence. */
export function writtenMoment(at: number): string {
  return partsOfMoment(rfc3339(at))[0].slice(0, 'YYYY-MM-DD hh:mm'.length);
}

/**
 * Formats the times along an axis in the reader's zone: times of day, with the date below the first one of each day; or
 * dates.
 */
export function momentLabels(splits: number[], apart: number): string[] {
  let before = '';
  return splits.map((split) => {
    const moment = new Date(split * 1000);
    const date = `${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
    if (apart >= 86_400) return date;
    const time = `${two(moment.getHours())}:${two(moment.getMinutes())}`;
    const isNew = date !== before;
    before = date;
    return isNew ? `${time}\n${date}` : time;
  });
}
