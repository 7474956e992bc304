import { expect, test } from 'vitest';

import { sentences } from './sentences';

test('a text of several parts reads as sentences of its language', () => {
  const words = { id: 'disk-full', message: 'No room', cause: 'The disk is full.', action: 'Make room.' };
  expect(sentences(words, 'en')).toBe('No room. The disk is full. Make room.');
  expect(sentences({ id: 'disk-full', message: '空间不足', action: '请清理。' }, 'zh')).toBe('空间不足。请清理。');
  expect(sentences({ id: 'run-hindered-paused', message: 'The strategy is paused' }, 'en')).toBe('The strategy is paused');
});
