import { useLanguage } from '../../locales';
import type { Language } from '../../locales/language';

/**
 * The labels of the protection table. They are loaded with its pages; most other labels are loaded before the log-on.
 */
const en = {
  title: 'Tenant Protection',
  hint: 'RPO is the age of the newest time that you can recover to. It counts as late when it exceeds the alarm threshold of the strategy.',
  cluster: 'Cluster',
  tenant: 'Tenant',
  state: 'Protection',
  states: { GOOD: 'Protected', LATE: 'Late', NONE: 'Not backed up' },
  backedUp: 'Backed up',
  anyState: 'Any protection',
  tiles: { backedUp: 'Tenants Backed Up', late: 'Late Tenants', none: 'Tenants Not Backed Up' },
  tileHints: { backedUp: 'Have a full backup', late: 'The newest time that you can recover to is older than the alarm threshold', none: 'Have no full backup' },
  rpo: 'RPO',
  full: 'Last Full',
  incremental: 'Last Incremental',
  log: 'Log Checkpoint',
  logStopped: 'Not running',
  find: 'Find a tenant',
  empty: 'No tenants',
};

export type ProtectionWords = typeof en;

const zh: ProtectionWords = {
  title: '租户保护状态',
  hint: 'RPO 为距最新可恢复时间的时长，超过备份策略的告警阈值时视为延迟。',
  cluster: '集群',
  tenant: '租户',
  state: '保护状态',
  states: { GOOD: '已保护', LATE: '延迟', NONE: '未备份' },
  backedUp: '已备份',
  anyState: '全部状态',
  tiles: { backedUp: '已备份租户', late: '延迟租户', none: '未备份租户' },
  tileHints: { backedUp: '已有全量备份', late: '最新可恢复时间早于告警阈值', none: '尚无全量备份' },
  rpo: 'RPO',
  full: '最近全量备份',
  incremental: '最近增量备份',
  log: '日志备份位点',
  logStopped: '未运行',
  find: '查找租户',
  empty: '暂无租户',
};

const WORDS: Record<Language, ProtectionWords> = { en, zh };

/** Returns the labels of the tenant protection table in the reader's language. */
export function useProtectionWords(): ProtectionWords {
  return WORDS[useLanguage()];
}
