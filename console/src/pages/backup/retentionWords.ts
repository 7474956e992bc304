import { useLanguage } from '../../locales';
import type { Language } from '../../locales/language';

/** The labels of clean-up. They are loaded with their page; most other labels are loaded before the log-on. */
const en = {
  open: 'Clean Up',
  title: 'Clean Up Expired Backups',
  intro: 'Deletes logical backup sets that have expired. Physical backups are deleted by the database.',
  days: 'Keep Days',
  daysHint: 'You can recover to each backed-up moment of this many days. Leave it empty to use the backup strategies; without a rule, everything is kept.',
  show: 'Show Plan',
  none: 'This cluster has no logical backup sets',
  storage: (storage: string) => `Storage ${storage}`,
  tenant: (tenant: string, deleted: number, sets: number) => `Tenant ${tenant}: ${deleted} of ${sets} to delete`,
  set: 'Set ID',
  moment: 'Snapshot',
  size: 'Size',
  fate: 'Plan',
  fates: { KEEP: 'Keep', DELETE: 'Delete' },
  reasons: 'Reasons',
  remove: (count: number) => `Delete ${count} ${count === 1 ? 'Backup Set' : 'Backup Sets'}`,
  confirm: (count: number, size: string) => `Delete ${count} ${count === 1 ? 'backup set' : 'backup sets'} (${size})?`,
  confirmText: (sets: string) => `Backup sets ${sets}. You cannot recover from them after this, and you cannot undo it.`,
  hold: 'Hold',
  release: 'Release',
  holdTitle: (set: number) => `Hold backup set ${set}`,
  holdReason: 'Reason',
  holdHint: 'No clean-up deletes the backup set until you release it.',
  heldBy: (owner: string, reason: string) => `Held by ${owner}: ${reason}`,
  held: 'Backup set held',
  released: 'Backup set released',
};

const zh: typeof en = {
  open: '清理过期备份',
  title: '清理过期备份',
  intro: '删除已过期的逻辑备份集。物理备份由数据库清理。',
  days: '保留天数',
  daysHint: '可恢复到该天数内每个已备份的时间点。不填则按备份策略；没有规则时全部保留。',
  show: '查看计划',
  none: '该集群没有逻辑备份集',
  storage: (storage) => `存储 ${storage}`,
  tenant: (tenant, deleted, sets) => `租户 ${tenant}：共 ${sets} 个，将删除 ${deleted} 个`,
  set: '备份集 ID',
  moment: '数据时间点',
  size: '大小',
  fate: '计划',
  fates: { KEEP: '保留', DELETE: '删除' },
  reasons: '原因',
  remove: (count) => `删除 ${count} 个备份集`,
  confirm: (count, size) => `删除 ${count} 个备份集（${size}）？`,
  confirmText: (sets) => `备份集 ${sets}。删除后无法用于恢复，且无法撤销。`,
  hold: '锁定',
  release: '解除锁定',
  holdTitle: (set) => `锁定备份集 ${set}`,
  holdReason: '原因',
  holdHint: '解除锁定之前，清理不会删除该备份集。',
  heldBy: (owner, reason) => `由 ${owner} 锁定：${reason}`,
  held: '备份集已锁定',
  released: '备份集已解除锁定',
};

const WORDS: Record<Language, typeof en> = { en, zh };

/** Returns the labels of clean-up in the reader's language. */
export function useRetentionWords(): typeof en {
  return WORDS[useLanguage()];
}
