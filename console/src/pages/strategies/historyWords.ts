import { useLanguage } from '../../locales';
import type { Language } from '../../locales/language';
import type { Day } from './days';

/** The labels of the calendar. They are loaded with the page that shows it, and not before the log-on as all others. */
const en = {
  calendar: 'The last 90 days',
  calendarHint: 'In your time zone. A run belongs to the day on which it was due. Press a day to list its runs.',
  calendarKeys: 'Use the arrow keys to move between days.',
  dayStates: { good: 'All successful', partly: 'Partly successful', failed: 'Failed', missed: 'Missed', running: 'Running', waiting: 'Waiting', none: 'None due' },
  dayLabel: (day: string, state: string, counts: string) => (counts ? `${day}: ${state} (${counts})` : `${day}: ${state}`),
  dayCounts: ({ good, partial, failed, missed, running, waiting }: Day) =>
    [good ? `${good} successful` : '', partial ? `${partial} partial` : '', failed ? `${failed} failed` : '', missed ? `${missed} missed` : '', running ? `${running} running` : '', waiting ? `${waiting} waiting` : '']
      .filter(Boolean)
      .join(', '),
  weekOf: (day: string) => `Week of ${day}`,
  dayRuns: (day: string) => `Runs of ${day}`,
  noDayRuns: 'No run was due on this day',
  allRuns: 'Show all runs',
};

const zh: typeof en = {
  calendar: '最近 90 天',
  calendarHint: '按本地时区显示，调度归入其到期的日期。点击日期可查看当天的调度。',
  calendarKeys: '使用方向键切换日期。',
  dayStates: { good: '全部成功', partly: '部分成功', failed: '失败', missed: '未执行', running: '运行中', waiting: '等待中', none: '无调度' },
  dayLabel: (day, state, counts) => (counts ? `${day}：${state}（${counts}）` : `${day}：${state}`),
  dayCounts: ({ good, partial, failed, missed, running, waiting }) =>
    [good ? `成功 ${good}` : '', partial ? `部分备份 ${partial}` : '', failed ? `失败 ${failed}` : '', missed ? `未执行 ${missed}` : '', running ? `运行中 ${running}` : '', waiting ? `等待中 ${waiting}` : '']
      .filter(Boolean)
      .join('，'),
  weekOf: (day) => `${day} 所在周`,
  dayRuns: (day) => `${day} 的调度`,
  noDayRuns: '当天没有到期的调度',
  allRuns: '查看全部调度',
};

const WORDS: Record<Language, typeof en> = { en, zh };

/** Returns the labels of the calendar in the reader's language. */
export function useHistoryWords(): typeof en {
  return WORDS[useLanguage()];
}
