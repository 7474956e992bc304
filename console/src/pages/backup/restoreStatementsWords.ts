import { useLanguage } from '../../locales';
import type { Language } from '../../locales/language';

/** The labels of restore statements. They are loaded with their page; most other labels are loaded before the log-on. */
const en = {
  show: 'Show Restore Statements',
  title: 'Restore Statements',
  hint: 'Run them in one connection to the sys tenant to restore this set without Lifeboat. Replace masked keys, and change the names of the tenant and its resource pools as needed.',
  save: 'Download',
};

const zh: typeof en = {
  show: '查看恢复语句',
  title: '恢复语句',
  hint: '不通过 Lifeboat 恢复该备份集时，在 sys 租户的同一连接中依次执行。请填写已隐藏的密钥，并按需修改租户名和资源池名。',
  save: '下载',
};

const WORDS: Record<Language, typeof en> = { en, zh };

/** Returns the labels of restore statements in the reader's language. */
export function useRestoreStatementsWords(): typeof en {
  return WORDS[useLanguage()];
}
