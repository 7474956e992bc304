import { useLanguage } from '../../locales';
import type { Language } from '../../locales/language';

/** The labels of the recovery of a whole cluster. They are loaded with their page; most other labels are loaded before the log-on. */
const en = {
  open: 'Recover Whole Cluster',
  title: (cluster: string) => `Recover tenants of ${cluster}`,
  intro:
    'The servers of the destination cluster read the backups and create new tenants. One task follows the recovery of each tenant. Show Plan checks everything without changing anything.',
  tenants: 'Tenants',
  tenantsHint: 'The largest is recovered first.',
  noTenants: 'This cluster has no user tenant.',
  all: 'All',
  suffix: 'Name Suffix',
  suffixHint: 'Appended to the name of each new tenant, for example _r in the same cluster',
  time: 'Recovery Time',
  timeHint: 'In your time zone. Leave it empty to recover each tenant to its latest recoverable time.',
  parallel: 'Restores at the Same Time',
  zones: 'Zone Mapping',
  zonesHint: 'Optional: source=destination, separated by commas. Zones that are not listed keep their names.',
  zonesWrong: 'Enter pairs such as zone1=z1, separated by commas.',
  standbyHint: 'The new tenants are read-only until they are activated.',
  passwordHint: 'Only if the backups are encrypted.',
  submitHint: 'The plan is shown first.',
  partOf: 'Part of Cluster Recovery',
  order: 'Order',
  tenant: 'Tenant',
  name: 'New Tenant',
  to: 'Recovered To',
  size: 'Backup Size',
  resources: 'Resources',
  newUnit: 'new specification',
  units: (zone: string, count: number, unit: string) => `${zone}: ${count} × ${unit}`,
  sums: 'Resources of All Tenants',
  zone: 'Zone',
  unitCount: 'Units',
  cpu: 'CPU',
  memory: 'Memory',
  logDisk: 'Log Disk',
  ofFree: (needed: string, free: string) => `${needed} of ${free} free`,
  total: (bytes: string, parallel: number) => `${bytes} in total, ${parallel} at the same time`,
};

const zh: typeof en = {
  open: '恢复整个集群',
  title: (cluster) => `恢复 ${cluster} 的租户`,
  intro: '由目标集群的服务器读取备份并创建新租户，一个任务跟踪所有租户的恢复。“查看计划”只做检查，不做改动。',
  tenants: '租户',
  tenantsHint: '最大的租户最先恢复。',
  noTenants: '该集群没有用户租户。',
  all: '全选',
  suffix: '名称后缀',
  suffixHint: '附加在每个新租户的名称之后，例如恢复到同一集群时使用 _r',
  time: '恢复时间',
  timeHint: '按本地时区填写；不填则每个租户恢复到各自最新的可恢复时间。',
  parallel: '同时恢复的租户数',
  zones: 'Zone 对应关系',
  zonesHint: '选填：源=目标，多个以逗号分隔。未列出的 Zone 保持原名。',
  zonesWrong: '请填写 zone1=z1 形式的对应关系，多个以逗号分隔。',
  standbyHint: '新租户在激活之前只读。',
  passwordHint: '仅在备份已加密时填写。',
  submitHint: '请先查看计划。',
  partOf: '所属集群恢复任务',
  order: '顺序',
  tenant: '租户',
  name: '新租户',
  to: '恢复到',
  size: '备份大小',
  resources: '资源',
  newUnit: '新建规格',
  units: (zone, count, unit) => `${zone}：${count} × ${unit}`,
  sums: '所有租户的资源合计',
  zone: 'Zone',
  unitCount: 'Unit 数',
  cpu: 'CPU',
  memory: '内存',
  logDisk: '日志盘',
  ofFree: (needed, free) => `${needed} / 空闲 ${free}`,
  total: (bytes, parallel) => `共 ${bytes}，同时恢复 ${parallel} 个`,
};

const WORDS: Record<Language, typeof en> = { en, zh };

/** Returns the labels in the reader's language. */
export function useClusterRecoveryWords(): typeof en {
  return WORDS[useLanguage()];
}
