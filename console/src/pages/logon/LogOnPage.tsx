import { useEffect } from 'react';

import type { Me } from '../../api/types';
import { useLabels } from '../../locales';
import { loadNext } from '../../pageFiles';
import { LogOnCard } from './LogOnCard';
import { LogOnForm } from './LogOnForm';

/** How long this page is left alone before the next one is loaded. */
const CALM_MS = 500;

/** The log-on, where no page is open yet. */
export function LogOnPage({ onLoggedOn }: { onLoggedOn: (who: Me, password: string) => void }) {
  const labels = useLabels().logOn;
  useEffect(() => {
    // Once this page is complete: while a name and a password are typed, the line is free.
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
