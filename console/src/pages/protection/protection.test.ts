import { expect, test } from 'vitest';

import type { ProtectedObject } from '../../api/types';
import { strategy } from '../../testing/nouns';
import { countTenants, exposureOf, protectionRows, wantedRows } from './protection';

const HOUR = 3600;
const last = (ageSeconds: number) => ({ finishTime: '2026-11-25T10:00:00.000+08:00', ageSeconds });
const tenant = (part: Partial<ProtectedObject> = {}): ProtectedObject => ({ clusterId: 7, clusterName: 'prod', tenantId: 1001, tenantName: 'shop', ...part });

test('without a full backup nothing protects, whatever the logs say', () => {
  expect(exposureOf(tenant({ log: { running: true, ageSeconds: 5 } }), undefined)).toEqual({ protection: 'NONE', rpoSeconds: undefined });
});

test('with a full backup the newest of data and logs is what can be recovered', () => {
  const exposure = exposureOf(tenant({ full: last(90 * HOUR), incremental: last(20 * HOUR), log: { running: true, ageSeconds: 30 } }), undefined);
  expect(exposure).toEqual({ protection: 'GOOD', rpoSeconds: 30 });
});

test('the limit is that of the strategy: of log delay while logs run, else of days', () => {
  const limits = strategy({ obBackupThresholdConfig: { noSuccessfulDataBackupAlarmDays: 7, logBackupDelaySeconds: 60 } });
  expect(exposureOf(tenant({ full: last(HOUR), log: { running: true, ageSeconds: 61 } }), limits).protection).toBe('LATE');
  expect(exposureOf(tenant({ full: last(6 * 24 * HOUR), log: { running: false } }), limits).protection).toBe('GOOD');
  expect(exposureOf(tenant({ full: last(6 * 24 * HOUR) }), undefined).protection).toBe('LATE');
});

test('a tenant goes by its own strategy, and by that of its cluster alone', () => {
  const own = strategy({ strategyId: 6, tenantId: 1001 });
  const other = strategy({ strategyId: 9, clusterId: 8 });
  const rows = protectionRows([tenant(), tenant({ tenantId: 1002 }), tenant({ clusterId: 9 })], [strategy(), own, other]);
  expect(rows.map((row) => row.strategy?.strategyId)).toEqual([6, 5, undefined]);
});

test('rows are chosen by state, cluster and name, and databases do not count as tenants', () => {
  const rows = protectionRows(
    [tenant(), tenant({ tenantId: 1002, tenantName: 'crm', full: last(10) }), tenant({ clusterId: 8, databaseName: 'orders', full: last(10) })],
    [],
  );
  expect(wantedRows(rows, { state: 'NONE' }).map(({ object }) => object.tenantName)).toEqual(['shop']);
  expect(wantedRows(rows, { state: 'BACKED_UP' }).map(({ object }) => object.tenantName)).toEqual(['crm', 'shop']);
  expect(wantedRows(rows, { cluster: 8 })).toHaveLength(1);
  expect(wantedRows(rows, { name: ' ORD' }).map(({ object }) => object.databaseName)).toEqual(['orders']);
  expect(countTenants(rows)).toEqual({ GOOD: 1, LATE: 0, NONE: 1 });
});
