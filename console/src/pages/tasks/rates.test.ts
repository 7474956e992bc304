import { expect, test } from 'vitest';

import { subtask } from '../../testing/nouns';
import { withRates, type Rates } from './rates';

const running = (id: number, ratePerS: number) => subtask({ id, status: 'RUNNING', progress: { done: 1, unit: 'bytes', ratePerS } });

test('each answer adds a sample to the steps that run, and the same answer adds none twice', () => {
  let rates: Rates = new Map();
  rates = withRates(rates, [running(1, 10), subtask({ id: 2 })], 100);
  rates = withRates(rates, [running(1, 10), running(3, 7)], 100);
  rates = withRates(rates, [running(1, 30)], 102);
  expect(rates.get(1)).toEqual([{ at: 100, value: 10 }, { at: 102, value: 30 }]);
  expect(rates.get(2)).toBeUndefined();
  expect(rates.get(3)).toEqual([{ at: 100, value: 7 }]);
});

test('of a long step the newest samples are kept', () => {
  let rates: Rates = new Map();
  for (let at = 1; at <= 700; at += 1) rates = withRates(rates, [running(1, at)], at);
  expect(rates.get(1)).toHaveLength(600);
  expect(rates.get(1)?.at(-1)).toEqual({ at: 700, value: 700 });
});
