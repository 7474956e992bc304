import { expect, test } from 'vitest';

import { faultOf } from './draft';
import { carriedOver, chosenObjects, firstChecked, node, toggled, unfitNode, withChildren, type ObjectNode } from './objects';

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
  expect(chosenObjects([root], new Set(toggled(root, [], root, true)))).toEqual([tenant(1002)]);
  root.children = [node('shop', tenant(1002), false)];
  expect(firstChecked(root)).toEqual([root.key]);
});

test('the selection holds what was ticked itself, not what only appears ticked', () => {
  const [root] = tree() as [ObjectNode];
  const shop = root.children![0]!;
  const [a, b] = shop.children!;
  let selection = toggled(root, [root.key], root, false);
  expect(selection).toEqual([]);
  selection = toggled(root, selection, a!, true);
  selection = toggled(root, selection, b!, true);
  expect(chosenObjects([root], new Set(selection))).toEqual([database(1002, 'a'), database(1002, 'b')]);
  selection = toggled(root, selection, shop, true);
  expect(chosenObjects([root], new Set(selection))).toEqual([tenant(1002)]);
});

test('taking one part out of a whole leaves the other parts', () => {
  const [root] = tree() as [ObjectNode];
  const [shop, crm] = root.children!;
  const selection = toggled(root, [root.key], shop!.children![0]!, false);
  expect(chosenObjects([root], new Set(selection))).toEqual([database(1002, 'b'), tenant(1004)]);
  expect(toggled(root, selection, crm!, false)).toEqual([shop!.children![1]!.key]);
});

test('the other method gets the part of a selection that it can express', () => {
  const [logical] = tree() as [ObjectNode];
  const physical = node('orders', cluster, false);
  physical.children = [node('shop', tenant(1002), true), unfitNode('crm', tenant(1004), 'no')];
  const [shop, crm] = logical.children!;
  expect(carriedOver(physical, [shop!.key])).toEqual([shop!.key]);
  expect(carriedOver(physical, [shop!.key, crm!.key])).toEqual([shop!.key]);
  expect(carriedOver(physical, [shop!.children![0]!.key])).toEqual([]);
  expect(carriedOver(physical, [logical.key])).toEqual([shop!.key]);
});

test('the sys tenant can not be chosen, and the cluster is whole without it', () => {
  const root = node('orders', cluster, false);
  root.children = [unfitNode('sys', tenant(1), 'No physical backup', true), node('shop', tenant(1002), true)];
  expect(firstChecked(root)).toEqual([root.key]);
  const selection = toggled(root, [root.key], root.children[1]!, false);
  expect(selection).toEqual([]);
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
