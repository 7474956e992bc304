import { useLanguage } from '../../locales';
import type { Language } from '../../locales/language';

/** The labels of a scan. They are loaded with their page; most other labels are loaded before the log-on. */
const en = {
  scan: 'Scan',
  scanOf: (storage: string) => `Scan ${storage} for backup sets`,
  scanHint: 'Finds logical backup sets that Lifeboat does not know and adds them to the catalogue. Files in the storage do not change.',
  scanFound: (found: number, known: number, added: number, leftOut: number) =>
    `${found} found, ${known} already known, ${added} added${leftOut ? `, ${leftOut} left out` : ''}.`,
};

const zh: typeof en = {
  scan: '扫描',
  scanOf: (storage) => `扫描 ${storage} 中的备份集`,
  scanHint: '查找 Lifeboat 尚未记录的逻辑备份集并加入备份集列表，存储中的文件不会改变。',
  scanFound: (found, known, added, leftOut) =>
    `共发现 ${found} 个，其中 ${known} 个已有记录，新增 ${added} 个${leftOut ? `，未加入 ${leftOut} 个` : ''}。`,
};

const WORDS: Record<Language, typeof en> = { en, zh };

/** Returns the labels of a scan in the reader's language. */
export function useStorageWords(): typeof en {
  return WORDS[useLanguage()];
}
