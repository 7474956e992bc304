import { loadLabels } from './locales/load';

/** Every page, each in its own file, which is loaded when it is first needed. */
export const pages = {
  clusters: () => import('./pages/clusters/ClustersPage'),
  overview: () => import('./pages/clusters/OverviewPage'),
  backup: () => import('./pages/backup/BackupPage'),
  compaction: () => import('./pages/compaction/CompactionPage'),
  allBackups: () => import('./pages/backup/AllBackupsPage'),
  allSets: () => import('./pages/backup/AllSetsPage'),
  protection: () => import('./pages/protection/ProtectionPage'),
  tenant: () => import('./pages/tenants/TenantPage'),
  tasks: () => import('./pages/tasks/TasksPage'),
  task: () => import('./pages/tasks/TaskPage'),
  storages: () => import('./pages/storages/StoragesPage'),
  system: () => import('./pages/system/SystemPage'),
};

/** The page of each address. */
const ADDRESSES: ReadonlyArray<readonly [RegExp, keyof typeof pages]> = [
  [/^\/(clusters\/?)?$/, 'clusters'],
  [/^\/clusters\/\d+\/?$/, 'overview'],
  [/^\/clusters\/\d+\/backup\/?$/, 'backup'],
  [/^\/clusters\/\d+\/compaction\/?$/, 'compaction'],
  [/^\/backup\/?$/, 'allBackups'],
  [/^\/backup\/sets\/?$/, 'allSets'],
  [/^\/backup\/tenants\/?$/, 'protection'],
  [/^\/clusters\/\d+\/tenants\/\d+\/?$/, 'tenant'],
  [/^\/tasks\/?$/, 'tasks'],
  [/^\/tasks\/\d+\/?$/, 'task'],
  [/^\/storages\/?$/, 'storages'],
  [/^\/system(\/|$)/, 'system'],
];

/** Returns a function that loads the page of an address; undefined if there is no such page. */
export function openingPage(address: string) {
  const page = ADDRESSES.find(([pattern]) => pattern.test(address))?.[1];
  return page && pages[page];
}

/** The mark in the browser's timeline from which on files for other pages are loaded. */
const AHEAD = 'loads-ahead';

/** The files of drawers and dialogs, and of the other language. */
const others = [
  () => import('./parts/AccountMenu'),
  () => import('./parts/ClusterSelector'),
  () => import('./pages/clusters/TakeOverDrawer'),
  () => import('./pages/backup/BackUpNowDrawer'),
  () => import('./pages/recovery/InitiateRecoveryDrawer'),
  () => import('./pages/strategies/StrategyDrawer'),
  () => import('./pages/alarms/AlarmsDrawer'),
  () => import('./pages/logon/ChangePasswordModal'),
  () => import('./pages/logon/TokensModal'),
  () => loadLabels('en'),
  () => loadLabels('zh'),
];

let isLoadingAhead = false;

/** Loads the files of all pages, so that each opens at once, even if the server does not answer. */
export function loadAhead() {
  if (isLoadingAhead) return;
  isLoadingAhead = true;
  performance.mark(AHEAD);
  void (async () => {
    // One after the other, so that requests of the reader find a free connection.
    // A file that cannot be loaded now is requested again when its page is opened.
    for (const load of [...Object.values(pages), ...others]) await load().catch(() => undefined);
  })();
}

/** Lets the browser fetch, but not run, the files that the page after the log-on needs; the build lists these files. */
export function loadNext() {
  for (const next of document.querySelectorAll<HTMLLinkElement>('link[rel=next]')) {
    const link = document.createElement('link');
    Object.assign(link, { rel: 'modulepreload', crossOrigin: '', fetchPriority: 'low', href: next.href });
    next.replaceWith(link);
  }
}
