import { expect, test } from 'vitest';

import type { MissingObject } from '../../api/types';
import { ability } from '../../testing/nouns';
import { agree, isAgreed, omissions } from './consent';
import { firstDraft, toBody, type Draft } from './draft';

function event(name: string): MissingObject {
  return { tenantName: 'sys', kind: 'events', name, reason: name, agreed: false, agreement: { without: 'events' } };
}

const TABLE: MissingObject = {
  tenantName: 'sys',
  kind: 'tables',
  name: '`shop`.`a.b`',
  reason: 'broken',
  agreed: false,
  agreement: { exclude: { backupDimension: 'TABLE', databaseName: 'shop', tableName: 'a.b' } },
};
const HIDDEN: MissingObject = { tenantName: 'sys', kind: 'tables', name: 'shop', reason: 'SELECT', agreed: false };

const DRAFT: Draft = { ...firstDraft(7, ability({ backupMode: 'LOGICAL_BACKUP', storageId: 3 }), undefined) };

test('what one agreement covers stands together, and what has no name stands alone', () => {
  const found = omissions([event('a'), TABLE, event('b'), HIDDEN]);
  expect(found.map(({ objects }) => objects.map(({ name }) => name))).toEqual([['a', 'b'], ['`shop`.`a.b`'], ['shop']]);
});

test('consent that is given reaches the request, and is gone when it is taken back', () => {
  let draft = DRAFT;
  for (const { agreement } of [event('a'), TABLE]) {
    if (!agreement) throw new Error('each can be agreed to');
    expect(isAgreed(draft, agreement)).toBe(false);
    draft = { ...draft, ...agree(draft, agreement, true) };
    expect(isAgreed(draft, agreement)).toBe(true);
  }
  expect(isAgreed(draft, undefined)).toBe(false);
  expect(toBody(draft, true)).toMatchObject({ without: ['events'], exclude: [TABLE.agreement?.exclude] });
  draft = { ...draft, ...agree(draft, { without: 'events' }, false) };
  expect(toBody(draft, false)).not.toHaveProperty('without');
  expect(toBody({ ...draft, method: 'PHYSICAL_BACKUP' }, false)).not.toHaveProperty('exclude');
});
