import { useQueryClient } from '@tanstack/react-query';
import { Fragment, useEffect, useState, type ReactNode } from 'react';

import { keys } from '../../api/keys';
import { Problem } from '../../api/problem';
import { onLoggedOff } from '../../api/session';
import type { Me } from '../../api/types';
import { Loading } from '../../parts/Loading';
import { ActivatePage } from './ActivatePage';
import { LogOnAgain } from './LogOnAgain';
import { LogOnPage } from './LogOnPage';
import { Unreachable } from './Unreachable';
import { useMe } from './me';

/**
 * Shows the pages to a logged-on user, and otherwise the log-on, at the same address. When a session ends, the page
 * stays open under the log-on: the same user can continue with the typed values.
 */
export function RequireLogOn({ children }: { children: ReactNode }) {
  const me = useMe();
  const queries = useQueryClient();
  const [given, setGiven] = useState<string>();

  useEffect(() => onLoggedOff(() => void queries.invalidateQueries({ queryKey: keys.me })), [queries]);

  const loggedOn = (who: Me, password: string) => {
    setGiven(who.mustChangePassword ? password : undefined);
    const isSame = who.name === me.data?.name;
    const others = { predicate: ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey[0] !== keys.me[0] };
    // Remove the cached answers of another user, except the one about the logged-on user.
    if (!isSame) queries.removeQueries(others);
    queries.setQueryData(keys.me, who);
    if (isSame) void queries.invalidateQueries(others);
  };
  const isLoggedOff = me.error instanceof Problem && me.error.isLoggedOff;
  if (isLoggedOff && !me.data) return <LogOnPage onLoggedOn={loggedOn} />;
  if (me.data?.mustChangePassword) {
    return <ActivatePage name={me.data.name} given={given} onLoggedOn={loggedOn} />;
  }
  if (me.data) {
    return (
      <>
        {/* Another user gets new pages. */}
        <Fragment key={me.data.name}>{children}</Fragment>
        {isLoggedOff ? <LogOnAgain name={me.data.name} onLoggedOn={loggedOn} /> : null}
      </>
    );
  }
  if (me.error) return <Unreachable error={me.error} onRetry={() => void me.refetch()} />;
  return <Loading />;
}
