import { expect, test } from 'vitest';

import { wallOf, weekdayName } from './wall';

test('a due time is written by the clock of its own zone', () => {
  expect(wallOf('2026-11-28T02:00:00+08:00', 'en')).toEqual({ date: '2026-11-28', weekday: 'Sat', time: '02:00' });
  expect(wallOf('2026-11-28T23:30:15-10:00', 'zh')).toEqual({ date: '2026-11-28', weekday: '周六', time: '23:30:15' });
});

test('day 1 of a week is Monday', () => {
  expect([1, 7].map((day) => weekdayName(day, 'en', 'long'))).toEqual(['Monday', 'Sunday']);
});
