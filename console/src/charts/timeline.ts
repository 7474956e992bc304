import { partsOfMoment } from '../parts/format';

/** A value that was measured at a moment. */
export interface Sample {
  /** In seconds since 1970. */
  at: number;
  value: number;
}

/** The samples of one thing, the oldest first. */
export interface Line {
  key: string;
  name: string;
  samples: Sample[];
}

/** Lines over the same moments. */
export interface Timeline {
  /** In seconds since 1970, the oldest first. */
  times: number[];
  /** A row for each line: its value, `null` where its samples have a gap, `undefined` where it has just no sample at that moment. */
  values: Array<Array<number | null | undefined>>;
}

/** The patterns of lines, so that nobody has to tell them apart by colour alone. The styles have the same. */
export const DASHES: ReadonlyArray<readonly number[]> = [[], [8, 4], [2, 3], [12, 3, 2, 3], [5, 2], [7, 3, 1, 3, 1, 3]];

/** How many lines can be told apart. */
export const LINES_MAX = DASHES.length;

/** How many parts the server makes of a span of time at most: it answers with one sample of each. */
const PARTS = 500;

/**
 * Returns how far apart, in seconds, two neighbouring samples of a span may be. Between those that are farther apart some
 * are missing.
 */
export function farthestApart(spanSeconds: number, everySeconds: number): number {
  const part = Math.max(spanSeconds / PARTS, everySeconds);
  // A sample is taken a little later than due, and one of each part may be from anywhere in it.
  return part + everySeconds * 1.15;
}

/** Puts lines over the same moments, with a gap wherever neighbouring samples are farther apart than that. */
export function timelineOf(lines: Line[], farthest: number): Timeline {
  const gaps = lines.map(({ samples }) => gapsOf(samples, farthest));
  // In every gap is at least one moment, whether another line has a sample there or not.
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

/** Returns between which moments samples are missing. */
export function gapsOf(samples: Sample[], farthest: number): Array<[number, number]> {
  return samples.flatMap(({ at }, index): Array<[number, number]> => {
    const next = samples[index + 1];
    return next && next.at - at > farthest ? [[at, next.at]] : [];
  });
}

/** Returns the positions of values with a gap on either side: no line goes through them, so they are drawn as points. */
export function lonelyOf(row: ArrayLike<number | null | undefined>): number[] {
  const known = Array.from(row, (value, at) => ({ value, at })).filter(({ value }) => value !== undefined);
  const isGap = (at: number) => typeof known[at]?.value !== 'number';
  return known.flatMap(({ at, value }, index) => (typeof value === 'number' && isGap(index - 1) && isGap(index + 1) ? [at] : []));
}

/** Returns the greatest sample of all lines, and whose it is. */
export function greatestOf(lines: Line[]): { line: Line; sample: Sample } | undefined {
  let greatest: { line: Line; sample: Sample } | undefined;
  for (const line of lines) {
    for (const sample of line.samples) {
      if (!greatest || sample.value > greatest.sample.value) greatest = { line, sample };
    }
  }
  return greatest;
}

/** Returns the lines with the greatest values, in the order they came in. */
export function worstOf(lines: Line[], most: number): Line[] {
  const worst = (line: Line) => greatestOf([line])?.sample.value ?? -Infinity;
  const kept = new Set([...lines].sort((a, b) => worst(b) - worst(a)).slice(0, most));
  return lines.filter((line) => kept.has(line));
}

/** Returns the moment in RFC 3339. */
export function rfc3339(at: number): string {
  return new Date(at * 1000).toISOString();
}

const two = (n: number) => String(n).padStart(2, '0');

/** Writes a moment in the reader's zone, for a sentence: the zone stands below it. */
export function writtenMoment(at: number): string {
  return partsOfMoment(rfc3339(at))[0].slice(0, 'YYYY-MM-DD hh:mm'.length);
}

/** Writes moments along an axis in the reader's zone: times of day, with the date below the first one of each day; or dates. */
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
