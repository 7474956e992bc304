import { expect, test } from 'vitest';

import { auditObjectOf } from './auditObject';

test('what a line is about is a thing with a name, and leads to its page', () => {
  expect(auditObjectOf('cluster/7')).toEqual({ kind: 'cluster', name: '7', cluster: 7, to: '/clusters/7' });
  expect(auditObjectOf('cluster/7/tenant/1002')).toEqual({ kind: 'tenant', name: '1002', cluster: 7, to: '/clusters/7/tenants/1002' });
  expect(auditObjectOf('task/12/subtask/3')).toEqual({ kind: 'subtask', name: '3', to: '/tasks/12' });
  expect(auditObjectOf('user/a/b')).toEqual({ kind: 'user', name: 'a/b', to: '/system/accounts' });
  expect(auditObjectOf('channel/dba')).toEqual({ kind: 'channel', name: 'dba', to: '/system/channels' });
});

test('what is not known is left as it is', () => {
  expect(auditObjectOf('cluster/prod')).toBeUndefined();
  expect(auditObjectOf('planet/3')).toBeUndefined();
  expect(auditObjectOf('')).toBeUndefined();
});
