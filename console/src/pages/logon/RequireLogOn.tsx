import { useQueryClient } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';

import { keys } from '../../api/keys';
import { Problem } from '../../api/problem';
import type { Me } from '../../api/types';
import { useLabels } from '../../locales';
import { ActivatePage } from './ActivatePage';
import { LogOnPage } from './LogOnPage';
import { Unreachable } from './Unreachable';
import { useMe } from './me';

/** Shows the pages to whoever is logged on, and the log-on to everybody else, at the same address. */
export function RequireLogOn({ children }: { children: ReactNode }) {
  const { state } = useLabels();
  const me = useMe();
  const queries = useQueryClient();
  const [given, setGiven] = useState<string>();

  const loggedOn = (who: Me, password: string) => {
    setGiven(who.mustChangePassword ? password : undefined);
    // What was read for somebody else is forgotten; this page goes on watching who is logged on.
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.me[0] });
    queries.setQueryData(keys.me, who);
  };
  if (me.error instanceof Problem && me.error.isLoggedOff) return <LogOnPage onLoggedOn={loggedOn} />;
  if (me.data?.mustChangePassword) {
    return <ActivatePage name={me.data.name} given={given} onLoggedOn={loggedOn} />;
  }
  if (me.data) return <>{children}</>;
  if (me.error) return <Unreachable error={me.error} onRetry={() => void me.refetch()} />;
  return (
    <div className="whole-page" aria-busy="true" aria-label={state.loading} role="status">
      <span className="spinner" />
    </div>
  );
}
