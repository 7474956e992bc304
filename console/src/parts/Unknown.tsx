import { useLabels } from '../locales';
import { Ago } from './Ago';

/** The placeholder for live data of a cluster that does not answer, with the time of the last refresh. */
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
