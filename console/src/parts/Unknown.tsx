import { useLabels } from '../locales';
import { Ago } from './Ago';

/** What only something that does not answer could tell, and when it was last asked. */
export function Unknown({ at }: { at?: string | null | undefined }) {
  const { state } = useLabels();
  return (
    <span className="quiet">
      {state.unknown}
      {at ? (
        <>
          {' · '}
          {state.lastAsked} <Ago at={at} />
        </>
      ) : null}
    </span>
  );
}
