import { useEffect } from 'react';

import type { Me } from '../../api/types';
import { useLabels } from '../../locales';
import { loadNext } from '../../pageFiles';
import { LogOnCard } from './LogOnCard';
import { LogOnForm } from './LogOnForm';

/** How long to wait on this page before the next one is loaded. */
const CALM_MS = 500;

/** The log-on before any page is open. */
export function LogOnPage({ onLoggedOn }: { onLoggedOn: (who: Me, password: string) => void }) {
  const labels = useLabels().logOn;
  useEffect(() => {
    // When this page is complete: the network is idle while the user types name and password.
    void document.fonts.ready.then(() => window.setTimeout(loadNext, CALM_MS));
  }, []);
  return (
    <LogOnCard title={labels.title}>
      <LogOnForm onLoggedOn={onLoggedOn} />
      <p className="quiet logon-hint">{labels.firstTime}</p>
      <p className="quiet logon-hint">{labels.limits}</p>
    </LogOnCard>
  );
}
