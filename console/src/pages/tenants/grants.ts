/** Writes a text as a literal of SQL. */
function literal(text: string): string {
  return `'${text.replace(/\\/g, '\\\\').replace(/'/g, "''")}'`;
}

/** What the one who reads a tenant must be allowed: to back it up, and to recover into it. */
export const READ = ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EXECUTE'];
export const WRITE = ['CREATE', 'CREATE VIEW', 'INSERT', 'UPDATE', 'ALTER', 'INDEX', 'DROP', 'REFERENCES'];

/** Returns the statements that make a user of least privilege, to be run in the tenant. */
export function grantStatements(user: string, recovers: boolean): string {
  const name = literal(user.trim() || 'lifeboat');
  const statements = [
    `CREATE USER ${name} IDENTIFIED BY '********';`,
    `GRANT ${READ.join(', ')} ON *.* TO ${name};`,
    ...(recovers ? [`GRANT ${WRITE.join(', ')} ON *.* TO ${name};`] : []),
  ];
  return statements.join('\n');
}
