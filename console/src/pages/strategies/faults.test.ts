import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { Problem } from '../../api/problem';
import { FIELDS, fieldOf } from './faults';

const TEXTS = readFileSync(new URL('../../../../crates/model/texts/en.toml', import.meta.url), 'utf8');

test('every refusal that has a field is one that the server knows', () => {
  const unknown = Object.keys(FIELDS).filter((id) => !TEXTS.includes(`[problem.${id}]`));
  expect(unknown).toEqual([]);
});

test('every refusal of a schedule that a form can cause has a field', () => {
  const ids = [...TEXTS.matchAll(/^\[problem\.(schedule-[a-z-]+)\]/gm)].map(([, id]) => String(id));
  // The form sends neither of these: it knows which fields a cycle has.
  const never = ['schedule-field-missing', 'schedule-field-unfit'];
  const missing = ids.filter((id) => !never.includes(id) && !fieldOf(new Problem(400, { id, message: id })));
  expect(ids.length).toBeGreaterThan(10);
  expect(missing).toEqual([]);
});

test('every refusal of clean-up has a field', () => {
  const ids = [...TEXTS.matchAll(/^\[problem\.(strategy-(?:clean-up|retention)-[a-z-]+)\]/gm)].map(([, id]) => String(id));
  expect(ids.length).toBeGreaterThan(2);
  expect(ids.filter((id) => !fieldOf(new Problem(400, { id, message: id })))).toEqual([]);
});

test('a refusal that names a field of the request stands at that of the form', () => {
  const refusal = (field: string | null) => new Problem(400, { id: 'schedule-field-missing', message: '', field });
  expect(fieldOf(refusal('backupScheduleTime'))).toBe('time');
  expect(fieldOf(refusal('cronExpression'))).toBe('cron');
  expect(fieldOf(refusal('cleanScheduleTime'))).toBe('cleanUpTime');
  expect(fieldOf(refusal('somethingElse'))).toBeUndefined();
  expect(fieldOf(refusal(null))).toBeUndefined();
});

test('a refusal of a storage is about the storage, and any other about no field', () => {
  expect(fieldOf(new Problem(400, { id: 'storage-outside-roots', message: '' }))).toBe('storage');
  expect(fieldOf(new Problem(409, { id: 'strategy-unchanged', message: '' }))).toBeUndefined();
  expect(fieldOf(new Problem(0))).toBeUndefined();
});
