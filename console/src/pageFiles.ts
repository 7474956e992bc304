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

/** Which page an address opens. */
const ADDRESSES: ReadonlyArray<readonly [RegExp, keyof typeof pages]> = [
  [/^\/(clusters\/?)?$/, 'clusters'],
  [/^\/clusters\/\d+\/?$/, 'overview'],
  [/^\/clusters\/\d+\/backup\/?$/, 'backup'],
  [/^\/clusters\/\d+\/compaction\/?$/, 'compaction'],
  [/^\/backup\/?$/, 'allBackups'],
  [/^\/tasks\/?$/, 'tasks'],
  [/^\/tasks\/\d+\/?$/, 'task'],
  [/^\/storages\/?$/, 'storages'],
  [/^\/system(\/|$)/, 'system'],
];

/** Returns how to load the page that an address opens; nothing where none does. */
export function openingPage(address: string) {
  const page = ADDRESSES.find(([pattern]) => pattern.test(address))?.[1];
  return page && pages[page];
}

/** From this mark on the browser loads what the page that is seen does without. */
const AHEAD = 'loads-ahead';

/** Loads the files of all pages, so that each opens at once, and also while the server is away. */
export function loadAhead() {
  performance.mark(AHEAD);
  // One that can't be had now is asked for again when its page is opened.
  for (const page of Object.values(pages)) page().catch(() => undefined);
}
