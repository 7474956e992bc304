import type { Plan } from '../api/types';
import { InView } from './InView';
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
