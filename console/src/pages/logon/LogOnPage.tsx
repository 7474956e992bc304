import type { Me } from '../../api/types';
import { useLabels } from '../../locales';
import { LogOnCard } from './LogOnCard';
import { LogOnForm } from './LogOnForm';

/** The log-on, where no page is open yet. */
export function LogOnPage({ onLoggedOn }: { onLoggedOn: (who: Me, password: string) => void }) {
  const labels = useLabels().logOn;
  return (
    <LogOnCard title={labels.title}>
      <LogOnForm onLoggedOn={onLoggedOn} />
      <p className="quiet logon-hint">{labels.firstTime}</p>
      <p className="quiet logon-hint">{labels.limits}</p>
    </LogOnCard>
  );
}
