import { useLanguage } from '../../locales';
import type { Language } from '../../locales/language';

/** The labels of gaps in log backup. They are loaded with their page; most other labels are loaded before the log-on. */
const en = {
  title: 'Gaps in Log Backup',
  hint: 'Log backup was interrupted and logs were lost. You cannot recover to a time from the last backed-up log to the end of the next full backup.',
  from: 'Last Backed-up Log',
  fromUnknown: 'Not known',
  until: 'Log Backup Continued',
  stillOff: 'Still interrupted',
  found: 'Detected',
  repair: 'Repair',
  notRepaired: 'None',
  steps: { stop: 'Stop', start: 'Start', backUp: 'Full backup' },
  step: (step: string, task: number) => `${step} (task ${task})`,
  status: 'Status',
  statuses: { open: 'Open', closed: 'Closed' },
  comment: 'Message of the database',
};

const zh: typeof en = {
  title: '日志备份缺口',
  hint: '日志备份曾中断，部分日志已丢失。从最后备份的日志到下一次全量备份完成，这段时间无法恢复。',
  from: '最后备份的日志',
  fromUnknown: '未知',
  until: '日志备份恢复时间',
  stillOff: '仍未恢复',
  found: '发现时间',
  repair: '修复任务',
  notRepaired: '无',
  steps: { stop: '停止', start: '启动', backUp: '全量备份' },
  step: (step, task) => `${step}（任务 ${task}）`,
  status: '状态',
  statuses: { open: '未处理', closed: '已处理' },
  comment: '数据库信息',
};

const WORDS: Record<Language, typeof en> = { en, zh };

/** Returns the labels of gaps in log backup in the reader's language. */
export function useLogGapWords(): typeof en {
  return WORDS[useLanguage()];
}
