import { useLanguage } from '../locales';
import type { Language } from '../locales/language';
import { enChart, zhChart, type ChartWords } from './words';

const WORDS: Record<Language, ChartWords> = { en: enChart, zh: zhChart };

/** Returns the labels of charts in the reader's language. */
export function useChartWords(): ChartWords {
  return WORDS[useLanguage()];
}
