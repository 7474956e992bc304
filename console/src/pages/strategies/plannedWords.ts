import type { DataBackupMode } from '../../api/types';
import { useLanguage } from '../../locales';
import type { Language } from '../../locales/language';

/** The labels of the calendar of next runs. They are loaded with the pages that show it. */
const en = {
  title: (month: string, zone: string) => `${month}, ${zone}`,
  earlier: 'Previous month',
  later: 'Next month',
  signs: { FULL_BACKUP: 'F', INCREMENTAL_BACKUP: 'I' } satisfies Record<DataBackupMode, string>,
  times: (n: number) => `${n}×`,
  timesAtLeast: (n: number) => `≥${n}×`,
  day: (date: string, runs: string[]) => (runs.length ? `${date}: ${runs.join('; ')}` : date),
  run: (mode: string, time: string) => `${mode} at ${time}`,
  runLater: (mode: string, time: string, start: string) => `${mode} at ${time}, starts at ${start}`,
  beyond: 'After the last of these runs',
  continues: 'More runs follow on this day',
  replaces: (n: number) => (n === 1 ? 'replaces 1 earlier run' : `replaces ${n} earlier runs`),
};

const zh: typeof en = {
  title: (month, zone) => `${month}，时区 ${zone}`,
  earlier: '上个月',
  later: '下个月',
  signs: { FULL_BACKUP: '全', INCREMENTAL_BACKUP: '增' },
  times: (n) => `${n} 次`,
  timesAtLeast: (n) => `≥${n} 次`,
  day: (date, runs) => (runs.length ? `${date}：${runs.join('；')}` : date),
  run: (mode, time) => `${time} ${mode}`,
  runLater: (mode, time, start) => `${time} ${mode}，${start} 开始`,
  beyond: '以上调度之后（未列出）',
  continues: '当天还有后续调度（未列出）',
  replaces: (n) => `替代之前的 ${n} 次调度`,
};

const WORDS: Record<Language, typeof en> = { en, zh };

/** Returns the labels of the calendar in the reader's language. */
export function usePlannedWords(): typeof en {
  return WORDS[useLanguage()];
}
