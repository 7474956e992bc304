import { Checkbox } from '@oceanbase/design';

import type { MissingObject } from '../../api/types';
import { useLabels } from '../../locales';
import { Prose } from '../../parts/Prose';
import { Status } from '../../parts/Status';
import { agree, isAgreed, nameOf, omissions, type Omission } from './consent';
import type { Draft } from './draft';

interface ConsentProps {
  /** The objects that the backup would leave out, according to the plan. */
  objects: MissingObject[];
  /** The number of tenants in the backup: objects can be excluded by name only for a single tenant. */
  tenants: number;
  draft: Draft;
  onChange: (part: Partial<Draft>) => void;
}

/** The objects that a backup would leave out; the user agrees to each by name. */
export function Consent({ objects, tenants, draft, onChange }: ConsentProps) {
  const { leftOut } = useLabels();
  const all = omissions(objects);
  const isWhole = all.every(({ agreement }) => isAgreed(draft, agreement));
  return (
    <section className="part left-out" aria-label={leftOut.wouldLack} data-testid="would-lack">
      <h3>{leftOut.wouldLack}</h3>
      <p className="quiet hint">{isWhole ? leftOut.agreedHint : leftOut.consentHint}</p>
      <ul>
        {all.map((omission) => (
          <li key={omission.key}>
            <Choice omission={omission} tenants={tenants} draft={draft} onChange={onChange} />
            <div className="reasons">
              {omission.objects.map(({ tenantName, kind, name, reason }) => (
                <div key={`${tenantName} ${kind} ${name}`}>
                  {tenants > 1 ? `${tenantName}: ` : null}
                  <Prose text={reason} />
                </div>
              ))}
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Choice({ omission: { agreement }, tenants, draft, onChange }: Omit<ConsentProps, 'objects'> & { omission: Omission }) {
  const { leftOut, words } = useLabels();
  if (!agreement) return <Status tone="partial">{leftOut.onlyGrant}</Status>;
  const { without, exclude } = agreement;
  if (exclude && tenants > 1) return <Status tone="partial">{leftOut.oneTenant}</Status>;
  const what = without ? words.objectKind[without] : nameOf(exclude ?? { backupDimension: 'TABLE' }).join('.');
  return (
    <Checkbox
      checked={isAgreed(draft, agreement)}
      onChange={(event: { target: { checked: boolean } }) => onChange(agree(draft, agreement, event.target.checked))}
    >
      {leftOut.agree(what)}
    </Checkbox>
  );
}
