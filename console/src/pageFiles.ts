import { loadLabels } from './locales/load';

/** Every page, each in a file of its own that is loaded when it is first needed. */
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

/** Which page an address opens. */
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

/** Returns how to load the page that an address opens; nothing where none does. */
export function openingPage(address: string) {
  const page = ADDRESSES.find(([pattern]) => pattern.test(address))?.[1];
  return page && pages[page];
}

/** From this mark on the browser loads what the page that is seen does without. */
const AHEAD = 'loads-ahead';

/** What opens above pages, and the other language. */
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

/** Loads the files of all pages, so that each opens at once, and also while the server is away. */
export function loadAhead() {
  if (isLoadingAhead) return;
  isLoadingAhead = true;
  performance.mark(AHEAD);
  void (async () => {
    // One after the other: what the reader asks for meanwhile finds a connection.
    // One that can't be had now is asked for again when its page is opened.
    for (const load of [...Object.values(pages), ...others]) await load().catch(() => undefined);
  })();
}

/** Has the browser fetch, and not run, what the page behind the log-on needs; the build wrote down which files. */
export function loadNext() {
  for (const next of document.querySelectorAll<HTMLLinkElement>('link[rel=next]')) {
    const link = document.createElement('link');
    Object.assign(link, { rel: 'modulepreload', crossOrigin: '', fetchPriority: 'low', href: next.href });
    next.replaceWith(link);
  }
}
