import type { Words } from '../api/types';
import type { Language } from '../locales/language';

/** Returns what happened, why and what to do as running text. The server ends causes and actions with a stop, and messages without. */
export function sentences({ message, cause, action }: Words, language: Language): string {
  const more = [cause, action].filter(Boolean);
  const [stop, blank] = language === 'zh' ? ['。', ''] : ['. ', ' '];
  return more.length ? message + stop + more.join(blank) : message;
}
