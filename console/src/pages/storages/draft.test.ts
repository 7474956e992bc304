import { expect, test } from 'vitest';

import { EMPTY_STORAGE, withType } from './draft';

const OSS = { ...EMPTY_STORAGE, type: 'BACKUP_STORAGE_OSS' as const, url: 'b/d', endpoint: 'oss', accessKeyId: 'k', accessKeySecret: 's' };

test('another kind of storage takes nothing over that belongs to the old one', () => {
  expect(withType(OSS, 'BACKUP_STORAGE_FILE')).toEqual(EMPTY_STORAGE);
  expect(withType(OSS, 'BACKUP_STORAGE_OSS')).toEqual(OSS);
});
