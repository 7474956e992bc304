import { Button, Empty, Result, Skeleton } from '@oceanbase/design';
import type { UseQueryResult } from '@tanstack/react-query';
import { useEffect, type ReactNode } from 'react';
import { useNavigate } from 'react-router';

import { Problem } from '../api/problem';
import { useLabels } from '../locales';
import { ProblemAlert } from './ProblemAlert';

interface LoadedProps<T> {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
}

/** What a query answered; until then that it is loading, and instead why it could not be. */
export function Loaded<T>({ query, children }: LoadedProps<T>) {
  const { state, actions } = useLabels();
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isPending) {
    return (
      <div aria-busy="true" aria-label={state.loading} role="status">
        <Skeleton active paragraph={{ rows: 4 }} />
      </div>
    );
  }
  if (query.error instanceof Problem && query.error.status === 403) {
    return <Result status="403" title={state.forbidden} subTitle={query.error.words?.message ?? state.forbiddenHint} />;
  }
  const again = (
    <Button size="small" onClick={() => void query.refetch()}>
      {actions.reload}
    </Button>
  );
  return <ProblemAlert error={query.error} buttons={again} />;
}

/** An address that no page has. */
export function NotFound() {
  const { state, nav } = useLabels();
  const navigate = useNavigate();
  return (
    <Result
      status="404"
      title={state.notFound}
      extra={
        <Button type="primary" onClick={() => void navigate('/clusters')}>
          {nav.clusters}
        </Button>
      }
    />
  );
}

/** How often a server that was away is asked whether it is back. */
const ASK_MS = 2000;

/** A fault of the console itself, or a file of it that could not be loaded: when the server was away, it loads anew. */
export function Crashed() {
  const { state, actions } = useLabels();
  useEffect(() => {
    let away = false;
    const ask = async () => {
      const answers = await fetch('/healthz').then((answer) => answer.ok, () => false);
      if (answers && away) window.location.reload();
      away = !answers;
    };
    const asking = window.setInterval(() => void ask(), ASK_MS);
    return () => window.clearInterval(asking);
  }, []);
  return (
    <Result
      status="error"
      title={state.failed}
      extra={
        <Button type="primary" onClick={() => window.location.reload()}>
          {actions.reload}
        </Button>
      }
    />
  );
}

/** Says that a list has nothing in it. */
export function Nothing({ text }: { text: string }) {
  return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={text} />;
}
