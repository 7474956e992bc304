import { useLanguage } from '../../locales';
import type { Language } from '../../locales/language';

/** The labels of the backup sets of all clusters. They are loaded with their page; most other labels are loaded before the log-on. */
const en = {
  title: 'All Backup Sets',
  hint: 'Backup sets stay after a cluster is removed from Lifeboat. You can recover its logical backup sets to another cluster.',
  cluster: 'Cluster',
  removed: 'removed',
  physicalRemoved: 'Recover from its storage',
};

const zh: typeof en = {
  title: '全部备份集',
  hint: '从 Lifeboat 移除集群后，其备份集仍然保留。逻辑备份集可恢复到其他集群。',
  cluster: '集群',
  removed: '已移除',
  physicalRemoved: '从存储恢复',
};

const WORDS: Record<Language, typeof en> = { en, zh };

/** Returns the labels of the backup sets of all clusters in the reader's language. */
export function useAllSetsWords(): typeof en {
  return WORDS[useLanguage()];
}
