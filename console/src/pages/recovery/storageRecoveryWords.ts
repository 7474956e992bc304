import { useLanguage } from '../../locales';
import type { Language } from '../../locales/language';

/** The labels of a recovery from a storage alone. They are loaded with their page; most other labels are loaded before the log-on. */
const en = {
  open: 'Recover Tenant',
  title: (storage: string) => `Recover a tenant from ${storage}`,
  intro:
    'For physical backups of a cluster that is lost or that Lifeboat does not know. The servers of the destination cluster read the storage and create a new tenant. Show Plan checks that without changing anything.',
  source: 'Recovery Source',
  found: 'Tenants in This Storage',
  foundHint: 'Choose a tenant to fill in the fields below.',
  foundNone: 'Lifeboat finds no physical backups of OceanBase 4.0 or later here. Fill in the fields below.',
  hidden: 'Lifeboat cannot read this storage itself, so fill in the fields below.',
  times: 'Estimated Recoverable Times',
  timesNone: 'The names in the storage show no time that is certainly recoverable.',
  timesHint: (sets: number, zone: string) =>
    `From the names of ${sets} complete backup ${sets === 1 ? 'set' : 'sets'}, read in time zone ${zone}. Names do not show how far the current log piece reaches, so later times may be recoverable. Show Plan asks the servers of the destination cluster.`,
  clusterName: 'Source Cluster Name',
  clusterNameHint: 'The name in OceanBase, as the folder in the storage has it.',
  clusterId: 'Source Cluster ID',
  tenantId: 'Source Tenant ID',
  tenantName: 'Source Tenant Name',
  tenantNameHint: 'Required before OceanBase 4.0.',
  dataFolder: 'Folder of Data Backups',
  logFolder: 'Folder of Log Backups',
  folderHint: 'Leave it empty if Lifeboat took the backups.',
  until: 'Recover to',
  time: 'A time or the latest',
  scn: 'An SCN',
  timeHint: 'In your time zone. Leave it empty to recover to the latest recoverable time; before OceanBase 4.0, enter a time.',
  passwordHint: 'Only if the backups are encrypted.',
};

const zh: typeof en = {
  open: '恢复租户',
  title: (storage) => `从 ${storage} 恢复租户`,
  intro: '用于集群已丢失或未被 Lifeboat 接管时的物理备份。由目标集群的服务器读取存储并创建新租户。“查看计划”只做检查，不做改动。',
  source: '恢复来源',
  found: '此存储中的租户',
  foundHint: '选择租户后，自动填写下面的字段。',
  foundNone: 'Lifeboat 在此未找到 OceanBase 4.0 及以上版本的物理备份，请填写下面的字段。',
  hidden: 'Lifeboat 自身无法读取此存储，请填写下面的字段。',
  times: '估计的可恢复时间',
  timesNone: '存储中的文件名没有显示确定可恢复的时间。',
  timesHint: (sets, zone) => `根据 ${sets} 个完整备份集的文件名估计，时间按 ${zone} 解读。文件名不显示当前日志备份片的终点，更晚的时间也可能可恢复。“查看计划”由目标集群的服务器确认。`,
  clusterName: '源集群名称',
  clusterNameHint: 'OceanBase 中的集群名，与存储中的目录名一致。',
  clusterId: '源集群 ID',
  tenantId: '源租户 ID',
  tenantName: '源租户名称',
  tenantNameHint: '4.0 之前的版本必填。',
  dataFolder: '数据备份目录',
  logFolder: '日志备份目录',
  folderHint: '如果备份由 Lifeboat 创建，则不填。',
  until: '恢复到',
  time: '指定时间或最新',
  scn: '指定 SCN',
  timeHint: '按本地时区填写；不填则恢复到最新的可恢复时间，4.0 之前的版本必须填写。',
  passwordHint: '仅在备份已加密时填写。',
};

const WORDS: Record<Language, typeof en> = { en, zh };

/** Returns the labels of a recovery from a storage alone in the reader's language. */
export function useStorageRecoveryWords(): typeof en {
  return WORDS[useLanguage()];
}
