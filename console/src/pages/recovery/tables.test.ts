import { expect, test } from 'vitest';

import { completeSelection, selectionOf } from './tables';

const table = (databaseName: string, tableName: string) => ({ backupDimension: 'TABLE', databaseName, tableName });

test('each line is a database or a table, with or without a new name', () => {
  expect(completeSelection(' sale.orders = spare.orders_old \n\nhr=hr_2\n`a.b`.`c``d`\npay')).toEqual({
    databases: ['hr', 'pay'],
    obBackupObjectList: [table('sale', 'orders'), table('a.b', 'c`d')],
    rename: { '`sale`.`orders`': '`spare`.`orders_old`', '`hr`': '`hr_2`' },
  });
  expect(completeSelection('`a=b`.c')).toEqual({ obBackupObjectList: [table('a=b', 'c')] });
});

test('a line that names no object, or renames one to another kind, is told by its number', () => {
  for (const line of ['.orders', 'sale.', 'a.b.c', 'sale.orders=', '=x', 'sale.orders=old', 'hr=hr.people', '`sale', 'a=b=c']) {
    expect(selectionOf(`hr\n${line}`), line).toEqual({ wrongLine: 2 });
    expect(completeSelection(`hr\n${line}`)).toBeUndefined();
  }
  expect(completeSelection(' \n')).toBeUndefined();
});
