export type Language = 'en' | 'zh';

const KEPT_AS = 'lifeboat.language';

let language: Language = remembered();
const listeners = new Set<() => void>();

function remembered(): Language {
  const kept = window.localStorage.getItem(KEPT_AS);
  if (kept === 'en' || kept === 'zh') return kept;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

/** Returns the language of the reader. */
export function currentLanguage(): Language {
  return language;
}

/** Changes the language, and remembers it in this browser. */
export function changeLanguage(wish: Language): void {
  language = wish;
  window.localStorage.setItem(KEPT_AS, wish);
  listeners.forEach((listener) => listener());
}

/** Calls back whenever the language changes; returns how to stop that. */
export function onLanguageChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
