import { expect, test } from 'vitest';

import type { TenantWindow } from '../../api/types';
import { fieldOf, momentOf, momentProblem, tenantBody, type TenantWish } from './tenantRecovery';
import { NO_UNITS, NO_ZONES } from './zoneUnits';

const interval = (startTime: string, endTime: string) => ({ startTime, endTime, startScn: '1', endScn: '2', proven: true });

const WINDOW: TenantWindow = {
  tenantId: 1002,
  tenantName: 'shop',
  obRecoverableInfoAggregation: { latestSevenDaysAggregation: { obRecoverableSectionItems: [] } },
  intervals: [
    interval('2026-11-20T10:00:00.000+00:00', '2026-11-21T10:00:00.000+00:00'),
    interval('2026-11-22T10:00:00.000+00:00', '2026-11-23T10:00:00.000+00:00'),
  ],
  gaps: [
    {
      afterTime: '2026-11-21T10:00:00.000+00:00',
      beforeTime: '2026-11-22T10:00:00.000+00:00',
      reason: 'gap-round-interrupted',
      message: 'Log backup was interrupted in round 1',
    },
  ],
};

const WISH: TenantWish = {
  until: 'time',
  time: '',
  scn: '',
  set: undefined,
  content: 'tenant',
  objects: '',
  onlyTables: '',
  cluster: 7,
  name: 'shop_2',
  resources: 'units',
  zones: { ...NO_ZONES, units: { ...NO_UNITS, name: 'small' } },
  pools: '',
  primaryZone: '',
  isStandby: false,
  password: '',
};

test('a moment is possible inside an interval, its ends included, and else the nearest ones are told', () => {
  const at = (moment: string) => momentProblem(WINDOW, moment);
  expect(at('2026-11-20T10:00:00.000Z')).toBeUndefined();
  expect(at('2026-11-23T10:00:00.000Z')).toBeUndefined();
  expect(at('2026-11-22T00:00:00.000Z')).toEqual({
    nearest: ['2026-11-21T10:00:00.000+00:00', '2026-11-22T10:00:00.000+00:00'],
    reason: 'Log backup was interrupted in round 1',
  });
  expect(at('2026-11-19T00:00:00.000Z')).toEqual({ nearest: ['2026-11-20T10:00:00.000+00:00'], reason: undefined });
  expect(at('2026-12-01T00:00:00.000Z')).toEqual({ nearest: ['2026-11-23T10:00:00.000+00:00'], reason: undefined });
});

test('a moment reads back as it was written into the field, whatever the zone', () => {
  const moment = '2026-11-21T10:00:00.123Z';
  expect(momentOf(fieldOf(moment))).toBe(moment);
  expect(momentOf('soon')).toBeUndefined();
});

test('the request names source, moment, target and units, and only what was chosen', () => {
  const source = { cluster: 7, tenant: 1002 };
  const pool = { unitSpecName: 'small', unitCount: 1 };
  expect(tenantBody(WISH, source, ['zone1', 'zone2'])).toEqual({
    backupTenantStatus: 'ONLINE',
    restoreOnlineTenantRequiredParam: {
      backupClusterId: 7,
      backupTenantId: 1002,
      restoreClusterId: 7,
      restoreTenantInfoParam: {
        name: 'shop_2',
        zones: [
          { name: 'zone1', resourcePool: pool },
          { name: 'zone2', resourcePool: pool },
        ],
      },
    },
  });
  const wish: TenantWish = { ...WISH, resources: 'pools', pools: 'p1, p2,', isStandby: true, password: 'x', time: '2026-11-21T10:00' };
  const body = tenantBody(wish, source, []);
  expect(body?.restoreOnlineTenantRequiredParam).toMatchObject({
    restoreEndTime: momentOf('2026-11-21T10:00'),
    passwords: ['x'],
    restoreTenantInfoParam: { name: 'shop_2', poolList: ['p1', 'p2'], role: 'STANDBY' },
  });
  const moments: Array<[Partial<TenantWish>, object]> = [
    [{ until: 'scn', scn: ' 1795000000000000001 ', time: '2026-11-21T10:00' }, { restoreScn: '1795000000000000001' }],
    [{ until: 'set', set: 4, time: '2026-11-21T10:00' }, { restoreBackupSetId: 4 }],
  ];
  for (const [part, moment] of moments) {
    const asked = tenantBody({ ...WISH, ...part }, source, ['zone1'])?.restoreOnlineTenantRequiredParam;
    expect(asked).toMatchObject(moment);
    expect(asked).not.toHaveProperty('restoreEndTime');
  }
  const few = tenantBody({ ...WISH, onlyTables: ' sale.orders \n\n`a.b`.`c`' }, source, ['zone1']);
  expect(few?.restoreOnlineTenantRequiredParam?.restoreTenantInfoParam).toMatchObject({ tables: ['sale.orders', '`a.b`.`c`'] });
  for (const part of [{ name: ' ' }, { onlyTables: 'sale' }, { zones: NO_ZONES }, { resources: 'pools' as const }, { time: 'soon' }, { until: 'scn' as const, scn: '12a' }, { until: 'set' as const }]) {
    expect(tenantBody({ ...WISH, ...part }, source, ['zone1'])).toBeUndefined();
  }
});

test('tables go into an existing tenant, and need only its name and free pools', () => {
  const source = { cluster: 7, tenant: 1002 };
  const wish: TenantWish = { ...WISH, content: 'tables', objects: 'sale.orders=spare.orders\nhr', name: 'shop', pools: 'aux' };
  expect(tenantBody(wish, source, ['zone1'])).toEqual({
    backupTenantStatus: 'ONLINE',
    databases: ['hr'],
    obBackupObjectList: [{ backupDimension: 'TABLE', databaseName: 'sale', tableName: 'orders' }],
    rename: { '`sale`.`orders`': '`spare`.`orders`' },
    restoreOnlineTenantRequiredParam: {
      backupClusterId: 7,
      backupTenantId: 1002,
      restoreClusterId: 7,
      restoreTenantInfoParam: { name: 'shop', poolList: ['aux'] },
    },
  });
  for (const part of [{ objects: '' }, { objects: 'a.b.c' }, { pools: ' , ' }, { name: ' ' }]) {
    expect(tenantBody({ ...wish, ...part }, source, ['zone1'])).toBeUndefined();
  }
});
