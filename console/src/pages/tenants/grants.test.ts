import { expect, test } from 'vitest';

import { grantStatements } from './grants';

test('a user that backs up is granted what reads, and nothing that writes', () => {
  expect(grantStatements('backup', false)).toBe(
    "CREATE USER 'backup' IDENTIFIED BY '********';\nGRANT SELECT, SHOW VIEW, TRIGGER, EXECUTE ON *.* TO 'backup';",
  );
  expect(grantStatements('backup', true)).toContain('GRANT CREATE, CREATE VIEW, INSERT');
});

test('no name of a user ends its quotes', () => {
  expect(grantStatements("o'neil", false)).toContain("TO 'o''neil';");
  expect(grantStatements('  ', false)).toContain("TO 'lifeboat';");
});
