import { useLanguage } from '../../locales';
import type { Language } from '../../locales/language';

/** The labels of a recovery from a storage alone. They are loaded with their page; most other labels are loaded before the log-on. */
const en = {
  open: 'Recover Tenant',
  title: (storage: string) => `Recover a tenant from ${storage}`,
  intro:
    'For physical backups of a cluster that is lost or that Lifeboat does not know. The servers of the destination cluster read the storage and create a new tenant. Show Plan checks that without changing anything.',
  source: 'Recovery Source',
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
