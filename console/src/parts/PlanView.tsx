import type { Plan } from '../api/types';
import { useLabels } from '../locales';
import { NotMade } from './NotMade';

/** What a task would do, step by step, with the exact statements. */
export function PlanView({ plan }: { plan: Plan }) {
  const { backUpNow, recovery } = useLabels();
  return (
    <section className="plan" aria-label={backUpNow.plan} data-testid="plan">
      <h3>{backUpNow.plan}</h3>
      <p className="quiet">{backUpNow.planHint}</p>
      <ol>
        {plan.steps.map((step) => (
          <li key={step.step}>
            <div className="plan-step">{step.name}</div>
            {step.notes.map((note) => (
              <p key={note}>{note}</p>
            ))}
            {step.statements.length > 0 ? <pre tabIndex={0}>{step.statements.join('\n')}</pre> : null}
          </li>
        ))}
      </ol>
      {plan.notMade.length > 0 ? (
        <>
          <h3>{recovery.notMade}</h3>
          <NotMade parts={plan.notMade} />
        </>
      ) : null}
    </section>
  );
}
