import { expect, test } from 'vitest';

import type { LogDelay } from '../../api/types';
import { writtenMoment } from '../../charts/timeline';
import { enChart as words } from '../../charts/words';
import { delayLines, delaySummary } from './delayLines';

const at = (minute: number) => new Date(Date.UTC(2026, 10, 27, 12, minute)).toISOString();
const delay = (tenantId: number, minute: number, delaySeconds: number): LogDelay => ({ tenantId, time: at(minute), delaySeconds });
const write = (seconds: number) => `${seconds} s`;
const nameOf = (tenant: number) => `t${tenant}`;
const moment = (minute: number) => writtenMoment(Date.parse(at(minute)) / 1000);

test('each tenant has a line, by number', () => {
  const lines = delayLines([delay(1010, 0, 4), delay(1010, 5, 6), delay(1002, 0, 9)], nameOf);
  expect(lines.map(({ key, name, samples }) => [key, name, samples.map(({ value }) => value)])).toEqual([
    ['1002', 't1002', [9]],
    ['1010', 't1010', [4, 6]],
  ]);
  expect(lines[1]?.samples[1]?.at).toBe(Date.parse(at(5)) / 1000);
});

test('of one tenant the largest and the newest delay are said, of several whose the largest was', () => {
  const one = delayLines([delay(1002, 0, 90), delay(1002, 5, 6)], nameOf);
  expect(delaySummary(one, words, write)).toBe(`The largest delay was 90 s, at ${moment(0)}. The newest sample is 6 s, of ${moment(5)}.`);
  const two = delayLines([delay(1002, 0, 90), delay(1003, 5, 600)], nameOf);
  expect(delaySummary(two, words, write)).toBe(`The largest delay was 600 s, of t1003 at ${moment(5)}.`);
  expect(delaySummary([], words, write)).toBe('');
});
