/** Returns a text as an SQL literal. */
function literal(text: string): string {
  return `'${text.replace(/\\/g, '\\\\').replace(/'/g, "''")}'`;
}

/** The privileges that the user of a tenant credential needs: for backups, and for recoveries. */
export const READ = ['SELECT', 'SHOW VIEW', 'TRIGGER', 'EXECUTE'];
export const WRITE = ['CREATE', 'CREATE VIEW', 'INSERT', 'UPDATE', 'ALTER', 'INDEX', 'DROP', 'REFERENCES'];

/** Returns the statements that create a user with the least privileges, to be run in the tenant. */
export function grantStatements(user: string, recovers: boolean): string {
  const name = literal(user.trim() || 'lifeboat');
  const statements = [
    `CREATE USER ${name} IDENTIFIED BY '********';`,
    `GRANT ${READ.join(', ')} ON *.* TO ${name};`,
    ...(recovers ? [`GRANT ${WRITE.join(', ')} ON *.* TO ${name};`] : []),
  ];
  return statements.join('\n');
}
