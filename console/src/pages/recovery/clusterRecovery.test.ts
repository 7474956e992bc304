import { expect, test } from 'vitest';

import { clusterBody, type ClusterWish, zonesOf } from './clusterRecovery';

const WISH: ClusterWish = {
  tenants: [1002, 1004],
  cluster: 8,
  time: '',
  suffix: '',
  zones: '',
  parallel: 2,
  isStandby: false,
  password: '',
};

test('a mapping of zones is read in pairs', () => {
  expect(zonesOf('')).toEqual({});
  expect(zonesOf(' zone1 = z1,zone2=z2, ')).toEqual({ zone1: 'z1', zone2: 'z2' });
  for (const wrong of ['zone1', 'zone1=', '=z1', 'a=b=c', 'a=b,a=c']) expect(zonesOf(wrong)).toBeUndefined();
});

test('all tenants are named only if one of them is left out', () => {
  expect(clusterBody(7, [1002, 1004], WISH)).toEqual({ backupClusterId: 7, restoreClusterId: 8, parallel: 2 });
  expect(clusterBody(7, [1002, 1004, 1006], WISH)?.backupTenantIdList).toEqual([1002, 1004]);
});

test('optional fields are sent when they are filled', () => {
  const time = '2026-11-25T10:00:00';
  const wish = { ...WISH, time, suffix: ' _r ', zones: 'a=b', isStandby: true, password: 'secret' };
  expect(clusterBody(7, [1002, 1004], wish)).toEqual({
    backupClusterId: 7,
    restoreClusterId: 8,
    restoreEndTime: new Date(time).toISOString(),
    nameSuffix: '_r',
    zoneMapping: { a: 'b' },
    parallel: 2,
    role: 'STANDBY',
    passwords: ['secret'],
  });
});

test('nothing is sent while a field is missing or wrong', () => {
  for (const part of [{ tenants: [] }, { cluster: 0 }, { zones: 'a' }, { time: 'soon' }]) {
    expect(clusterBody(7, [1002, 1004], { ...WISH, ...part })).toBeUndefined();
  }
});
