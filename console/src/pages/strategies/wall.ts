import type { Language } from '../../locales/language';

/** Returns the name of a day of the week, 1 for Monday. */
export function weekdayName(day: number, language: Language, width: 'short' | 'long'): string {
  // The first of January 2024 was a Monday.
  return nameOf(new Date(Date.UTC(2024, 0, day)), language, width);
}

/** Returns the short name of a day's month: `Nov`. */
export function monthName(date: string, language: Language): string {
  return new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-US', { month: 'short', timeZone: 'UTC' }).format(new Date(`${date}T00:00:00Z`));
}

/** Returns the title of a month: `November 2026`. */
export function monthTitle(month: string, language: Language): string {
  const form = { month: 'long', year: 'numeric', timeZone: 'UTC' } as const;
  return new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-US', form).format(new Date(`${month}-01T00:00:00Z`));
}

/** Writes a due time by the clock of its own zone: `2026-11-28`, `Sat`, `02:00`. */
export function wallOf(rfc3339: string, language: Language): { date: string; weekday: string; time: string } {
  const date = rfc3339.slice(0, 10);
  const time = rfc3339.slice(11, 19).replace(/:00$/, '');
  return { date, weekday: nameOf(new Date(`${date}T00:00:00Z`), language, 'short'), time };
}

function nameOf(day: Date, language: Language, width: 'short' | 'long'): string {
  return new Intl.DateTimeFormat(language === 'zh' ? 'zh-CN' : 'en-US', { weekday: width, timeZone: 'UTC' }).format(day);
}
