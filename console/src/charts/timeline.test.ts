import { expect, test } from 'vitest';

import { farthestApart, gapsOf, greatestOf, lonelyOf, momentLabels, timelineOf, worstOf, type Line } from './timeline';

const line = (key: string, ...samples: Array<[number, number]>): Line => ({
  key,
  name: key,
  samples: samples.map(([at, value]) => ({ at, value })),
});

const DAY = 86_400;
const FIVE_MINUTES = 300;

test('a sample that is missing makes a gap, one that comes late does not', () => {
  const farthest = farthestApart(DAY, FIVE_MINUTES);
  // The server checks every half minute, so a sample is up to half a minute late.
  const late = [{ at: 0, value: 1 }, { at: 330, value: 1 }];
  const missing = [{ at: 0, value: 1 }, { at: 2 * 330, value: 1 }];
  expect(gapsOf(late, farthest)).toEqual([]);
  expect(gapsOf(missing, farthest)).toEqual([[0, 660]]);
});

test('of a long time the parts are longer, and so is what may lie between two samples', () => {
  const farthest = farthestApart(90 * DAY, FIVE_MINUTES);
  const part = (90 * DAY) / 500;
  // The newest samples of two consecutive parts, and of two parts with an empty one between them.
  expect(part + 330).toBeLessThan(farthest);
  expect(2 * part - 330).toBeGreaterThan(farthest);
});

test('a gap of one line is no gap of another, and has no moment that the other one fills', () => {
  const { times, values } = timelineOf([line('a', [0, 1], [300, 2], [1500, 3]), line('b', [0, 4], [300, 5], [600, 6], [900, 7], [1200, 8], [1500, 9])], 645);
  expect(times).toEqual([0, 300, 600, 900, 1200, 1500]);
  expect(values).toEqual([
    [1, 2, null, null, null, 3],
    [4, 5, 6, 7, 8, 9],
  ]);
});

test('a gap that no other line reaches into has a moment all the same', () => {
  expect(timelineOf([line('a', [0, 1], [1500, 3])], 645)).toEqual({ times: [0, 750, 1500], values: [[1, null, 3]] });
});

test('a line that has just no sample where another one has is not broken', () => {
  expect(timelineOf([line('a', [0, 1], [300, 2]), line('b', [150, 5])], 645).values).toEqual([
    [1, undefined, 2],
    [undefined, 5, undefined],
  ]);
});

test('lines without samples are empty lines', () => {
  expect(timelineOf([line('a')], 645)).toEqual({ times: [], values: [[]] });
  expect(timelineOf([], 645)).toEqual({ times: [], values: [] });
});

test('a value between two gaps is drawn as a point, whatever other lines have there', () => {
  expect(lonelyOf([1, 2, null, 3, undefined, null, 4, 5])).toEqual([3]);
  expect(lonelyOf([7])).toEqual([0]);
  expect(lonelyOf([undefined, 7, undefined, 8])).toEqual([]);
});

test('the greatest value is found with its line', () => {
  const greatest = greatestOf([line('a', [0, 1], [300, 9]), line('b', [0, 4])]);
  expect([greatest?.line.key, greatest?.sample]).toEqual(['a', { at: 300, value: 9 }]);
  expect(greatestOf([line('a')])).toBeUndefined();
});

test('the worst lines stay in their order', () => {
  const lines = [line('a', [0, 5]), line('b', [0, 1]), line('c', [0, 9], [300, 0]), line('d')];
  expect(worstOf(lines, 2).map(({ key }) => key)).toEqual(['a', 'c']);
  expect(worstOf(lines, 9)).toEqual(lines);
});

test('times of day name their day once, and days have no time', () => {
  const at = (day: number, hour: number) => new Date(2026, 10, day, hour).getTime() / 1000;
  expect(momentLabels([at(26, 18), at(27, 0), at(27, 6)], 21_600)).toEqual(['18:00\n11-26', '00:00\n11-27', '06:00']);
  expect(momentLabels([at(26, 0), at(27, 0)], DAY)).toEqual(['11-26', '11-27']);
});
