import { expect, test } from 'vitest';

import { NO_UNITS, NO_ZONES, ofOtherGeneration, poolOf, zonesOf, type UnitsWish } from './zoneUnits';

const SMALL: UnitsWish = { ...NO_UNITS, name: ' small ' };
const NEW: UnitsWish = { ...NO_UNITS, spec: 'new', name: 'small', cpu: 1.5, memory: 8 };

test('a pool has the name of an existing specification, or the size of a new one', () => {
  expect(poolOf(SMALL, 1)).toEqual({ unitSpecName: 'small', unitCount: 1 });
  const unitSpec = { cpu: 1.5, memoryBytes: 8 * 1024 ** 3 };
  expect(poolOf(NEW, 2)).toEqual({ unitSpec, unitCount: 2 });
  expect(poolOf({ ...NEW, logDisk: 24.5 }, 2)).toEqual({ unitSpec: { ...unitSpec, logDiskBytes: 24.5 * 1024 ** 3 }, unitCount: 2 });
  for (const missing of [NO_UNITS, { ...NEW, cpu: null }, { ...NEW, memory: null }]) expect(poolOf(missing, 1)).toBeUndefined();
});

test('every zone has the same units, or its own ones', () => {
  const same = { ...NO_ZONES, count: 2, units: SMALL, ofZones: { zone2: NEW } };
  const small = { unitSpecName: 'small', unitCount: 2 };
  expect(zonesOf(same, ['zone1', 'zone2'])).toEqual([
    { name: 'zone1', resourcePool: small },
    { name: 'zone2', resourcePool: small },
  ]);
  expect(zonesOf({ ...same, isPerZone: true }, ['zone1', 'zone2'])).toEqual([
    { name: 'zone1', resourcePool: small },
    { name: 'zone2', resourcePool: { unitSpec: { cpu: 1.5, memoryBytes: 8 * 1024 ** 3 }, unitCount: 2 } },
  ]);
  const incomplete = { ...same, isPerZone: true, ofZones: { zone2: NO_UNITS } };
  expect(zonesOf(incomplete, ['zone1', 'zone2'])).toBeUndefined();
  expect(zonesOf(incomplete, ['zone1'])).toHaveLength(1);
  expect(zonesOf(same, [])).toBeUndefined();
});

test('a cluster of another generation keeps the sizes, but neither the log disk nor the zones', () => {
  const wish = { isPerZone: true, count: 3, units: { ...NEW, logDisk: 24 }, ofZones: { zone2: SMALL } };
  expect(ofOtherGeneration(wish)).toEqual({ isPerZone: false, count: 3, units: NEW, ofZones: {} });
});
