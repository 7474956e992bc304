import { expect, test } from 'vitest';

import type { Compaction, Compactions } from '../../api/types';
import { hasEndedSince, lastOf, sharesOf } from './shares';

function compaction(tenantId: number, status: Compaction['status'], mergedVersion: string): Compaction {
  return {
    tenantId,
    obTenantId: tenantId,
    tenantName: `t${tenantId}`,
    status,
    suspended: false,
    frozenVersion: mergedVersion,
    mergedVersion,
    startTime: `2026-11-25T04:0${tenantId}:00+00:00`,
    finishTime: `2026-11-25T05:0${tenantId}:00+00:00`,
  };
}

function compactions(compactionStatus: Compactions['compactionStatus'], ...tenants: Compaction[]): Compactions {
  return { compactionStatus, tenants };
}

test('each tenant is counted once', () => {
  const tenants = [compaction(1, 'IDLE', '1'), compaction(2, 'ERROR', '1'), compaction(3, 'IDLE', '1')];
  expect(sharesOf(tenants)).toEqual({ error: 1, compacting: 0, completed: 2 });
});

test('where none has ever ended none has completed', () => {
  const never = { ...compaction(1, 'IDLE', '1'), startTime: null, finishTime: null };
  expect(sharesOf([never])).toEqual({ error: 0, compacting: 0, completed: 0 });
});

test('the last compaction has no end while one of its tenants has none', () => {
  const ended = [compaction(1, 'IDLE', '1'), compaction(2, 'IDLE', '1')];
  expect(lastOf(ended)).toEqual({ began: '2026-11-25T04:02:00+00:00', ended: '2026-11-25T05:02:00+00:00' });
  expect(lastOf([...ended, compaction(3, 'COMPACTING', '1')]).ended).toBeUndefined();
});

test('a compaction has ended when another version is merged and nothing runs', () => {
  const before = compactions('IDLE', compaction(1, 'IDLE', '7'));
  expect(hasEndedSince(before, before)).toBe(false);
  expect(hasEndedSince(before, compactions('COMPACTING', compaction(1, 'COMPACTING', '8')))).toBe(false);
  expect(hasEndedSince(before, compactions('IDLE', compaction(1, 'IDLE', '8')))).toBe(true);
});
