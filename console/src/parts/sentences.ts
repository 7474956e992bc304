import type { Words } from '../api/types';
import type { Language } from '../locales/language';

/**
 * Returns the message, the cause and the fix as running text. The server's causes and fixes end with a full stop, its
 * messages do not.
 */
export function sentences({ message, cause, action }: Words, language: Language): string {
  const more = [cause, action].filter(Boolean);
  const [stop, blank] = language === 'zh' ? ['。', ''] : ['. ', ' '];
  return more.length ? message + stop + more.join(blank) : message;
}
