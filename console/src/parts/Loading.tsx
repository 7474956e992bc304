import { useLabels } from '../locales';

/** The placeholder of a page that is still loading. */
export function Loading() {
  const { state } = useLabels();
  return (
    <div className="whole-page" aria-busy="true" aria-label={state.loading} role="status">
      <span className="spinner" />
    </div>
  );
}
