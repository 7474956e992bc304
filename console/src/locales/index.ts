import { useSyncExternalStore } from 'react';

import { en, type Labels } from './en';
import { currentLanguage, onLanguageChange, type Language } from './language';
import { zh } from './zh';

const LABELS: Record<Language, Labels> = { en, zh };

/** Returns the language of the reader, and follows its changes. */
export function useLanguage(): Language {
  return useSyncExternalStore(onLanguageChange, currentLanguage);
}

/** Returns the console's labels in the reader's language. What the server says comes in that language by itself. */
export function useLabels(): Labels {
  return LABELS[useLanguage()];
}
