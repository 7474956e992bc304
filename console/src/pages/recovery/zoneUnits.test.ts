import { expect, test } from 'vitest';

import { NO_UNITS, NO_ZONES, poolOf, withoutZones, zonesOf, type UnitsWish } from './zoneUnits';

const SMALL: UnitsWish = { ...NO_UNITS, name: ' small ' };
const NEW: UnitsWish = { ...NO_UNITS, spec: 'new', name: 'small', cpu: 1.5, memory: 8, count: 2 };

test('a pool has the name of an existing specification, or the size of a new one', () => {
  expect(poolOf(SMALL)).toEqual({ unitSpecName: 'small', unitCount: 1 });
  const unitSpec = { cpu: 1.5, memoryBytes: 8 * 1024 ** 3 };
  expect(poolOf(NEW)).toEqual({ unitSpec, unitCount: 2 });
  expect(poolOf({ ...NEW, logDisk: 24.5 })).toEqual({ unitSpec: { ...unitSpec, logDiskBytes: 24.5 * 1024 ** 3 }, unitCount: 2 });
  for (const missing of [NO_UNITS, { ...NEW, cpu: null }, { ...NEW, memory: null }]) expect(poolOf(missing)).toBeUndefined();
});

test('every zone has the same units, or its own ones', () => {
  const same = { ...NO_ZONES, units: SMALL, ofZones: { zone2: NEW } };
  const small = { unitSpecName: 'small', unitCount: 1 };
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

test('another cluster keeps the sizes, but neither the log disk nor the zones', () => {
  const wish = { isPerZone: true, units: { ...NEW, logDisk: 24 }, ofZones: { zone2: SMALL } };
  expect(withoutZones(wish)).toEqual({ isPerZone: false, units: NEW, ofZones: {} });
});
