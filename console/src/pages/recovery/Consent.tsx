import { Alert, Checkbox } from '@oceanbase/design';

import type { Origin } from '../../api/types';
import { useLabels } from '../../locales';
import { useMay } from '../logon/me';

interface ConsentProps {
  origin: Origin;
  isGiven: boolean;
  onChange: (isGiven: boolean) => void;
}

/** The warning about a set that no trusted key signed, and the consent of the administrator who still recovers it. */
export function Consent({ origin, isGiven, onChange }: ConsentProps) {
  const { signing } = useLabels();
  const may = useMay();
  return (
    <Alert
      type="warning"
      showIcon
      className="problem"
      message={origin.message}
      description={
        may.manageUsers ? (
          <>
            <p>{signing.acceptHint}</p>
            <Checkbox checked={isGiven} onChange={(event: { target: { checked: boolean } }) => onChange(event.target.checked)}>
              {signing.accept}
            </Checkbox>
          </>
        ) : (
          signing.needsAdmin
        )
      }
    />
  );
}
