/** How many days a chart may look back. */
export type Days = 1 | 7 | 30 | 90 | 180;

/** The labels of charts. They are loaded with their pages; most other labels are loaded before the log-on. */
export const enChart = {
  between: ' ',
  period: 'Period',
  periods: { 1: '24 hours', 7: '7 days', 30: '30 days', 90: '90 days', 180: '180 days' } satisfies Record<Days, string>,
  newest: 'Newest',
  zone: (zone: string) => `Times are in your time zone, ${zone}.`,
  gaps: 'Where a line is broken, samples are missing.',
  loading: 'Loading the chart…',
  notLoaded: 'The chart could not be loaded. The table below has the same values.',
  table: 'Show as a table',
  time: 'Time',

  delay: 'Log Delay',
  delayTenants: (most: number) => `Tenants, at most ${most}`,
  delaySome: (some: number, all: number) => `The ${some} of ${all} tenants with the largest delay.`,
  delayLargest: (delay: string, moment: string) => `The largest delay was ${delay}, at ${moment}.`,
  delayLargestOf: (delay: string, tenant: string, moment: string) => `The largest delay was ${delay}, of ${tenant} at ${moment}.`,
  delayNewest: (delay: string, moment: string) => `The newest sample is ${delay}, of ${moment}.`,
  delayEmpty: 'Nothing was sampled in this period. Lifeboat samples the delay every 5 minutes while log backup runs.',
  delayGaps: 'Log backup was not running, or the cluster or Lifeboat was unavailable.',
  tenant: (id: number) => `Tenant ${id}`,

  storage: 'Backup Storage Trend',
  storageOf: 'Storage Configuration',
  storageLines: { total: 'Total', data: 'Data Backup', log: 'Log Backup' },
  storageNow: (total: string, data: string, log: string, moment: string) => `${total} at ${moment}: ${data} of data backups and ${log} of log backups.`,
  storageNoLogs: (total: string, moment: string) => `${total} at ${moment}. Before OceanBase 4.0, the size of log backups is not known.`,
  storageGrown: (bytes: string, moment: string) => `${bytes} more than at ${moment}.`,
  storageShrunk: (bytes: string, moment: string) => `${bytes} less than at ${moment}.`,
  storageSame: (moment: string) => `Unchanged since ${moment}.`,
  storageFull: (percent: number, used: string, capacity: string) => `The file system is ${percent} % full: ${used} of ${capacity}.`,
  storageEmpty: 'Nothing was sampled in this period. Lifeboat samples storages with backups of this cluster every 30 minutes.',
  storageGaps: 'Lifeboat did not run, or could not read the storage.',
  unnamed: (id: number) => `Storage ${id}`,
};

/** The labels of charts in one language. */
export type ChartWords = typeof enChart;

/** The same in Chinese. */
export const zhChart: ChartWords = {
  between: '',
  period: '时间范围',
  periods: { 1: '24 小时', 7: '7 天', 30: '30 天', 90: '90 天', 180: '180 天' },
  newest: '最新',
  zone: (zone) => `时间按本地时区 ${zone} 显示。`,
  gaps: '曲线断开处没有采样数据。',
  loading: '正在加载图表…',
  notLoaded: '图表加载失败，可在下方表格中查看相同的数据。',
  table: '以表格显示',
  time: '时间',

  delay: '日志备份延迟',
  delayTenants: (most) => `租户（最多 ${most} 个）`,
  delaySome: (some, all) => `共 ${all} 个租户，显示其中延迟最大的 ${some} 个。`,
  delayLargest: (delay, moment) => `最大延迟为 ${delay}，出现于 ${moment}。`,
  delayLargestOf: (delay, tenant, moment) => `最大延迟为 ${delay}，来自 ${tenant}，出现于 ${moment}。`,
  delayNewest: (delay, moment) => `最新采样为 ${delay}，时间 ${moment}。`,
  delayEmpty: '该时间范围内没有采样数据。日志备份运行时，Lifeboat 每 5 分钟采集一次延迟。',
  delayGaps: '可能的原因：日志备份未运行，或集群、Lifeboat 当时不可用。',
  tenant: (id) => `租户 ${id}`,

  storage: '备份存储趋势',
  storageOf: '存储配置',
  storageLines: { total: '总量', data: '数据备份', log: '日志备份' },
  storageNow: (total, data, log, moment) => `${moment} 共 ${total}：数据备份 ${data}，日志备份 ${log}。`,
  storageNoLogs: (total, moment) => `${moment} 共 ${total}。OceanBase 4.0 之前的版本无法获知日志备份的用量。`,
  storageGrown: (bytes, moment) => `比 ${moment} 增加 ${bytes}。`,
  storageShrunk: (bytes, moment) => `比 ${moment} 减少 ${bytes}。`,
  storageSame: (moment) => `与 ${moment} 相同。`,
  storageFull: (percent, used, capacity) => `文件系统已使用 ${percent}%（${used} / ${capacity}）。`,
  storageEmpty: '该时间范围内没有采样数据。对于存有该集群备份的存储，Lifeboat 每 30 分钟采集一次用量。',
  storageGaps: '可能的原因：Lifeboat 当时未运行，或无法读取存储。',
  unnamed: (id) => `存储 ${id}`,
};
