import { useLabels } from '../locales';

/** A whole page that is still on its way. */
export function Loading() {
  const { state } = useLabels();
  return (
    <div className="whole-page" aria-busy="true" aria-label={state.loading} role="status">
      <span className="spinner" />
    </div>
  );
}
