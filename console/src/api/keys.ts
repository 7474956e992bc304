/** The names under which answers are kept; a name that begins another one stands for all below it. */
export const keys = {
  me: ['me'] as const,
  version: ['version'] as const,
  accounts: ['accounts'] as const,
  tokens: ['tokens'] as const,
  clusters: (page?: unknown) => (page === undefined ? ['clusters'] : ['clusters', page]),
  cluster: (id: number) => ['cluster', id],
  tenants: (id: number) => ['cluster', id, 'tenants'],
  ability: (id: number) => ['cluster', id, 'backup', 'ability'],
  overview: (id: number) => ['cluster', id, 'backup', 'overview'],
  backups: (id: number) => ['cluster', id, 'backup'],
  dataBackupTasks: (id: number, filter: unknown) => ['cluster', id, 'backup', 'tasks', filter],
  restoreTasks: (id: number, filter: unknown) => ['cluster', id, 'backup', 'restores', filter],
  backupSets: (id: number, filter: unknown) => ['cluster', id, 'backup', 'sets', filter],
  storages: (page?: unknown) => (page === undefined ? ['storages'] : ['storages', page]),
  tasks: (filter?: unknown) => (filter === undefined ? ['tasks'] : ['tasks', filter]),
  task: (id: number) => ['task', id],
};
