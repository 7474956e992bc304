/** Every page, each in a file of its own that is loaded when it is first needed. */
export const pages = {
  clusters: () => import('./pages/clusters/ClustersPage'),
  overview: () => import('./pages/clusters/OverviewPage'),
  backup: () => import('./pages/backup/BackupPage'),
  compaction: () => import('./pages/compaction/CompactionPage'),
  allBackups: () => import('./pages/backup/AllBackupsPage'),
  tasks: () => import('./pages/tasks/TasksPage'),
  task: () => import('./pages/tasks/TaskPage'),
  storages: () => import('./pages/storages/StoragesPage'),
  system: () => import('./pages/system/SystemPage'),
};

/** Loads the files of all pages, so that each opens at once, and also while the server is away. */
export function loadAhead() {
  // One that can't be had now is asked for again when its page is opened.
  for (const page of Object.values(pages)) page().catch(() => undefined);
}
