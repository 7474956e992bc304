import { useLanguage } from '../../locales';
import type { Language } from '../../locales/language';

/** The labels of log backup in a strategy. They are loaded with their page; most other labels are loaded before the log-on. */
const en = {
  restart: 'Restart interrupted log backup',
  restartHint:
    'When log backup was interrupted and its storage passes the test, Lifeboat stops and starts log backup, then takes a full backup. At most once a day for each tenant.',
  restarts: 'Restart Interrupted Log Backup',
};

const zh: typeof en = {
  restart: '自动重启中断的日志备份',
  restartHint: '日志备份中断且存储测试通过时，停止并重新启动日志备份，然后进行全量备份。每个租户每天最多一次。',
  restarts: '自动重启中断的日志备份',
};

const WORDS: Record<Language, typeof en> = { en, zh };

/** Returns the labels of log backup in the reader's language. */
export function useLogBackupWords(): typeof en {
  return WORDS[useLanguage()];
}
