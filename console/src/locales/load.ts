import type { Labels } from './en';
import type { Language } from './language';

const FILES: Record<Language, () => Promise<Labels>> = {
  en: async () => (await import('./en')).en,
  zh: async () => (await import('./zh')).zh,
};

const loaded: Partial<Record<Language, Labels>> = {};

/** Loads the labels of a language: a reader needs one of the two files. */
export async function loadLabels(language: Language): Promise<void> {
  loaded[language] ??= await FILES[language]();
}

/** Returns the labels of a language that has been loaded. */
export function labelsOf(language: Language): Labels {
  const labels = loaded[language];
  if (!labels) throw new Error(`the labels of ${language} are not loaded`);
  return labels;
}
