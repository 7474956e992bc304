import { useSyncExternalStore } from 'react';

import type { Labels } from './en';
import { currentLanguage, onLanguageChange, type Language } from './language';
import { labelsOf } from './load';

/** Returns the language of the reader, and follows its changes. */
export function useLanguage(): Language {
  return useSyncExternalStore(onLanguageChange, currentLanguage);
}

/** Returns the console's labels in the reader's language. The server's texts are in that language already. */
export function useLabels(): Labels {
  return labelsOf(useLanguage());
}
