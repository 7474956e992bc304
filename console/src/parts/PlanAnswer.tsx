import type { Plan } from '../api/types';
import { InView } from './InView';
import { PlanView } from './PlanView';
import { ProblemAlert } from './ProblemAlert';

/** The plan of a request, or the error of the request. It scrolls into view, and screen readers announce it. */
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
