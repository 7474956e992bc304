import { useLanguage } from '../../locales';
import type { Language } from '../../locales/language';

/** The labels of changes of delete policies. */
const en = {
  open: 'Change',
  title: (tenant: string) => `Delete Policy of ${tenant}`,
  intro: 'OceanBase deletes physical backups according to the delete policy of the tenant. Lifeboat only sets and drops the policy.',
  change: 'Set Policy',
  days: 'Retention Period (days)',
  daysHint: 'The database keeps what a recovery to a time in this period needs, and deletes older backups.',
  rule: 'Policy',
  rules: {
    default: 'default: backup sets and archived logs',
    log_only: 'log_only: archived logs of a tenant without data backups (4.4.1 and later)',
  },
  preview: 'Preview',
  set: 'Set Policy',
  drop: 'Drop Policy',
  actions: {
    ADD: 'The tenant gets its first policy',
    REPLACE: 'The policy is dropped, and the new one is added',
    TAKE_OVER: 'The policy stays; from now on it counts as set by Lifeboat',
    DROP: 'The policy is dropped',
    NOTHING: 'The tenant has this policy: nothing changes',
  },
  deletes: (sets: number, pieces: number, size: string) =>
    `The database is expected to delete ${sets} backup ${sets === 1 ? 'set' : 'sets'} and ${pieces} log ${pieces === 1 ? 'piece' : 'pieces'} (${size}) as soon as the policy is set:`,
  deletesNothing: 'The database is expected to delete nothing as soon as the policy is set.',
  kernel: 'This is a prediction: the database decides, and from then on deletes what expires, about once an hour. Deleted backups cannot be restored.',
  grows: 'The database deletes no more backups of this tenant, and the storage grows.',
  policy: (name: string, window: string) => (window ? `${name} (${window})` : name),
  takeOver: (policy: string) => `Lifeboat did not set the policy ${policy}. I know who did, and take it over.`,
  type: (tenant: string) => `Type ${tenant} to confirm`,
  setTitle: (tenant: string, days: number) => `Set the delete policy of ${tenant} to ${days} ${days === 1 ? 'day' : 'days'}?`,
  setText: 'The database deletes expired backups at once. You cannot undo it.',
  dropTitle: (tenant: string) => `Drop the delete policy of ${tenant}?`,
  dropText: 'The database deletes no more backups of this tenant. A deletion that is already running continues.',
};

const zh: typeof en = {
  open: '修改',
  title: (tenant) => `租户 ${tenant} 的清理策略`,
  intro: 'OceanBase 按租户的清理策略删除物理备份。Lifeboat 负责设置和删除策略，备份由数据库清理。',
  change: '设置策略',
  days: '保留天数',
  daysHint: '恢复到该天数内任一时间所需的备份会保留，更早的备份由数据库删除。',
  rule: '策略',
  rules: {
    default: 'default：备份集和归档日志',
    log_only: 'log_only：不做数据备份的租户的归档日志（4.4.1 及以上版本）',
  },
  preview: '预览',
  set: '设置策略',
  drop: '删除策略',
  actions: {
    ADD: '该租户将首次设置清理策略',
    REPLACE: '将删除原策略，并添加新策略',
    TAKE_OVER: '策略不变，此后视为由 Lifeboat 设置',
    DROP: '将删除策略',
    NOTHING: '该租户已是此策略，无需修改',
  },
  deletes: (sets, pieces, size) => `设置策略后，预计数据库会立即删除 ${sets} 个备份集和 ${pieces} 个日志 piece（${size}）：`,
  deletesNothing: '设置策略后，预计数据库不会立即删除备份。',
  kernel: '以上为预测，实际由数据库决定；此后过期的备份约每小时清理一次。已删除的备份无法恢复。',
  grows: '数据库不再清理该租户的备份，存储占用会持续增长。',
  policy: (name, window) => (window ? `${name}（${window}）` : name),
  takeOver: (policy) => `策略 ${policy} 不是由 Lifeboat 设置的。已确认其来源，同意接管。`,
  type: (tenant) => `输入 ${tenant} 以确认`,
  setTitle: (tenant, days) => `将租户 ${tenant} 的清理策略设为保留 ${days} 天？`,
  setText: '数据库会立即删除过期备份，且无法撤销。',
  dropTitle: (tenant) => `删除租户 ${tenant} 的清理策略？`,
  dropText: '数据库不再清理该租户的备份。正在执行的清理会继续。',
};

const WORDS: Record<Language, typeof en> = { en, zh };

/** Returns the labels of changes of delete policies in the reader's language. */
export function useDeletePolicyWords(): typeof en {
  return WORDS[useLanguage()];
}
