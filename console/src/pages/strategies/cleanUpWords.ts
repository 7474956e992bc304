import { useLanguage } from '../../locales';
import type { Language } from '../../locales/language';

/** The labels of clean-up in a strategy. They are loaded with their page; most other labels are loaded before the log-on. */
const en = {
  part: 'Clean-up of Expired Backups',
  on: 'Delete expired backups',
  onHint: 'Once a day, Lifeboat deletes the logical backup sets that the retention period no longer needs.',
  days: 'Retention Period (days)',
  daysHint: 'Backup sets of this period are kept, and the newest one before it.',
  daysMissing: (most: number) => `Enter a number of days from 1 to ${most}.`,
  time: 'Clean-up Time',
  timeHint: (zone: string) => `Every day, in ${zone}. The first clean-up is at the next such time.`,
  always:
    'Always kept: the newest good backup set of each tenant, and sets that are held or in use. Sets of another installation are never deleted. To see what would be deleted now, use Clean Up.',
  before4: 'Lifeboat does not delete physical backups: before OceanBase 4.0, the database deletes them by auto_delete_obsolete_backup, or you delete them by hand.',
  onHintPhysical: 'Lifeboat sets the delete policy of each tenant. The database then deletes expired physical backups at once, and about once an hour after that.',
  daysHintPhysical: 'The database keeps what a recovery to a time in this period needs. It knows no other rule, such as a number of backup sets.',
  goes: 'Deleted at Once',
  goesNothing: 'The database is expected to delete nothing as soon as the policies are set.',
  goesOf: (tenant: string, sets: number, pieces: number, size: string) =>
    `${tenant}: ${sets} backup ${sets === 1 ? 'set' : 'sets'} and ${pieces} log ${pieces === 1 ? 'piece' : 'pieces'} (${size})`,
  goesText: 'This is a prediction: the database decides. Deleted backups cannot be restored.',
  foreignOf: (tenant: string, policy: string) => `${tenant}: ${policy}`,
  foreignOfNone: (tenant: string) => `${tenant}: none, because somebody dropped the policy that Lifeboat had set`,
  foreign:
    'These delete policies are replaced only with your consent. Lifeboat did not set them, or they keep backups longer, or someone dropped them:',
  takeOver: 'I know who set or dropped these policies. Replace them.',
  retention: 'Retention',
  fact: (days: string, time: string, zone: string) => `${days}; deleted daily at ${time} ${zone}`,
  factPaused: 'paused',
  off: 'Off: all backup sets are kept',
  notOurs: 'Not by Lifeboat',
  factPhysical: (days: string) => `${days}; deleted by the database`,
  pause: 'Also pause clean-up',
  pauseHint: 'Expired backups are not deleted until you resume the strategy.',
  deleteText: 'Expired backups are no longer deleted. Lifeboat drops the delete policies that it set in the database; policies that it did not set stay.',
  deleteToCluster: (days: number) =>
    `The strategy of the cluster then sets the delete policy of this tenant: its physical backups are kept for ${days} days.`,
  deleteShortens: (days: number, own: number | undefined) =>
    own === undefined
      ? `The strategy of the cluster then sets the delete policy of this tenant: its physical backups are kept for ${days} days only. The database deletes older ones at once.`
      : `The strategy of the cluster then sets the delete policy of this tenant: its physical backups are kept for ${days} days instead of ${own}. The database deletes older ones at once.`,
  deleteElsewhere: (days: number, storage: string) =>
    `The strategy of the cluster then backs up this tenant to ${storage}. The database deletes backups of the tenant there that are older than ${days} days.`,
  deleteAccept: 'Delete these backups',
  deleteAcceptHint: 'Deleted backups cannot be restored.',
};

const zh: typeof en = {
  part: '过期备份清理',
  on: '清理过期备份',
  onHint: '每天一次，删除保留期不再需要的逻辑备份集。',
  days: '保留天数',
  daysHint: '保留该期间内的所有备份集，以及此前最新的一个。',
  daysMissing: (most) => `请填写 1 到 ${most} 之间的天数。`,
  time: '清理时间',
  timeHint: (zone) => `每天执行，时区 ${zone}。首次清理在下一个清理时间进行。`,
  always: '始终保留：每个租户最新的完好备份集，以及已锁定或使用中的备份集。其他系统的备份集不会被删除。如需查看当前将删除的备份集，请点击“清理过期备份”。',
  before4: '4.0 之前的物理备份由数据库按 auto_delete_obsolete_backup 删除，或手动删除，Lifeboat 不删除。',
  onHintPhysical: 'Lifeboat 设置各租户的清理策略，由数据库清理物理备份：设置后立即清理一次，此后约每小时一次。',
  daysHintPhysical: '恢复到该期间内任一时间所需的备份会保留。数据库不支持其他规则，例如按备份集数量保留。',
  goes: '将立即清理',
  goesNothing: '设置清理策略后，预计数据库不会立即删除备份。',
  goesOf: (tenant, sets, pieces, size) => `${tenant}：${sets} 个备份集和 ${pieces} 个日志 piece（${size}）`,
  goesText: '以上为预测，实际由数据库决定。已删除的备份无法恢复。',
  foreignOf: (tenant, policy) => `${tenant}：${policy}`,
  foreignOfNone: (tenant) => `${tenant}：无，Lifeboat 设置的清理策略已被他人删除`,
  foreign: '以下清理策略不是由 Lifeboat 设置的，或由用户或其他备份策略设置且保留时间更长，或已被他人删除，仅在同意后替换：',
  takeOver: '已确认由谁设置或删除，同意替换。',
  retention: '保留天数',
  fact: (days, time, zone) => `保留 ${days}，每天 ${time} ${zone} 清理`,
  factPaused: '已暂停',
  off: '未开启，保留全部备份集',
  notOurs: '不由 Lifeboat 清理',
  factPhysical: (days) => `保留 ${days}，由数据库清理`,
  pause: '同时暂停过期备份清理',
  pauseHint: '恢复调度之前，不清理过期备份。',
  deleteText: '不再清理过期备份。Lifeboat 会删除由其在数据库中设置的清理策略，其他清理策略保持不变。',
  deleteToCluster: (days) => `此后由集群的备份策略设置该租户的清理策略，其物理备份保留 ${days} 天。`,
  deleteShortens: (days, own) =>
    own === undefined
      ? `此后由集群的备份策略设置该租户的清理策略，其物理备份只保留 ${days} 天，数据库会立即清理更早的备份。`
      : `此后由集群的备份策略设置该租户的清理策略，其物理备份只保留 ${days} 天，而不是 ${own} 天，数据库会立即清理更早的备份。`,
  deleteElsewhere: (days, storage) => `此后由集群的备份策略将该租户备份到 ${storage}，数据库会清理其中早于 ${days} 天的该租户备份。`,
  deleteAccept: '同意清理这些备份',
  deleteAcceptHint: '已删除的备份无法恢复。',
};

export type CleanUpWords = typeof en;

const WORDS: Record<Language, typeof en> = { en, zh };

/** Returns the labels of clean-up in the reader's language. */
export function useCleanUpWords(): typeof en {
  return WORDS[useLanguage()];
}
