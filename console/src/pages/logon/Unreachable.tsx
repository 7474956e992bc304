import { useEffect } from 'react';

import { useLabels } from '../../locales';
import { PlainButton } from '../../parts/PlainButton';
import { ProblemAlert } from '../../parts/ProblemAlert';

const RETRY_MS = 3000;

/** Shown if the server does not answer before anything else was loaded. It retries automatically. */
export function Unreachable({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const { actions } = useLabels();
  useEffect(() => {
    const timer = window.setInterval(onRetry, RETRY_MS);
    return () => window.clearInterval(timer);
  }, [onRetry]);
  return (
    <main className="whole-page">
      <ProblemAlert
        error={error}
        buttons={
          <PlainButton onClick={onRetry}>{actions.reload}</PlainButton>
        }
      />
    </main>
  );
}
