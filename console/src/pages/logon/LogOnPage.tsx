import { useEffect } from 'react';

import type { Me } from '../../api/types';
import { useLabels } from '../../locales';
import { loadNext } from '../../pageFiles';
import { LogOnCard } from './LogOnCard';
import { LogOnForm } from './LogOnForm';

/** The log-on, where no page is open yet. */
export function LogOnPage({ onLoggedOn }: { onLoggedOn: (who: Me, password: string) => void }) {
  const labels = useLabels().logOn;
  useEffect(() => {
    // Once this page is complete: while a name and a password are typed, the line is free.
    void document.fonts.ready.then(() => window.setTimeout(loadNext));
  }, []);
  return (
    <LogOnCard title={labels.title}>
      <LogOnForm onLoggedOn={onLoggedOn} />
      <p className="quiet logon-hint">{labels.firstTime}</p>
      <p className="quiet logon-hint">{labels.limits}</p>
    </LogOnCard>
  );
}
