import { useLanguage } from '../../locales';
import type { Language } from '../../locales/language';

/** The labels of the metrics. They are loaded with their page; most other labels are loaded before the log-on. */
const en = {
  scheduled: 'Clusters with Backup Strategies',
  scheduledHint: (without: number) => (without ? `${without} without one` : 'All of them'),
  backups: 'Data Backup Success in 7 Days',
  backupsHint: (good: number, all: number) => `${good} of ${all} backups`,
  backupsNone: 'No backup has finished',
  delayed: 'Objects with Log Backup Delay',
  delayedNone: 'All log backups are on time',
  delayedOf: (cluster: string, tenant: string | undefined) => (tenant ? `${cluster}: ${tenant}` : cluster),
  more: (n: number) => `${n} more`,
  recoveries: 'Successful Recoveries in 7 Days',
  recoveriesHint: (all: number) => `of ${all} that finished`,
  recoveriesNone: 'No recovery has finished',
  tenantsAbnormal: (n: number) => (n === 1 ? '1 tenant strategy is abnormal' : `${n} tenant strategies are abnormal`),
};

export type MetricsWords = typeof en;

const zh: MetricsWords = {
  scheduled: '已创建备份策略的集群',
  scheduledHint: (without) => (without ? `${without} 个集群没有备份策略` : '全部集群'),
  backups: '近 7 天数据备份成功率',
  backupsHint: (good, all) => `成功 ${good} / 共 ${all}`,
  backupsNone: '没有已结束的备份',
  delayed: '日志备份存在延迟的对象',
  delayedNone: '日志备份均无延迟',
  delayedOf: (cluster, tenant) => (tenant ? `${cluster}：${tenant}` : cluster),
  more: (n) => `另有 ${n} 个`,
  recoveries: '近 7 天成功的恢复任务',
  recoveriesHint: (all) => `已结束 ${all} 个`,
  recoveriesNone: '没有已结束的恢复任务',
  tenantsAbnormal: (n) => `${n} 个租户备份策略异常`,
};

const WORDS: Record<Language, MetricsWords> = { en, zh };

/** Returns the labels of the metrics in the reader's language. */
export function useMetricsWords(): MetricsWords {
  return WORDS[useLanguage()];
}
