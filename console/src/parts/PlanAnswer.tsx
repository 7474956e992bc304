import type { Plan } from '../api/types';
import { Answered } from './Answered';
import { PlanView } from './PlanView';

/** The plan of a request, or the error of the request. */
export function PlanAnswer({ plan, error }: { plan: Plan | undefined; error: unknown }) {
  return <Answered error={error}>{plan ? <PlanView plan={plan} /> : null}</Answered>;
}
