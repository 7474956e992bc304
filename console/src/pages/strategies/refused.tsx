import { Problem } from '../../api/problem';
import type { Language } from '../../locales/language';
import { Prose } from '../../parts/Prose';
import { sentences } from '../../parts/sentences';
import { fieldOf, type Field } from './faults';

/** What a field's item shows: nothing, or why the server refuses its value. */
export type Refused = (field: Field) => { validateStatus?: 'error'; help?: React.ReactNode };

/** Returns for each field what a refusal shows at it: what is wrong, and what to do. */
export function refusedBy(error: unknown, language: Language): Refused {
  const field = fieldOf(error);
  const words = error instanceof Problem ? error.words : undefined;
  if (!field || !words) return () => ({});
  const help = (
    <span data-testid={`refused-${field}`}>
      <Prose text={sentences(words, language)} />
    </span>
  );
  return (asked) => (asked === field ? { validateStatus: 'error', help } : {});
}
