import { loadLabels } from './load';

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

/** Changes the language as soon as its labels are loaded, and remembers it in this browser. */
export async function changeLanguage(wish: Language): Promise<void> {
  await loadLabels(wish);
  language = wish;
  window.localStorage.setItem(KEPT_AS, wish);
  listeners.forEach((listener) => listener());
}

/** Calls back whenever the language changes; returns a function that unsubscribes. */
export function onLanguageChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
