import type { ReactNode } from 'react';
import { InView } from './InView';
import { ProblemAlert } from './ProblemAlert';

/** The answer to a request, or its error. It scrolls into view, and screen readers announce it. */
export function Answered({ children, error }: { children: ReactNode; error: unknown }) {
  return (
    <div aria-live="polite">
      {children ? <InView key="answer">{children}</InView> : null}
      {error ? (
        <InView key="problem">
          <ProblemAlert error={error} />
        </InView>
      ) : null}
    </div>
  );
}
