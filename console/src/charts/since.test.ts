import { expect, test } from 'vitest';

import { since } from './since';

test('a span begins so many days ago and ends now, or with a sample of a server whose clock is ahead', async () => {
  const before = Date.now();
  let asked = '';
  const { span } = await since(7, (startTime) => {
    asked = startTime;
    return Promise.resolve({ contents: [{ time: new Date(before - 60_000).toISOString() }] });
  });
  expect(Date.parse(asked)).toBe(Math.floor(span[0] * 1000));
  expect(span[1] - span[0]).toBeCloseTo(7 * 86_400, 0);
  const ahead = new Date(before + 3_600_000).toISOString();
  const later = await since(1, () => Promise.resolve({ contents: [{ time: ahead }] }));
  expect(later.span[1]).toBe(Date.parse(ahead) / 1000);
});
