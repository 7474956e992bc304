import { expect, test } from 'vitest';

import { faultOf } from './draft';
import { chosenObjects, firstChecked, node, unfitNode, withChildren } from './objects';

const cluster = { clusterId: 3, backupDimension: 'CLUSTER' } as const;
const tenant = (tenantId: number) => ({ clusterId: 3, tenantId, backupDimension: 'TENANT' }) as const;
const database = (tenantId: number, databaseName: string) =>
  ({ clusterId: 3, tenantId, databaseName, backupDimension: 'DATABASE' }) as const;

function tree() {
  const root = node('orders', cluster, false);
  root.children = [node('shop', tenant(1002), false), node('crm', tenant(1004), false)];
  const shop = root.children[0]!;
  return withChildren([root], shop.key, [node('a', database(1002, 'a'), true), node('b', database(1002, 'b'), true)]);
}

test('a whole is one object, whatever of it is also marked', () => {
  const nodes = tree();
  const all = new Set(nodes.flatMap((root) => [root, ...root.children!].map(({ key }) => key)));
  expect(chosenObjects(nodes, all)).toEqual([cluster]);
});

test('parts of a tenant are named one by one, and a whole tenant beside them is named as a whole', () => {
  const nodes = tree();
  const [shop, crm] = nodes[0]!.children!;
  const marked = new Set([shop!.children![1]!.key, crm!.key]);
  expect(chosenObjects(nodes, marked)).toEqual([database(1002, 'b'), tenant(1004)]);
});

test('where a tenant can not be chosen the others are named one by one, also when all of them are marked', () => {
  const root = node('orders', cluster, false);
  root.children = [node('shop', tenant(1002), false), unfitNode('ora', tenant(1004), 'Oracle mode')];
  expect(firstChecked(root)).toEqual([root.children[0]!.key]);
  const all = new Set([root.key, ...firstChecked(root)]);
  expect(chosenObjects([root], all)).toEqual([tenant(1002)]);
  root.children = [node('shop', tenant(1002), false)];
  expect(firstChecked(root)).toEqual([root.key]);
});

test('tenants and databases of the same name are never taken for each other', () => {
  expect(node('x', tenant(1002), false).key).not.toBe(node('x', database(1002, 'x'), true).key);
});

test.each([
  ['nothing', [], 'nothing'],
  ['the cluster', [cluster], undefined],
  ['two tenants', [tenant(1002), tenant(1004)], undefined],
  ['databases of one tenant', [database(1002, 'a'), database(1002, 'b')], undefined],
  ['databases of two tenants', [database(1002, 'a'), database(1004, 'a')], 'two-tenants'],
  ['a tenant and a database', [tenant(1002), database(1002, 'a')], 'two-tenants'],
])('%s is judged as the server would', (_, objects, fault) => {
  expect(faultOf([...objects])).toBe(fault);
});
