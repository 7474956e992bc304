import { useLanguage } from '../../locales';
import type { Language } from '../../locales/language';

/** The labels of the pages about tasks. They are loaded with them; most other labels are loaded before the log-on. */
const en = {
  kind: 'Type',
  anyKind: 'Any type',
  kinds: {
    'backup-physical': 'Physical backup',
    'backup-logical': 'Logical backup',
    'restore-cluster': 'Cluster recovery',
    'restore-tenant': 'Tenant recovery',
    'recover-tables': 'Table recovery',
    'restore-logical': 'Logical recovery',
    'log-backup': 'Log backup',
    'major-compaction': 'Major compaction',
    'clean-up': 'Clean-up',
    'delete-policy': 'Delete policy',
  },
  source: 'Source',
  parent: 'Part of',
  parentOf: (task: number) => `Task ${task}`,
  child: (task: number) => `Open task ${task}, which does this`,
  sources: { MANUAL: 'Manual', SCHEDULED: 'Scheduled' },
  findTenant: 'Tenant name',
  progress: 'Progress',
  remaining: (time: string) => `about ${time} left in the running step`,
  tenants: 'Tenants',
  moreTenants: (names: string, more: number) => `${names} and ${more} more`,
  cancelledAt: 'Cancelled at',
  mode: 'Backup Mode',
  storage: 'Storage',
  wholeLog: 'Download Log',
  throughput: 'Throughput',
  throughputOf: (now: string, fastest: string) => `${now} now, ${fastest} at most since you opened this page.`,
  throughputGaps: 'The page received no data from the server.',
  retrySelected: (n: number) => `Retry ${n} ${n === 1 ? 'Task' : 'Tasks'}`,
  retryTitle: (n: number) => `Retry ${n} ${n === 1 ? 'task' : 'tasks'}?`,
  selectFailed: 'Select All Failed',
  retried: (n: number) => `${n} ${n === 1 ? 'task continues' : 'tasks continue'}`,
};

export type TaskWords = typeof en;

const zh: TaskWords = {
  kind: '任务类型',
  anyKind: '全部类型',
  kinds: {
    'backup-physical': '物理备份',
    'backup-logical': '逻辑备份',
    'restore-cluster': '集群恢复',
    'restore-tenant': '租户恢复',
    'recover-tables': '表恢复',
    'restore-logical': '逻辑恢复',
    'log-backup': '日志备份',
    'major-compaction': '集群合并',
    'clean-up': '过期备份清理',
    'delete-policy': '清理策略',
  },
  source: '来源',
  parent: '所属任务',
  parentOf: (task) => `任务 ${task}`,
  child: (task) => `打开执行该步骤的任务 ${task}`,
  sources: { MANUAL: '手动', SCHEDULED: '调度' },
  findTenant: '租户名',
  progress: '进度',
  remaining: (time) => `当前步骤预计剩余 ${time}`,
  tenants: '租户',
  moreTenants: (names, more) => `${names} 等，另有 ${more} 个`,
  cancelledAt: '终止时间',
  mode: '备份模式',
  storage: '存储',
  wholeLog: '下载日志',
  throughput: '吞吐量',
  throughputOf: (now, fastest) => `当前 ${now}，打开本页以来最高 ${fastest}。`,
  throughputGaps: '页面当时未收到服务器的数据。',
  retrySelected: (n) => `重试 ${n} 个任务`,
  retryTitle: (n) => `重试 ${n} 个任务？`,
  selectFailed: '选择全部失败任务',
  retried: (n) => `${n} 个任务已继续`,
};

const WORDS: Record<Language, TaskWords> = { en, zh };

/** Returns the labels of tasks in the reader's language. */
export function useTaskWords(): TaskWords {
  return WORDS[useLanguage()];
}
