import { Button, Empty, Skeleton } from '@oceanbase/design';
import type { UseQueryResult } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useNavigate } from 'react-router';

import { Problem } from '../api/problem';
import { useLabels } from '../locales';
import { ProblemAlert } from './ProblemAlert';
import { Prose } from './Prose';

interface LoadedProps<T> {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
}

/** The result of a query; a loading state before it, or the error instead of it. */
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
    return <Outcome title={state.forbidden} hint={query.error.words?.message ?? state.forbiddenHint} />;
  }
  const again = (
    <Button size="small" onClick={() => void query.refetch()}>
      {actions.reload}
    </Button>
  );
  return <ProblemAlert error={query.error} buttons={again} />;
}

/** The replacement for a page that cannot be shown. */
export function Outcome({ title, hint, children }: { title: string; hint?: string; children?: ReactNode }) {
  return (
    <div className="outcome">
      <h1>{title}</h1>
      {hint ? (
        <p className="quiet">
          <Prose text={hint} />
        </p>
      ) : null}
      {children}
    </div>
  );
}

/** Shown for an address without a page. */
export function NotFound() {
  const { state, nav } = useLabels();
  const navigate = useNavigate();
  return (
    <Outcome title={state.notFound}>
      <Button type="primary" onClick={() => void navigate('/clusters')}>
        {nav.clusters}
      </Button>
    </Outcome>
  );
}

/** Shows that a list is empty. */
export function Nothing({ text }: { text: string }) {
  return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={text} />;
}
