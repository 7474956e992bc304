import { type ReactNode, useEffect, useRef } from 'react';

import type { Plan } from '../api/types';
import { PlanView } from './PlanView';
import { ProblemAlert } from './ProblemAlert';

/** What came of asking for the plan or for the thing itself: the plan, or why not. It is brought to the reader's eyes and ears. */
export function PlanAnswer({ plan, error }: { plan: Plan | undefined; error: unknown }) {
  return (
    <div aria-live="polite">
      {plan ? (
        <InView key="plan">
          <PlanView plan={plan} />
        </InView>
      ) : null}
      {error ? (
        <InView key="problem">
          <ProblemAlert error={error} />
        </InView>
      ) : null}
    </div>
  );
}

/** Scrolls to what it holds as soon as it is there: an answer below the edge is none. */
function InView({ children }: { children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    // What it returns is no clean-up: a promise, in newer browsers.
    box.current?.scrollIntoView({ block: 'start' });
  }, []);
  return <div ref={box}>{children}</div>;
}
