import { useLanguage } from '../../locales';
import type { Language } from '../../locales/language';

/** The labels about handling alarms. They are loaded with the list; most other labels are loaded before the log-on. */
const en = {
  current: 'Current',
  history: 'History',
  noHistory: 'No recovered alarms',
  recovered: 'Recovered',
  acknowledge: 'Acknowledge',
  acknowledgeTitle: (name: string) => `Acknowledge: ${name}`,
  acknowledgeHint: 'Others see that you take care of it until the alarm recovers.',
  comment: 'Comment',
  acknowledged: 'Alarm acknowledged',
  acknowledgedBy: (user: string, comment: string) => `Acknowledged by ${user}${comment ? `: ${comment}` : ''}`,
  silence: 'Silence Until…',
  silenceTitle: (name: string) => `Silence: ${name}`,
  silenceOk: 'Silence',
  silenceHint: 'The silence also applies if the problem ends and returns.',
  duration: 'Duration',
  hours: (hours: number) => (hours < 24 ? `${hours} ${hours === 1 ? 'hour' : 'hours'}` : `${hours / 24} ${hours === 24 ? 'day' : 'days'}`),
  reason: 'Reason',
  silenced: 'Alarm silenced',
  silencedBy: (user: string, reason: string) => `Silenced by ${user}: ${reason}`,
  until: 'Until',
  unsilence: 'End Silence',
  unsilenced: 'Silence ended',
};

const zh: typeof en = {
  current: '当前',
  history: '历史',
  noHistory: '暂无已恢复的告警',
  recovered: '恢复于',
  acknowledge: '确认',
  acknowledgeTitle: (name) => `确认告警：${name}`,
  acknowledgeHint: '在告警恢复之前，其他人可以看到该告警由您处理。',
  comment: '备注',
  acknowledged: '告警已确认',
  acknowledgedBy: (user, comment) => `由 ${user} 确认${comment ? `：${comment}` : ''}`,
  silence: '屏蔽至…',
  silenceTitle: (name) => `屏蔽告警：${name}`,
  silenceOk: '屏蔽',
  silenceHint: '如果问题在屏蔽期内消除后再次出现，屏蔽仍然有效。',
  duration: '时长',
  hours: (hours) => (hours < 24 ? `${hours} 小时` : `${hours / 24} 天`),
  reason: '原因',
  silenced: '告警已屏蔽',
  silencedBy: (user, reason) => `由 ${user} 屏蔽：${reason}`,
  until: '截止',
  unsilence: '解除屏蔽',
  unsilenced: '已解除屏蔽',
};

const WORDS: Record<Language, typeof en> = { en, zh };

/** Returns the labels about handling alarms in the reader's language. */
export function useAlarmWords(): typeof en {
  return WORDS[useLanguage()];
}
