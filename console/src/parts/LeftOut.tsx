import type { MissingObject } from '../api/types';
import { useLabels } from '../locales';
import { Prose } from './Prose';
import { Status } from './Status';

/** The objects that a backup left out, and whether the request agreed to each. */
export function LeftOut({ objects }: { objects: MissingObject[] }) {
  const { leftOut, state } = useLabels();
  if (objects.length === 0) return null;
  const hasTenants = new Set(objects.map(({ tenantName }) => tenantName)).size > 1;
  return (
    <section className="left-out" aria-label={leftOut.title} data-testid="left-out">
      <p className="quiet hint">{objects.every(({ agreed }) => agreed) ? leftOut.agreedHint : leftOut.partialHint}</p>
      <ul>
        {objects.map(({ tenantName, kind, name, reason, agreed }) => (
          <li key={`${tenantName} ${kind} ${name}`}>
            <Status tone={agreed ? 'quiet' : 'partial'}>{agreed ? leftOut.agreed : leftOut.notAgreed}</Status>
            <span>
              {hasTenants ? state.pair(tenantName, '') : null}
              <Prose text={reason} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
